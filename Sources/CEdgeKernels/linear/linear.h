/* Pieces of a layer whose activations become codes as they come: the contracts are in edge_kernels.h. */
#ifndef EDGE_LINEAR_H
#define EDGE_LINEAR_H

#include "../include/edge_kernels.h"

#define EDGE_DECLARE_LINEAR(isa)                                                                   \
  void edge_s8_code_ranges__##isa(const float *x, int64_t x_row, const float *factor,              \
                                  int8_t *codes, int64_t row_bytes, float *low, float *step,       \
                                  int32_t rows, int32_t n);                                        \
  void edge_f32_finish_rows__##isa(const float *sums, int64_t sums_row, float *y, int64_t y_row,   \
                                   const float *low, const float *step, const float *offset,       \
                                   const float *bias, int32_t rows, int32_t n);

EDGE_DECLARE_LINEAR(scalar)
EDGE_DECLARE_LINEAR(avx2)

#endif
