/* Reductions, normalizations and softmax: the contracts are in edge_kernels.h. */
#ifndef EDGE_REDUCE_H
#define EDGE_REDUCE_H

#include "../include/edge_kernels.h"

/* Partial sums along a last axis, as many as onnxruntime's reductions keep on x86: the same means to
 * the bit where a row fills them. */
#define EDGE_REDUCE_LANES 8

#define EDGE_DECLARE_REDUCE(isa)                                                                   \
  void edge_f32_reduce__##isa(int32_t kind, const float *x, float *y, int64_t outer, int64_t n,    \
                              int64_t inner);                                                      \
  void edge_s8_reduce__##isa(int32_t kind, const int8_t *x, int8_t *y, int64_t outer, int64_t n,   \
                             int64_t inner, float ratio, int32_t in_zero, int32_t out_zero);       \
  void edge_f32_softmax__##isa(const float *x, float *y, int64_t rows, int64_t n);                 \
  void edge_f32_normalize__##isa(const edge_normalize *p, const float *x, float *y, int64_t rows);

EDGE_DECLARE_REDUCE(scalar)
EDGE_DECLARE_REDUCE(avx2)

#endif
