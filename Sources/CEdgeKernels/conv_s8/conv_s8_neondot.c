#include "conv_s8.h"

#if defined(__aarch64__)
#include "../kernel_name.h"
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "epilogue_s8_neon.h"

#define EDGE_ALWAYS static inline __attribute__((always_inline))

#define EDGE_ISA neondot
#define EDGE_TILE_ROWS 6
#define EDGE_PAIRS_FIT NULL
#define EDGE_QUADS(tile) 1

typedef struct sums {
  int32x4_t of[4];
} sums;

EDGE_ALWAYS void start(sums *sum, const int32_t *bias) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) sum->of[i] = vld1q_s32(bias + 4 * i);
}

EDGE_ALWAYS void join(const sums *sum, int32x4_t joined[4]) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) joined[i] = sum->of[i];
}

/* Dword `lane` of each row's 16 bytes. */
#define ADD_LANE(lane)                                                                             \
  EDGE_UNROLL for (int i = 0; i < 4; i++) {                                                        \
    int8x16_t v = vld1q_s8(w + 64 * lane + 16 * i);                                                \
    EDGE_UNROLL for (int r = 0; r < rows; r++) sum[r].of[i] =                                      \
        vdotq_laneq_s32(sum[r].of[i], v, quad[r], lane);                                           \
  }

EDGE_ALWAYS const int8_t *add_4(sums *sum, const int rows, const int8_t **x, const int8_t *w) {
  int8x16_t quad[EDGE_TILE_ROWS];
  EDGE_UNROLL for (int r = 0; r < rows; r++) {
    quad[r] = vld1q_s8(x[r]);
    x[r] += 16;
  }
  ADD_LANE(0)
  ADD_LANE(1)
  ADD_LANE(2)
  ADD_LANE(3)
  return w + 256;
}

EDGE_ALWAYS const int8_t *add_some(sums *sum, const int rows, const int8_t **x, const int8_t *w,
                                   int32_t count, int32_t pairs_fit) {
  (void)pairs_fit;
  if (count == 0)
    return w;
  int8x16_t quad[EDGE_TILE_ROWS];
  EDGE_UNROLL for (int r = 0; r < rows; r++) quad[r] = vld1q_s8(x[r]);
  ADD_LANE(0)
  if (count > 1)
    ADD_LANE(1)
  if (count > 2)
    ADD_LANE(2)
  return w + 64 * count;
}

#include "conv_s8_neon.inc.h"
#pragma clang attribute pop
#endif
