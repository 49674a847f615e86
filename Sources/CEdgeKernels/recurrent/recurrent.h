/* Steps of a recurrence: the contracts are in edge_kernels.h. */
#ifndef EDGE_RECURRENT_H
#define EDGE_RECURRENT_H

#include "../include/edge_kernels.h"

#define EDGE_DECLARE_CELL(isa)                                                                     \
  void edge_f32_cell__##isa(int32_t kind, const float *x, const float *z, int64_t z_gate,          \
                            float *c, float *h, int64_t n);
#define EDGE_DECLARE_PRODUCT_S16(isa)                                                              \
  void edge_s16_product__##isa(const edge_product_s16 *p, const float *x, float *y, int16_t *room);

EDGE_DECLARE_CELL(scalar)
EDGE_DECLARE_CELL(avx2)
EDGE_DECLARE_PRODUCT_S16(scalar)
EDGE_DECLARE_PRODUCT_S16(avx2)
EDGE_DECLARE_PRODUCT_S16(avx512vnni)
EDGE_DECLARE_PRODUCT_S16(neon)
EDGE_DECLARE_PRODUCT_S16(neondot)

#endif
