/* Inflate and CRC-32 with zlib. */
#include "edge_media.h"

#include <limits.h>
#include <string.h>

#include <zlib.h>

int32_t edge_media_inflate(const void *in, size_t in_size, void *out, size_t out_size) {
  if (in_size > UINT_MAX || out_size > UINT_MAX)
    return 1;
  uint8_t nothing;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  stream.next_in = (Bytef *)in;
  stream.avail_in = (uInt)in_size;
  stream.next_out = out_size == 0 ? &nothing : out;
  stream.avail_out = (uInt)out_size;
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    return 1;
  int code = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return code == Z_STREAM_END && stream.avail_out == 0 ? 0 : 1;
}

uint32_t edge_media_crc32(const void *bytes, size_t size) {
  uint32_t sum = (uint32_t)crc32(0, NULL, 0);
  const uint8_t *next = bytes;
  while (size > 0) {
    uInt step = size > (1u << 30) ? 1u << 30 : (uInt)size;
    sum = (uint32_t)crc32(sum, next, step);
    next += step;
    size -= step;
  }
  return sum;
}
