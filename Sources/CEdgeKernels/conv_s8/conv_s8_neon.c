#include "conv_s8.h"

#if defined(__aarch64__)
#include "../kernel_name.h"
#include "epilogue_s8_neon.h"

#define EDGE_ALWAYS static inline __attribute__((always_inline))

/* A row's 16 bytes of input are four dwords, each repeated in a register. */
#define EDGE_ISA neon
#define EDGE_TILE_ROWS 2
#define EDGE_PAIRS_FIT pairs_fit
#define EDGE_QUADS(tile) (tile)->pairs_fit

/* Vector 2*i holds channels 4*i and 4*i + 1, each as two sums; vector 2*i + 1 the next two channels. */
typedef struct sums {
  int32x4_t of[8];
} sums;

EDGE_ALWAYS void start(sums *sum, const int32_t *bias) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) {
    int32x4x2_t pair = vzipq_s32(vld1q_s32(bias + 4 * i), vdupq_n_s32(0));
    sum->of[2 * i] = pair.val[0];
    sum->of[2 * i + 1] = pair.val[1];
  }
}

EDGE_ALWAYS void join(const sums *sum, int32x4_t joined[4]) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) joined[i] = vpaddq_s32(sum->of[2 * i], sum->of[2 * i + 1]);
}

/* Two products, of inputs a and b with weights v and u, in 16 bits: they fit when no weight is -128. */
EDGE_ALWAYS void add_pair(int32x4_t *sum, int8x16_t a, int8x16_t v, int8x16_t b, int8x16_t u) {
  int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(a), vget_low_s8(v)), vget_low_s8(b), vget_low_s8(u));
  sum[0] = vpadalq_s16(sum[0], low);
  sum[1] = vpadalq_s16(sum[1], vmlal_high_s8(vmull_high_s8(a, v), b, u));
}

#define PRODUCTS(v, u, s0, s1, s2, s3)                                                             \
  "smull %[t0].8h, %[a0].8b, %[" v "].8b\n"                                                        \
  "smull %[t1].8h, %[a1].8b, %[" v "].8b\n"                                                        \
  "smull2 %[t2].8h, %[a0].16b, %[" v "].16b\n"                                                     \
  "smull2 %[t3].8h, %[a1].16b, %[" v "].16b\n"                                                     \
  "smlal %[t0].8h, %[b0].8b, %[" u "].8b\n"                                                        \
  "smlal %[t1].8h, %[b1].8b, %[" u "].8b\n"                                                        \
  "smlal2 %[t2].8h, %[b0].16b, %[" u "].16b\n"                                                     \
  "smlal2 %[t3].8h, %[b1].16b, %[" u "].16b\n"                                                     \
  "sadalp %[" s0 "].4s, %[t0].8h\n"                                                                \
  "sadalp %[" s1 "].4s, %[t1].8h\n"                                                                \
  "sadalp %[" s2 "].4s, %[t2].8h\n"                                                                \
  "sadalp %[" s3 "].4s, %[t3].8h\n"

/*
 * add_pair of two rows and eight channels, whose weights begin at w + at. As one statement, because a compiler that moves the
 * products apart runs out of registers; in an order that an in-order core needs not wait in.
 */
#define ADD_PAIR_2(p, q, x0, x1, y0, y1, w, at)                                                    \
  do {                                                                                             \
    int8x16_t v0, v1, u0, u1;                                                                      \
    int16x8_t t0, t1, t2, t3;                                                                      \
    __asm__("ldp %q[v0], %q[v1], [%[from], #" #at "]\n"                                            \
            "ldp %q[u0], %q[u1], [%[from], #" #at " + 64]\n" PRODUCTS("v0", "u0", "p0", "q0", "p1", \
                                                                      "q1")                        \
                PRODUCTS("v1", "u1", "p2", "q2", "p3", "q3")                                       \
            : [v0] "=&w"(v0), [v1] "=&w"(v1), [u0] "=&w"(u0), [u1] "=&w"(u1), [t0] "=&w"(t0),      \
              [t1] "=&w"(t1), [t2] "=&w"(t2), [t3] "=&w"(t3), [p0] "+w"((p)[0]),                   \
              [p1] "+w"((p)[1]), [p2] "+w"((p)[2]), [p3] "+w"((p)[3]), [q0] "+w"((q)[0]),          \
              [q1] "+w"((q)[1]), [q2] "+w"((q)[2]), [q3] "+w"((q)[3])                              \
            : [from] "r"(w), "m"(*(const int8_t(*)[256])(w)), [a0] "w"(x0), [a1] "w"(x1),          \
              [b0] "w"(y0), [b1] "w"(y1));                                                         \
  } while (0)

/* Dwords k and k + 1 of one row; w points at the weights of dword k. */
EDGE_ALWAYS void add_2(sums *sum, const int8x16_t *dword, const int8_t *w) {
  EDGE_UNROLL for (int i = 0; i < 4; i++) add_pair(sum->of + 2 * i, dword[0], vld1q_s8(w + 16 * i),
                                                   dword[1], vld1q_s8(w + 64 + 16 * i));
}

#define ADD_2_2(x, y, k, at)                                                                       \
  ADD_PAIR_2(sum[0].of, sum[1].of, (x)[k], (y)[k], (x)[k + 1], (y)[k + 1], w, at);                 \
  ADD_PAIR_2(sum[0].of + 4, sum[1].of + 4, (x)[k], (y)[k], (x)[k + 1], (y)[k + 1], w, at + 32)

EDGE_ALWAYS const int8_t *add_4(sums *sum, const int rows, const int8_t **x, const int8_t *w) {
  int8x16_t dword[2][4];
  EDGE_UNROLL for (int r = 0; r < rows; r++) {
    int32x4x4_t four = vld4q_dup_s32((const int32_t *)x[r]);
    x[r] += 16;
    EDGE_UNROLL for (int k = 0; k < 4; k++) dword[r][k] = vreinterpretq_s8_s32(four.val[k]);
  }
  if (rows == 2) {
    ADD_2_2(dword[0], dword[1], 0, 0);
    ADD_2_2(dword[0], dword[1], 2, 128);
  } else {
    add_2(sum, dword[0], w);
    add_2(sum, dword[0] + 2, w + 128);
  }
  return w + 256;
}

EDGE_ALWAYS void add_1(sums *sum, const int rows, const int8_t **x, const int8_t *w) {
  int8x16_t dword[2];
  EDGE_UNROLL for (int r = 0; r < rows; r++) {
    dword[r] = vreinterpretq_s8_s32(vld1q_dup_s32((const int32_t *)x[r]));
    __asm__("" : "+w"(dword[r])); /* hides that both halves are equal, of which the compiler makes moves */
    x[r] += 4;
  }
  EDGE_UNROLL for (int i = 0; i < 4; i++) {
    int8x16_t v = vld1q_s8(w + 16 * i);
    EDGE_UNROLL for (int r = 0; r < rows; r++) {
      int32x4_t *to = sum[r].of + 2 * i;
      to[0] = vpadalq_s16(to[0], vmull_s8(vget_low_s8(dword[r]), vget_low_s8(v)));
      to[1] = vpadalq_s16(to[1], vmull_high_s8(dword[r], v));
    }
  }
}

EDGE_ALWAYS const int8_t *add_some(sums *sum, const int rows, const int8_t **x, const int8_t *w,
                                   int32_t count, int32_t pairs_fit) {
  if (pairs_fit && count >= 2) {
    int8x16_t dword[2][2];
    EDGE_UNROLL for (int r = 0; r < rows; r++) {
      int32x4x2_t two = vld2q_dup_s32((const int32_t *)x[r]);
      x[r] += 8;
      EDGE_UNROLL for (int k = 0; k < 2; k++) dword[r][k] = vreinterpretq_s8_s32(two.val[k]);
    }
    if (rows == 2) {
      ADD_2_2(dword[0], dword[1], 0, 0);
    } else {
      add_2(sum, dword[0], w);
    }
    w += 128;
    count -= 2;
  }
  _Pragma("clang loop unroll(disable)") for (; count > 0; count--, w += 64) add_1(sum, rows, x, w);
  return w;
}

static int32_t pairs_fit(const int8_t *weights, int64_t bytes) {
  int8x16_t least = vdupq_n_s8(0);
  for (int64_t i = 0; i < bytes; i += 64)
    EDGE_UNROLL for (int j = 0; j < 64; j += 16) least = vminq_s8(least, vld1q_s8(weights + i + j));
  return vminvq_s8(least) > -128;
}

/* ---- block-sparse weights: inputs of 8 pixels ----------------------------------------------------------------------- */

#define EDGE_LANES 4
#define EDGE_VECTORS 2
#define EDGE_FEW_PIXELS 2
#define UNROLL EDGE_UNROLL

typedef struct strip_vector {
  int8x16_t of[EDGE_VECTORS];
} strip_vector;

EDGE_ALWAYS void strip_put(strip_vector *to, int32_t v, int32x4_t x) {
  to->of[v] = vreinterpretq_s8_s32(x);
}

/* Two sums a pixel. */
typedef struct strip_sum {
  int32x4_t of[2];
} strip_sum;

EDGE_ALWAYS strip_sum strip_sum_of(int32_t bias) {
  int32x4_t half = vzip1q_s32(vdupq_n_s32(bias), vdupq_n_s32(0));
  return (strip_sum){{half, half}};
}

EDGE_ALWAYS int32x4_t strip_join(strip_sum sum) { return vpaddq_s32(sum.of[0], sum.of[1]); }

EDGE_ALWAYS void add_products(strip_sum *sum, int8x16_t x, int8x16_t w) {
  sum->of[0] = vpadalq_s16(sum->of[0], vmull_s8(vget_low_s8(x), vget_low_s8(w)));
  sum->of[1] = vpadalq_s16(sum->of[1], vmull_high_s8(x, w));
}

EDGE_ALWAYS void add_blocks(strip_sum sum[][EDGE_VECTORS], const strip_vector *strip,
                            const uint16_t *columns, const int8_t *values, int32_t count,
                            const int n) {
  for (int32_t b = 0; b < count; b++) {
    const strip_vector *x = strip + columns[b];
    EDGE_UNROLL for (int h = 0; h < n; h++, values += 4) {
      int32_t dword;
      memcpy(&dword, values, sizeof dword);
      int8x16_t w = vreinterpretq_s8_s32(vdupq_n_s32(dword));
      EDGE_UNROLL for (int v = 0; v < EDGE_VECTORS; v++) add_products(&sum[h][v], x->of[v], w);
    }
  }
}

typedef strip_sum row_sum;
EDGE_ALWAYS row_sum row_sum_of_none(void) { return strip_sum_of(0); }
EDGE_ALWAYS void row_add(row_sum *sum, int32x4_t x, int32x4_t w) {
  add_products(sum, vreinterpretq_s8_s32(x), vreinterpretq_s8_s32(w));
}
EDGE_ALWAYS int32x4_t row_join(const row_sum *sum) { return strip_join(*sum); }

#include "sparse_s8_neon.inc.h"
#include "conv_s8_neon.inc.h"
#endif
