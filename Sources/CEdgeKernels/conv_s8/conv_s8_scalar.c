#include "conv_s8.h"
#include "epilogue_s8.h"
#include "../compact.h"

/* Adds the product of one input value with its weight in each of 16 channels. */
static void add_tap(uint32_t sum[16], int32_t value, const int8_t *weights, int64_t k) {
  const int8_t *w = weights + k / 4 * 64 + k % 4;
  for (int32_t j = 0; j < 16; ++j)
    sum[j] += (uint32_t)(value * w[j * 4]);
}

/* Visits the inputs of a pixel in the order of the weights: adds their products with dense weights of 16 channels, or, where
 * there is a row, writes them there. */
static void visit_pixel(const edge_conv *p, const int8_t *image, int32_t oy, int32_t ox,
                        const int8_t *weights, uint32_t sum[16], int8_t *row) {
  int whole_rows = p->dilation_w == 1 && p->in_stride == p->in_c;
  int64_t k = 0;
  for (int32_t ky = 0; ky < p->kernel_h; ++ky) {
    int32_t iy = oy * p->stride_h + ky * p->dilation_h - p->pad_top;
    for (int32_t kx = 0; kx < p->kernel_w; ++kx) {
      int32_t ix = ox * p->stride_w + kx * p->dilation_w - p->pad_left;
      int inside = iy >= 0 && iy < p->in_h && ix >= 0 && ix < p->in_w;
      const int8_t *pixel = image + ((int64_t)iy * p->in_w + ix) * p->in_stride;
      for (int32_t c = 0; c < p->in_c; ++c, ++k) {
        int32_t value = inside ? pixel[c] : p->input_zero;
        if (row)
          row[k] = (int8_t)value;
        else
          add_tap(sum, value, weights, k);
      }
      if (!whole_rows)
        k = (k + 3) / 4 * 4;
    }
    k = (k + 3) / 4 * 4;
  }
}

/* Adds the products of a row with the kept blocks of 16 channels. */
static void add_blocks(const edge_conv *p, const int8_t *row, int32_t channel, uint32_t sum[16]) {
  const edge_sparse *s = &p->sparse;
  for (int32_t j = 0; j < 16; ++j) {
    const uint32_t *band = s->starts + (channel + j) / s->outputs;
    for (int64_t b = band[0]; b < band[1]; ++b)
      for (int32_t i = 0; i < 4; ++i) {
        int64_t at = (b * s->outputs + j % s->outputs) * 4 + i;
        sum[j] += (uint32_t)(row[s->columns[b] * 4 + i] * ((const int8_t *)p->weights)[at]);
      }
  }
}

void edge_s8_conv__scalar(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                          int32_t begin, int32_t end) {
  const edge_epilogue *e = &p->epilogue;
  int64_t block_bytes = (int64_t)edge_conv_k4(p) * 64;
  for (int32_t unit = begin; unit < end; ++unit) {
    conv_s8_unit u = edge_conv_s8_unit(p, unit);
    for (int32_t pixel = u.pixel_begin; pixel < u.pixel_end; ++pixel) {
      int32_t row = pixel / p->out_w, image = row / p->out_h;
      const int8_t *in = x + (int64_t)image * p->in_h * p->in_w * p->in_stride;
      if (p->sparse.outputs)
        visit_pixel(p, in, row % p->out_h, pixel % p->out_w, NULL, NULL, scratch);
      for (int32_t n = u.channel_begin; n < u.channel_end; n += 16) {
        uint32_t sum[16];
        for (int32_t j = 0; j < 16; ++j)
          sum[j] = (uint32_t)e->bias[n + j];
        if (p->sparse.outputs)
          add_blocks(p, scratch, n, sum);
        else
          visit_pixel(p, in, row % p->out_h, pixel % p->out_w,
                      (const int8_t *)p->weights + n / 16 * block_bytes, sum, NULL);
        int32_t channels = u.channel_end - n < 16 ? u.channel_end - n : 16;
        for (int32_t j = 0; j < channels; ++j)
          epilogue_s8_store(e, (int32_t)sum[j], n + j, y, (int64_t)pixel * p->out_stride + n + j);
      }
    }
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
