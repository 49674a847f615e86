/* Float convolution, depthwise convolution and matrix product: the contracts are in edge_kernels.h. */
#ifndef EDGE_CONV_F32_H
#define EDGE_CONV_F32_H

#include "../include/edge_kernels.h"

#define EDGE_DECLARE_CONV_F32(isa)                                                                 \
  void edge_f32_conv__##isa(const edge_conv *p, const float *x, float *y, void *scratch,           \
                            int32_t begin, int32_t end);                                           \
  void edge_f32_depthwise__##isa(const edge_conv *p, const float *x, float *y, void *scratch,      \
                                 int32_t begin, int32_t end);                                      \
  void edge_f32_matmul__##isa(const edge_matmul_f32 *p, const float *a, const float *b, float *c,  \
                              void *scratch, int32_t row_begin, int32_t row_end);

EDGE_DECLARE_CONV_F32(scalar)
EDGE_DECLARE_CONV_F32(avx2)
EDGE_DECLARE_CONV_F32(avx512)
EDGE_DECLARE_CONV_F32(neon)

/* How one float convolution is cut up; the same on every ISA. */
struct edge_conv_f32_plan {
  int32_t taps;            /* kernel_h * kernel_w */
  int32_t staged;          /* rows of all k copied to scratch, else pointers per tap */
  int32_t segments;        /* pointers per pixel: 1 when staged, else taps */
  int32_t segment;         /* floats behind each pointer */
  int64_t pixels;          /* batch * out_h * out_w */
  int32_t most;            /* pixels per unit at most */
  int32_t block;           /* pixels per unit */
  int32_t columns;         /* output channels per unit, a multiple of 32 */
  int32_t column_units;
  size_t rows_bytes;       /* scratch: the pointers, then the zeros or the staged rows */
};
struct edge_conv_f32_plan edge_conv_f32_plan_of(const edge_conv *p);

/* Depthwise: units are output rows times groups of channels. */
int32_t edge_depthwise_f32_channels(const edge_conv *p);

/* Rows of a packed left side in matmul scratch: the tallest tile of any ISA. */
#define EDGE_MATMUL_ROWS 8

#endif
