#include "../conv_s8/epilogue_s8.h"
#include "depthwise_s8.h"
#include "../compact.h"

static uint32_t sum_channel(const edge_conv *p, const int8_t *image, int32_t oy, int32_t ox,
                            int32_t c) {
  int32_t groups = (p->kernel_h + 3) / 4;
  const int8_t *weights =
      (const int8_t *)p->weights + ((int64_t)(c / 16) * p->kernel_w * groups * 16 + c % 16) * 4;
  uint32_t sum = (uint32_t)p->epilogue.bias[c];
  for (int32_t ky = 0; ky < p->kernel_h; ++ky) {
    int32_t iy = oy * p->stride_h + ky * p->dilation_h - p->pad_top;
    for (int32_t kx = 0; kx < p->kernel_w; ++kx) {
      int32_t ix = ox * p->stride_w + kx * p->dilation_w - p->pad_left;
      int inside = iy >= 0 && iy < p->in_h && ix >= 0 && ix < p->in_w;
      int32_t value =
          inside ? image[((int64_t)iy * p->in_w + ix) * p->in_stride + c] : p->input_zero;
      sum += (uint32_t)(value * weights[(kx * groups + ky / 4) * 64 + ky % 4]);
    }
  }
  return sum;
}

void edge_s8_depthwise__scalar(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                               int32_t begin, int32_t end) {
  (void)scratch;
  for (int32_t unit = begin; unit < end; ++unit) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    for (int32_t line = u.line_begin; line < u.line_end; ++line) {
      const int8_t *image = x + (int64_t)(line / p->out_h) * p->in_h * p->in_w * p->in_stride;
      for (int32_t ox = 0; ox < p->out_w; ++ox)
        for (int32_t c = u.channel_begin; c < u.channel_end; ++c) {
          int64_t index = ((int64_t)line * p->out_w + ox) * p->out_stride + c;
          uint32_t sum = sum_channel(p, image, line % p->out_h, ox, c);
          epilogue_s8_store(&p->epilogue, (int32_t)sum, c, y, index);
        }
    }
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
