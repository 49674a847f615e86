/*
 * edge_media.h: the door to libjpeg-turbo, libpng and zlib, and to Unicode's tables. Bytes are untrusted; nothing prints or
 * exits. Never linked into libedgert.
 */
#ifndef EDGE_MEDIA_H
#define EDGE_MEDIA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Pictures with more pixels than this are refused. */
#define EDGE_MEDIA_MAX_PIXELS (64 * 1024 * 1024)
#define EDGE_MEDIA_MESSAGE_BYTES 256

/* 8-bit RGB, rows from top to bottom without gaps. */
typedef struct edge_media_image {
  int32_t width, height;
  uint8_t *rgb; /* from malloc; release it with edge_media_release */
} edge_media_image;

/*
 * Both decoders give what Pillow's Image.open(path).convert("RGB") gives: gray is repeated,
 * palettes are looked up, an alpha channel is dropped (the stored colours stay), 16-bit samples
 * keep their high byte, CMYK becomes (255-C)*(255-K)/255 and so on, colour profiles, gamma and EXIF
 * orientation are not applied. 0 when decoded. Else 1, `message` tells why, and `image` is
 * untouched. A file that ends early is an error.
 */
int32_t edge_media_decode_jpeg(const void *bytes, size_t size, edge_media_image *image,
                               char message[EDGE_MEDIA_MESSAGE_BYTES]);
int32_t edge_media_decode_png(const void *bytes, size_t size, edge_media_image *image,
                              char message[EDGE_MEDIA_MESSAGE_BYTES]);
void edge_media_release(edge_media_image *image);

/* Inflates a raw deflate stream into exactly out_size bytes. 0, or 1 when the stream is damaged or
 * of another size. */
int32_t edge_media_inflate(const void *in, size_t in_size, void *out, size_t out_size);
/* CRC-32 as in ZIP and PNG. */
uint32_t edge_media_crc32(const void *bytes, size_t size);

/* What a code point is to BERT's tokenizer; ASCII symbols count as punctuation. */
#define EDGE_MEDIA_WORD 0
#define EDGE_MEDIA_SPACE 1
#define EDGE_MEDIA_PUNCTUATION 2
#define EDGE_MEDIA_CONTROL 3
#define EDGE_MEDIA_IDEOGRAPH 4
int32_t edge_media_code_kind(uint32_t code);

#define EDGE_MEDIA_MAX_FOLDED 4
/* A code point in lower case without accents: decomposed (NFD), nonspacing marks left out. Returns
 * how many code points that makes, 0 to 4. */
int32_t edge_media_code_fold(uint32_t code, uint32_t folded[EDGE_MEDIA_MAX_FOLDED]);

#ifdef __cplusplus
}
#endif
#endif
