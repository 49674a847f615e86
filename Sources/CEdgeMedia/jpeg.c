/* JPEG decoding with libjpeg-turbo. */
#include "edge_media.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} error_exit;

static void fail(j_common_ptr codec) {
  error_exit *errors = (error_exit *)codec->err;
  char text[JMSG_LENGTH_MAX];
  codec->err->format_message(codec, text);
  snprintf(errors->message, EDGE_MEDIA_MESSAGE_BYTES, "%s", text);
  longjmp(errors->escape, 1);
}

/* Damage that the decoder papers over with gray: a result would be silently wrong. */
static void on_message(j_common_ptr codec, int level) {
  int code = codec->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE))
    fail(codec);
}

/* Adobe writers store CMYK inverted; in place, 4 bytes a pixel to 3. */
static void cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, int32_t width, int inverted) {
  for (int32_t x = 0; x < width; x++, cmyk += 4, rgb += 3) {
    int black = inverted ? cmyk[3] : 255 - cmyk[3];
    for (int channel = 0; channel < 3; channel++) {
      int ink = inverted ? cmyk[channel] : 255 - cmyk[channel];
      rgb[channel] = (uint8_t)((ink * black + 127) / 255);
    }
  }
}

static void read_rows(struct jpeg_decompress_struct *codec, uint8_t *rgb) {
  size_t stride = (size_t)codec->output_width * 3;
  int is_cmyk = codec->out_color_space == JCS_CMYK;
  JSAMPARRAY buffer = NULL;
  if (is_cmyk)
    buffer = codec->mem->alloc_sarray((j_common_ptr)codec, JPOOL_IMAGE, codec->output_width * 4, 1);
  while (codec->output_scanline < codec->output_height) {
    uint8_t *row = rgb + codec->output_scanline * stride;
    JSAMPROW target = is_cmyk ? buffer[0] : row;
    jpeg_read_scanlines(codec, &target, 1);
    if (is_cmyk)
      cmyk_to_rgb(buffer[0], row, (int32_t)codec->output_width, codec->saw_Adobe_marker);
  }
}

int32_t edge_media_decode_jpeg(const void *bytes, size_t size, edge_media_image *image,
                               char message[EDGE_MEDIA_MESSAGE_BYTES]) {
  struct jpeg_decompress_struct codec;
  error_exit errors;
  uint8_t *volatile rgb = NULL;
  memset(&codec, 0, sizeof codec);
  codec.err = jpeg_std_error(&errors.base);
  errors.base.error_exit = fail;
  errors.base.emit_message = on_message;
  errors.message = message;
  if (setjmp(errors.escape)) {
    jpeg_destroy_decompress(&codec);
    free(rgb);
    return 1;
  }
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, bytes, (unsigned long)size);
  jpeg_read_header(&codec, TRUE);
  if ((uint64_t)codec.image_width * codec.image_height > EDGE_MEDIA_MAX_PIXELS) {
    snprintf(message, EDGE_MEDIA_MESSAGE_BYTES, "%u x %u pixels are more than the limit of %d",
             codec.image_width, codec.image_height, EDGE_MEDIA_MAX_PIXELS);
    longjmp(errors.escape, 1);
  }
  int four = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
  codec.out_color_space = four ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(&codec);
  rgb = malloc((size_t)codec.output_width * codec.output_height * 3);
  if (rgb == NULL) {
    snprintf(message, EDGE_MEDIA_MESSAGE_BYTES, "out of memory");
    longjmp(errors.escape, 1);
  }
  read_rows(&codec, rgb);
  jpeg_finish_decompress(&codec);
  *image = (edge_media_image){(int32_t)codec.output_width, (int32_t)codec.output_height, rgb};
  jpeg_destroy_decompress(&codec);
  return 0;
}
