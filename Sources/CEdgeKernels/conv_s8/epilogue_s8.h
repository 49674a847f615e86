/* The epilogue of INT8 convolutions, one element at a time: the definition. */
#ifndef EDGE_EPILOGUE_S8_H
#define EDGE_EPILOGUE_S8_H

#include "../include/edge_kernels.h"

#pragma STDC FP_CONTRACT OFF

/* Rounds to nearest even. |v| beyond 2^20 saturates, which no int8 result can tell from 2^30. */
static inline int32_t epilogue_s8_round(float v) {
  const float limit = 1048576.0f, magic = 12582912.0f;
  v = v < limit ? v : limit;
  v = v > -limit ? v : -limit;
  return (int32_t)((v + magic) - magic);
}

/* sum includes the bias; index is the element of output and residual. */
static inline void epilogue_s8_store(const edge_epilogue *e, int32_t sum, int32_t channel,
                                     void *output, int64_t index) {
  float v = (float)sum * e->multiplier[channel];
  if (e->slope != 1.0f)
    v = v < 0.0f ? v * e->slope : v;
  if (e->output_float) {
    if (e->residual)
      v = v + ((const float *)e->residual)[index];
    v = v > e->high_f ? e->high_f : v;
    v = v < e->low_f ? e->low_f : v;
    ((float *)output)[index] = v;
    return;
  }
  if (e->residual) {
    float r = (float)(((const int8_t *)e->residual)[index] - e->residual_zero);
    v = v + r * e->residual_multiplier;
  }
  int32_t q = epilogue_s8_round(v) + e->zero;
  q = q < e->high ? q : e->high;
  q = q > e->low ? q : e->low;
  ((int8_t *)output)[index] = e->table ? e->table[q + 128] : (int8_t)q;
}

#endif /* EDGE_EPILOGUE_S8_H */
