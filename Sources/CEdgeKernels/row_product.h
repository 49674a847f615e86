/* What `linear` and `attention` share: parts of scratch, and products of int8 codes of rows by the convolution kernel. */
#ifndef EDGE_ROW_PRODUCT_H
#define EDGE_ROW_PRODUCT_H

#include "include/edge_kernels.h"

/* Rows whose codes are made together. */
enum { edge_block_rows = 48 };

static inline int64_t edge_round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
static inline int32_t edge_least(int32_t a, int32_t b) { return a < b ? a : b; }

/* The next part of a scratch block of which `used` bytes are taken; parts are multiples of 64 bytes. NULL where only the
 * size is asked. */
static inline void *edge_take(int8_t *base, size_t *used, int64_t bytes) {
  void *part = base ? base + *used : NULL;
  *used += (size_t)edge_round_up(bytes, 64);
  return part;
}

/* Rows of `inputs` codes, padded to 4, times the columns of packed weights, as float(sum) * multiplier: a fully connected
 * layer that lacks its weights and vectors. */
static inline edge_conv edge_row_product(int32_t rows, int32_t inputs, int32_t outputs,
                                         int32_t output_row) {
  edge_conv c = {.batch = 1, .in_h = 1, .in_w = rows, .in_c = inputs};
  c.in_stride = (int32_t)edge_round_up(inputs, 4);
  c.out_h = 1;
  c.out_w = rows;
  c.out_c = outputs;
  c.out_stride = output_row;
  c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
  c.epilogue.slope = 1.0f;
  c.epilogue.output_float = 1;
  c.epilogue.low_f = -__builtin_inff();
  c.epilogue.high_f = __builtin_inff();
  return c;
}

#endif
