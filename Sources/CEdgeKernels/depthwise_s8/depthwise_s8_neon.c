/*
 * INT8 depthwise convolution over 16 channels at a time, a channel a lane, read in place. Weights are rearranged to scratch:
 * those of a tap side by side, taps in the order (kx, ky). Products are added in pairs, which fit 16 bits when no weight is -128.
 */
#include "depthwise_s8.h"

#if defined(__aarch64__)
#include "../conv_s8/epilogue_s8_neon.h"

#define EDGE_ALWAYS static inline __attribute__((always_inline))

typedef struct depthwise_block {
  const edge_conv *conv;
  const int8_t *weights;     /* [kernel_w * kernel_h][16] */
  const int8_t *const *taps; /* under the pixel that is computed, at the unit's first channel */
  int32_t taps_count, pairs_fit;
  int32_t first_channel; /* of the unit */
  int32_t channel, channels;
  int32_t is_plain;
  epilogue_clamp clamp;
} depthwise_block;

/* Products of 16 channels with one tap's weights, or with two taps'. */
typedef struct products {
  int16x8_t low, high;
} products;

EDGE_ALWAYS products multiply(int8x16_t x, int8x16_t w) {
  products p = {vmull_s8(vget_low_s8(x), vget_low_s8(w)), vmull_high_s8(x, w)};
  return p;
}

EDGE_ALWAYS products multiply_add(products p, int8x16_t x, int8x16_t w) {
  p.low = vmlal_s8(p.low, vget_low_s8(x), vget_low_s8(w));
  p.high = vmlal_high_s8(p.high, x, w);
  return p;
}

EDGE_ALWAYS void add_products(int32x4_t sum[4], products p) {
  sum[0] = vaddw_s16(sum[0], vget_low_s16(p.low));
  sum[1] = vaddw_high_s16(sum[1], p.low);
  sum[2] = vaddw_s16(sum[2], vget_low_s16(p.high));
  sum[3] = vaddw_high_s16(sum[3], p.high);
}

EDGE_ALWAYS void find_multiplier(const depthwise_block *b, float32x4_t multiplier[4]) {
  const float *from = b->conv->epilogue.multiplier + b->channel;
  EDGE_UNROLL for (int i = 0; i < 4; i++) multiplier[i] = vld1q_f32(from + 4 * i);
}

EDGE_ALWAYS void store(const depthwise_block *b, const int32x4_t sum[4],
                       const float32x4_t multiplier[4], int8_t *to, void *y, int64_t index) {
  if (b->is_plain) {
    epilogue_store_plain_16(sum, multiplier, b->clamp, to);
    return;
  }
  int32x4_t room[4] = {sum[0], sum[1], sum[2], sum[3]}; /* or all sums would pass through memory */
  epilogue_store_16(&b->conv->epilogue, room, b->channel, y, index, b->channels);
}

/* One pixel, any kernel. */
static void run_pixel(const depthwise_block *b, void *y, int64_t index) {
  int64_t offset = b->channel - b->first_channel;
  const int8_t *w = b->weights;
  int32x4_t sum[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) sum[i] =
      vld1q_s32(b->conv->epilogue.bias + b->channel + 4 * i);
  int32_t tap = 0;
  for (; b->pairs_fit && tap + 2 <= b->taps_count; tap += 2, w += 32)
    add_products(sum, multiply_add(multiply(vld1q_s8(b->taps[tap] + offset), vld1q_s8(w)),
                                   vld1q_s8(b->taps[tap + 1] + offset), vld1q_s8(w + 16)));
  for (; tap < b->taps_count; tap++, w += 16)
    add_products(sum, multiply(vld1q_s8(b->taps[tap] + offset), vld1q_s8(w)));
  float32x4_t multiplier[4];
  find_multiplier(b, multiplier);
  store(b, sum, multiplier, (int8_t *)y + index, y, index);
}

/* `count` pixels of a 3x3 kernel, of which the first reads what b->taps says and the others what lies stride_w pixels on. */
static void run_3x3(const depthwise_block *b, const depthwise_s8_lines *lines, int32_t count,
                    void *y, int64_t index) {
  const edge_conv *p = b->conv;
  const int8_t *x[3];
  int64_t apart[3], next[3];
  int8x16_t w[9];
  EDGE_UNROLL for (int i = 0; i < 3; i++) {
    x[i] = b->taps[i] + (b->channel - b->first_channel);
    apart[i] = p->dilation_w * lines->step[i];
    next[i] = p->stride_w * lines->step[i];
  }
  EDGE_UNROLL for (int i = 0; i < 9; i++) w[i] = vld1q_s8(b->weights + 16 * i);
  int32x4_t bias[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) bias[i] = vld1q_s32(p->epilogue.bias + b->channel + 4 * i);
  float32x4_t multiplier[4];
  find_multiplier(b, multiplier);
  int8_t *to = (int8_t *)y + index;
  int64_t stride = p->out_stride;
  _Pragma("clang loop unroll(disable)") for (; count > 0; count--, index += stride, to += stride) {
    int8x16_t v[9];
    int32x4_t sum[4] = {bias[0], bias[1], bias[2], bias[3]};
    EDGE_UNROLL for (int i = 0; i < 9; i++) v[i] = vld1q_s8(x[i % 3] + i / 3 * apart[i % 3]);
    EDGE_UNROLL for (int i = 0; i < 8; i += 2)
        add_products(sum, multiply_add(multiply(v[i], w[i]), v[i + 1], w[i + 1]));
    add_products(sum, multiply(v[8], w[8]));
    EDGE_UNROLL for (int i = 0; i < 3; i++) {
      x[i] += next[i];
      __asm__("" : "+r"(x[i])); /* three pointers, not nine */
    }
    store(b, sum, multiplier, to, y, index);
  }
}

/* Points taps at what output column ox reads; whether it reads no padding to the left or right. */
static int find_taps(const edge_conv *p, const depthwise_s8_scratch *s, int32_t ox,
                     const int8_t **taps) {
  int inside_all = 1;
  for (int32_t kx = 0; kx < p->kernel_w; kx++) {
    int32_t x = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
    int inside = (uint32_t)x < (uint32_t)p->in_w;
    inside_all &= inside;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
      const depthwise_s8_lines *lines = s->lines + ky / 4;
      *taps++ = inside ? lines->line[ky % 4] + x * lines->step[ky % 4] : s->zero;
    }
  }
  return inside_all;
}

/* Output columns from ox on that read no padding to the right. */
static int32_t columns_inside(const edge_conv *p, int32_t ox) {
  int32_t reach = (p->kernel_w - 1) * p->dilation_w - p->pad_left;
  int32_t last = (p->in_w - 1 - reach) / p->stride_w;
  return (last < p->out_w - 1 ? last : p->out_w - 1) - ox + 1;
}

static void run_line(depthwise_block *b, const depthwise_s8_unit *u, const depthwise_s8_scratch *s,
                     void *y, int64_t index) {
  const edge_conv *p = b->conv;
  const int8_t **taps = (const int8_t **)s->columns;
  b->taps = taps;
  int is_3x3 = p->kernel_h == 3 && p->kernel_w == 3 && b->pairs_fit;
  for (int32_t ox = 0, count; ox < p->out_w; ox += count, index += count * p->out_stride) {
    int inside = find_taps(p, s, ox, taps);
    count = inside && is_3x3 ? columns_inside(p, ox) : 1;
    b->weights = s->weights;
    for (int32_t c = u->channel_begin; c < u->channel_end; c += 16, b->weights += 16 * b->taps_count) {
      b->channel = c;
      b->channels = u->channel_end - c;
      b->is_plain = epilogue_is_plain(&p->epilogue, b->channels);
      if (count > 1)
        run_3x3(b, s->lines, count, y, index + c - u->channel_begin);
      else
        run_pixel(b, y, index + c - u->channel_begin);
    }
  }
}

/* Rearranges the unit's weights to s->weights; whether none is -128. */
static int arrange(const edge_conv *p, const depthwise_s8_unit *u, const depthwise_s8_scratch *s) {
  int32_t groups = (p->kernel_h + 3) / 4, columns = p->kernel_w * groups;
  const int8_t *from = (const int8_t *)p->weights + (int64_t)u->channel_begin * 4 * columns;
  int8_t *to = s->weights;
  int8x16_t least = vdupq_n_s8(0);
  for (int32_t c = u->channel_begin; c < u->channel_end; c += 16)
    for (int32_t i = 0; i < columns; i++, from += 64) {
      int8x16x4_t rows = vld4q_s8(from);
      int32_t left = p->kernel_h - i % groups * 4;
      EDGE_UNROLL for (int ky = 0; ky < 4; ky++) {
        least = vminq_s8(least, rows.val[ky]);
        if (ky < left) {
          vst1q_s8(to, rows.val[ky]);
          to += 16;
        }
      }
    }
  return vminvq_s8(least) > -128;
}

void edge_s8_depthwise__neon(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end) {
  depthwise_s8_scratch s = edge_depthwise_s8_carve(p, scratch);
  depthwise_block b = {.conv = p,
                       .taps_count = p->kernel_w * p->kernel_h,
                       .clamp = epilogue_clamp_of(&p->epilogue)};
  for (int32_t unit = begin; unit < end; unit++) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    b.first_channel = u.channel_begin;
    b.pairs_fit = arrange(p, &u, &s);
    for (int32_t line = u.line_begin; line < u.line_end; line++) {
      edge_depthwise_s8_find_lines(p, x, line, u.channel_begin, &s);
      run_line(&b, &u, &s, y, (int64_t)line * p->out_w * p->out_stride + u.channel_begin);
    }
  }
}
#endif
