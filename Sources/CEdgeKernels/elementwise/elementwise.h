/* Elementwise kernels: the contracts are in edge_kernels.h. */
#ifndef EDGE_ELEMENTWISE_H
#define EDGE_ELEMENTWISE_H

#include "../include/edge_kernels.h"

/* MOD and FMOD, which follow their operands bit by bit: one version for all machines. */
void edge_f32_remainder(int32_t kind, const float *a, int32_t a_step, const float *b,
                        int32_t b_step, float *y, int64_t n);

#define EDGE_DECLARE_ELEMENTWISE(isa)                                                              \
  void edge_s8_lut__##isa(const int8_t *x, int8_t *y, int64_t n, const int8_t table[256]);         \
  void edge_f32_unary__##isa(int32_t kind, const float *x, float *y, int64_t n, float alpha,       \
                             float beta);                                                          \
  void edge_f32_binary__##isa(int32_t kind, const float *a, int32_t a_step, const float *b,        \
                              int32_t b_step, float *y, int64_t n);                                \
  void edge_s8_binary__##isa(int32_t kind, const edge_binary_s8 *p, const int8_t *a,               \
                             int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y,           \
                             int64_t n);                                                           \
  void edge_s8_quantize__##isa(const float *x, int8_t *y, int64_t n, float scale, int32_t zero);   \
  void edge_s8_dequantize__##isa(const int8_t *x, float *y, int64_t n, float scale, int32_t zero);

EDGE_DECLARE_ELEMENTWISE(scalar)
EDGE_DECLARE_ELEMENTWISE(avx2)

#endif
