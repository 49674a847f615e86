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

/* ---- block-sparse weights: inputs of 16 pixels ---------------------------------------------------------------------- */

#define EDGE_LANES 4
#define EDGE_VECTORS 4
#define EDGE_FEW_PIXELS 3
#define UNROLL EDGE_UNROLL

typedef struct strip_vector {
  int8x16_t of[EDGE_VECTORS];
} strip_vector;

EDGE_ALWAYS void strip_put(strip_vector *to, int32_t v, int32x4_t x) {
  to->of[v] = vreinterpretq_s8_s32(x);
}

typedef int32x4_t strip_sum;
EDGE_ALWAYS strip_sum strip_sum_of(int32_t bias) { return vdupq_n_s32(bias); }
EDGE_ALWAYS int32x4_t strip_join(strip_sum sum) { return sum; }

#define ADD_OUTPUT(h)                                                                              \
  if (h < n)                                                                                       \
    EDGE_UNROLL for (int v = 0; v < EDGE_VECTORS; v++) sum[h][v] =                                 \
        vdotq_laneq_s32(sum[h][v], x->of[v], w, h);

EDGE_ALWAYS void add_blocks(strip_sum sum[][EDGE_VECTORS], const strip_vector *strip,
                            const uint16_t *columns, const int8_t *values, int32_t count,
                            const int n) {
  for (int32_t b = 0; b < count; b++, values += 4 * n) {
    const strip_vector *x = strip + columns[b];
    int8x16_t w = vdupq_n_s8(0);
    memcpy(&w, values, 4 * n);
    ADD_OUTPUT(0)
    ADD_OUTPUT(1)
    ADD_OUTPUT(2)
    ADD_OUTPUT(3)
  }
}

typedef int32x4_t row_sum;
EDGE_ALWAYS row_sum row_sum_of_none(void) { return vdupq_n_s32(0); }
EDGE_ALWAYS void row_add(row_sum *sum, int32x4_t x, int32x4_t w) {
  *sum = vdotq_s32(*sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w));
}
EDGE_ALWAYS int32x4_t row_join(const row_sum *sum) { return *sum; }

#include "sparse_s8_neon.inc.h"
#include "conv_s8_neon.inc.h"
#pragma clang attribute pop
#endif
