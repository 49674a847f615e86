/* Pieces of INT8 attention: the contracts are in edge_kernels.h. */
#ifndef EDGE_ATTENTION_H
#define EDGE_ATTENTION_H

#include "../include/edge_kernels.h"

#define EDGE_DECLARE_ATTENTION(isa)                                                                \
  void edge_s8_code_rows__##isa(const float *x, int64_t x_row, int8_t *codes, int64_t row_bytes,   \
                                float *step, int32_t *sum, int32_t rows, int32_t n);               \
  void edge_s8_code_columns__##isa(const float *x, int64_t x_row, int8_t *packed, float *step,     \
                                   int32_t *sum, int32_t rows, int32_t n);                         \
  int32_t edge_s8_softmax_codes__##isa(float *x, const float *mask, int8_t *codes, int32_t n,      \
                                       float factor);

EDGE_DECLARE_ATTENTION(scalar)
EDGE_DECLARE_ATTENTION(avx2)

#endif
