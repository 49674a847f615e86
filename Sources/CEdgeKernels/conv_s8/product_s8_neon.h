/*
 * Sums of int8 products for 16 channels, four inputs each, with (EDGE_DOT defined) and without the
 * dot product instruction. Without it a product fits 16 bits and pairs are added in 32: nothing
 * saturates, not even -128 * -128.
 */
#ifndef EDGE_PRODUCT_S8_NEON_H
#define EDGE_PRODUCT_S8_NEON_H

#include "epilogue_s8_neon.h"

#define EDGE_ALWAYS static inline __attribute__((always_inline))

#if defined(EDGE_DOT)

enum { product_parts = 4 };

EDGE_ALWAYS void product_add(int32x4_t sum[product_parts], int i, int8x16_t x, int8x16_t w) {
  sum[i] = vdotq_s32(sum[i], x, w);
}

EDGE_ALWAYS void product_join(const int32x4_t sum[product_parts], int32x4_t joined[4]) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) joined[i] = sum[i];
}

#else

enum { product_parts = 8 };

/* Quarter i: channels 4*i .. 4*i + 3, whose partial sums lie in two vectors. */
EDGE_ALWAYS void product_add(int32x4_t sum[product_parts], int i, int8x16_t x, int8x16_t w) {
  sum[2 * i] = vpadalq_s16(sum[2 * i], vmull_s8(vget_low_s8(x), vget_low_s8(w)));
  sum[2 * i + 1] = vpadalq_s16(sum[2 * i + 1], vmull_high_s8(x, w));
}

EDGE_ALWAYS void product_join(const int32x4_t sum[product_parts], int32x4_t joined[4]) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) joined[i] = vpaddq_s32(sum[2 * i], sum[2 * i + 1]);
}

#endif

/* Adds the bias and stores. */
EDGE_ALWAYS void product_store(const edge_epilogue *e, const int32x4_t sum[product_parts],
                               int32_t channel, void *output, int64_t index, int32_t channels) {
  int32x4_t joined[4];
  product_join(sum, joined);
  EDGE_UNROLL for (int i = 0; i < 4; i++) joined[i] =
      vaddq_s32(joined[i], vld1q_s32(e->bias + channel + 4 * i));
  epilogue_store_16(e, joined, channel, output, index, channels);
}

#endif /* EDGE_PRODUCT_S8_NEON_H */
