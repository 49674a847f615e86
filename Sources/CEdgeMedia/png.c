/* PNG decoding with libpng. */
#include "edge_media.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct {
  const uint8_t *bytes;
  size_t left;
} source;

static void fail(png_structp codec, png_const_charp text) {
  snprintf(png_get_error_ptr(codec), EDGE_MEDIA_MESSAGE_BYTES, "%s", text);
  longjmp(png_jmpbuf(codec), 1);
}

static void ignore_warning(png_structp codec, png_const_charp text) {
  (void)codec;
  (void)text;
}

static void read_bytes(png_structp codec, png_bytep out, size_t count) {
  source *from = png_get_io_ptr(codec);
  if (count > from->left)
    png_error(codec, "the file ends early");
  memcpy(out, from->bytes, count);
  from->bytes += count;
  from->left -= count;
}

/* Asks libpng for 8-bit RGB whatever is stored. */
static void ask_for_rgb(png_structp codec, png_infop header) {
  png_byte color = png_get_color_type(codec, header);
  png_set_strip_16(codec);
  png_set_packing(codec);
  if (color == PNG_COLOR_TYPE_PALETTE)
    png_set_palette_to_rgb(codec);
  if ((color & PNG_COLOR_MASK_COLOR) == 0) {
    png_set_expand_gray_1_2_4_to_8(codec);
    png_set_gray_to_rgb(codec);
  }
  png_set_strip_alpha(codec);
}

static void read_picture(png_structp codec, png_infop header, edge_media_image *image,
                         uint8_t *volatile *rgb) {
  png_set_user_limits(codec, 1 << 20, 1 << 20);
  png_set_chunk_malloc_max(codec, 16 << 20);
  png_read_info(codec, header);
  png_uint_32 width = png_get_image_width(codec, header);
  png_uint_32 height = png_get_image_height(codec, header);
  if ((uint64_t)width * height > EDGE_MEDIA_MAX_PIXELS)
    png_error(codec, "the picture is larger than the limit of 64 Mpixel");
  ask_for_rgb(codec, header);
  int passes = png_set_interlace_handling(codec);
  png_read_update_info(codec, header);
  size_t stride = (size_t)width * 3;
  if (png_get_rowbytes(codec, header) != stride)
    png_error(codec, "the pixel format is not supported");
  *rgb = malloc(stride * height);
  if (*rgb == NULL)
    png_error(codec, "out of memory");
  for (int pass = 0; pass < passes; pass++)
    for (png_uint_32 y = 0; y < height; y++)
      png_read_row(codec, *rgb + y * stride, NULL);
  png_read_end(codec, NULL);
  *image = (edge_media_image){(int32_t)width, (int32_t)height, *rgb};
}

int32_t edge_media_decode_png(const void *bytes, size_t size, edge_media_image *image,
                              char message[EDGE_MEDIA_MESSAGE_BYTES]) {
  source from = {bytes, size};
  uint8_t *volatile rgb = NULL;
  snprintf(message, EDGE_MEDIA_MESSAGE_BYTES, "out of memory");
  png_structp volatile codec =
      png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore_warning);
  if (codec == NULL)
    return 1;
  png_infop volatile header = NULL;
  if (setjmp(png_jmpbuf(codec))) {
    png_destroy_read_struct((png_structpp)&codec, (png_infopp)&header, NULL);
    free(rgb);
    return 1;
  }
  header = png_create_info_struct(codec);
  if (header == NULL)
    png_error(codec, "out of memory");
  png_set_read_fn(codec, &from, read_bytes);
  read_picture(codec, header, image, &rgb);
  png_destroy_read_struct((png_structpp)&codec, (png_infopp)&header, NULL);
  return 0;
}

void edge_media_release(edge_media_image *image) {
  free(image->rgb);
  image->rgb = NULL;
}
