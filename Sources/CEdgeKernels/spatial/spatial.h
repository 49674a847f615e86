/* Pools and resizes: the contracts are in edge_kernels.h. */
#ifndef EDGE_SPATIAL_H
#define EDGE_SPATIAL_H

#include "../include/edge_kernels.h"

#define EDGE_DECLARE_SPATIAL(isa)                                                                  \
  void edge_s8_max_pool__##isa(const edge_pool *p, const int8_t *x, int8_t *y, int32_t begin,      \
                               int32_t end);                                                       \
  void edge_f32_max_pool__##isa(const edge_pool *p, const float *x, float *y, int32_t begin,       \
                                int32_t end);                                                      \
  void edge_s8_average_pool__##isa(const edge_pool *p, const int8_t *x, int8_t *y, int32_t begin,  \
                                   int32_t end);                                                   \
  void edge_f32_average_pool__##isa(const edge_pool *p, const float *x, float *y, int32_t begin,   \
                                    int32_t end);                                                  \
  void edge_any_resize_nearest__##isa(const edge_resize *p, const void *x, void *y,                \
                                      int32_t element_bytes, int32_t begin, int32_t end);          \
  void edge_s8_resize_linear__##isa(const edge_resize *p, const int8_t *x, int8_t *y,              \
                                    int32_t begin, int32_t end);                                   \
  void edge_f32_resize_linear__##isa(const edge_resize *p, const float *x, float *y,               \
                                     int32_t begin, int32_t end);

EDGE_DECLARE_SPATIAL(scalar)
EDGE_DECLARE_SPATIAL(avx2)

#endif
