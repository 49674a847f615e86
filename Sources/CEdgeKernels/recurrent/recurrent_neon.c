#include "recurrent.h"
#include "../elementwise/math_f32.h"

#if defined(__aarch64__)
#include <arm_neon.h>

#define EDGE_ISA neon
#define EDGE_BLOCKS 1

/* An output a register, four partial sums each. */
static int32_t EDGE_NAME(block_sums)(const int8_t *w, int32_t quads, int32_t left,
                                     const int16_t *codes, int32_t *sums) {
  (void)left;
  int32x4_t acc[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++)
    acc[i] = vdupq_n_s32(0);
  for (int32_t q = 0; q < quads; q++, w += 64) {
    int16x4_t v = vld1_s16(codes + q * 4);
#pragma clang loop unroll(full)
    for (int i = 0; i < 16; i += 2) {
      int16x8_t wide = vmovl_s8(vld1_s8(w + i * 4));
      acc[i] = vmlal_s16(acc[i], vget_low_s16(wide), v);
      acc[i + 1] = vmlal_s16(acc[i + 1], vget_high_s16(wide), v);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4)
    vst1q_s32(sums + i, vpaddq_s32(vpaddq_s32(acc[i], acc[i + 1]), vpaddq_s32(acc[i + 2], acc[i + 3])));
  return 16;
}

#include "product_s16.inc.h"
#endif
