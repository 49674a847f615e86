/* Reductions of integers, products of floats, and positions of extremes: plain C for all machines. */
#include "reduce.h"
#include "../elementwise/numeric.h"

#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

void edge_reduce_s64(int32_t kind, const int64_t *x, int64_t *y, int64_t outer, int64_t n,
                     int64_t inner) {
  int64_t start = kind == EDGE_REDUCE_MAX    ? INT64_MIN
                  : kind == EDGE_REDUCE_MIN  ? INT64_MAX
                  : kind == EDGE_REDUCE_PROD ? 1
                                             : 0;
  for (int64_t o = 0; o < outer * inner; o++) {
    const int64_t *from = x + o / inner * n * inner + o % inner;
    uint64_t sum = (uint64_t)start;
    for (int64_t i = 0; i < n; i++) {
      int64_t next = from[i * inner], so_far = (int64_t)sum;
      uint64_t v = (uint64_t)next;
      switch (kind) {
      case EDGE_REDUCE_MAX: sum = next > so_far ? v : sum; break;
      case EDGE_REDUCE_MIN: sum = next < so_far ? v : sum; break;
      case EDGE_REDUCE_PROD: sum *= v; break;
      case EDGE_REDUCE_SUM_SQUARE: sum += v * v; break;
      default: sum += v;
      }
    }
    y[o] = (int64_t)sum;
  }
}

void edge_product_f32(const float *x, float *y, int64_t outer, int64_t n, int64_t inner) {
  for (int64_t o = 0; o < outer * inner; o++) {
    const float *from = x + o / inner * n * inner + o % inner;
    float product = 1;
    for (int64_t i = 0; i < n; i++)
      product *= from[i * inner];
    y[o] = edge_one_nan(product);
  }
}

/* Integers in the order of the floats; both zeros are 0 and NaN is above everything, `flip` regarded. */
EDGE_INLINE int32_t key_f32(float x, int32_t flip) {
  int32_t bits = edge_bits(x);
  if ((bits & 0x7fffffff) > 0x7f800000)
    return INT32_MAX;
  if (x == 0)
    return flip;
  return (bits < 0 ? bits ^ 0x7fffffff : bits) ^ flip;
}

EDGE_INLINE int8_t key_s8(int8_t x, int8_t flip) { return x ^ flip; }
EDGE_INLINE int64_t key_s64(int64_t x, int64_t flip) { return x ^ flip; }

/* The position of the largest key of each run: with every bit flipped, of the least element. */
#define EDGE_ARG(name, T, K, key)                                                                  \
  void name(int32_t kind, int32_t is_last, const T *x, int64_t *y, int64_t outer, int64_t n,       \
            int64_t inner) {                                                                       \
    K flip = kind == EDGE_REDUCE_MIN ? -1 : 0;                                                     \
    for (int64_t o = 0; o < outer * inner; o++) {                                                  \
      const T *from = x + o / inner * n * inner + o % inner;                                       \
      K best = key(from[0], flip);                                                                 \
      int64_t place = 0;                                                                           \
      for (int64_t i = 1; i < n; i++) {                                                            \
        K next = key(from[i * inner], flip);                                                       \
        if (next > best || (is_last && next == best))                                              \
          best = next, place = i;                                                                  \
      }                                                                                            \
      y[o] = place;                                                                                \
    }                                                                                              \
  }

EDGE_ARG(edge_arg_f32, float, int32_t, key_f32)
EDGE_ARG(edge_arg_s8, int8_t, int8_t, key_s8)
EDGE_ARG(edge_arg_s64, int64_t, int64_t, key_s64)

#pragma clang attribute pop
