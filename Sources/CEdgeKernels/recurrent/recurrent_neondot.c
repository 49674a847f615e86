#include "recurrent.h"
#include "../elementwise/math_f32.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define EDGE_ISA neondot
#define EDGE_BLOCKS 1
#define EDGE_ARRANGES
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

/* A quad of codes becomes four bytes of q / 128, rounded, and four of what is left. */
EDGE_INLINE void EDGE_NAME(arrange_codes)(int16_t *codes, int32_t quads) {
  for (int32_t q = 0; q < quads; q++) {
    int16x4_t v = vld1_s16(codes + q * 4);
    int16x4_t high = vrshr_n_s16(v, 7);
    int16x4_t low = vsub_s16(v, vshl_n_s16(high, 7));
    vst1_s8((int8_t *)(codes + q * 4), vmovn_s16(vcombine_s16(high, low)));
  }
}

/* Four outputs a register, of the upper bytes and of the lower ones. */
static int32_t EDGE_NAME(block_sums)(const int8_t *w, int32_t quads, int32_t left,
                                     const int16_t *codes, int32_t *sums) {
  (void)left;
  int32x4_t high[4], low[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    high[i] = low[i] = vdupq_n_s32(0);
#pragma clang loop unroll_count(2)
  for (int32_t q = 0; q < quads; q++, w += 64) {
    int8x8_t v = vreinterpret_s8_s16(vld1_s16(codes + q * 4));
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      int8x16_t block = vld1q_s8(w + i * 16);
      high[i] = vdotq_lane_s32(high[i], block, v, 0);
      low[i] = vdotq_lane_s32(low[i], block, v, 1);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; i++)
    vst1q_s32(sums + i * 4, vaddq_s32(vshlq_n_s32(high[i], 7), low[i]));
  return 16;
}

#include "product_s16.inc.h"
#pragma clang attribute pop
#endif
