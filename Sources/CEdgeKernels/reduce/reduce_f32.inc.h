/* Float reductions; one ISA each time it is included. */

EDGE_INLINE float EDGE_NAME(start)(int32_t kind) {
  return kind == EDGE_REDUCE_MAX ? -EDGE_INFINITY : kind == EDGE_REDUCE_MIN ? EDGE_INFINITY : 0.0f;
}

EDGE_INLINE float EDGE_NAME(combine)(int32_t kind, float sum, float x) {
  switch (kind) {
  case EDGE_REDUCE_MAX:
    return ((x > sum) | edge_is_nan(x)) ? x : sum;
  case EDGE_REDUCE_MIN:
    return ((x < sum) | edge_is_nan(x)) ? x : sum;
  }
  return sum + x;
}

EDGE_INLINE float EDGE_NAME(term)(int32_t kind, float x) {
  return kind == EDGE_REDUCE_SUM_SQUARE ? x * x : x;
}

EDGE_INLINE float EDGE_NAME(tree)(int32_t kind, float lanes[16]) {
  for (int step = 8; step > 0; step >>= 1)
    for (int l = 0; l < step; l++)
      lanes[l] = EDGE_NAME(combine)(kind, lanes[l], lanes[l + step]);
  return lanes[0];
}

EDGE_INLINE float EDGE_NAME(reduce_row)(int32_t kind, const float *x, int64_t n) {
  float lanes[16];
  for (int l = 0; l < 16; l++)
    lanes[l] = EDGE_NAME(start)(kind);
  int64_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int l = 0; l < 16; l++)
      lanes[l] = EDGE_NAME(combine)(kind, lanes[l], EDGE_NAME(term)(kind, x[i + l]));
  for (int l = 0; i + l < n; l++)
    lanes[l] = EDGE_NAME(combine)(kind, lanes[l], EDGE_NAME(term)(kind, x[i + l]));
  return EDGE_NAME(tree)(kind, lanes);
}

EDGE_INLINE void EDGE_NAME(reduce_columns)(int32_t kind, const float *x, float *y, int64_t n,
                                           int64_t inner) {
  for (int64_t c = 0; c < inner; c += 16) {
    size_t bytes = inner - c < 16 ? (size_t)(inner - c) * sizeof *y : 16 * sizeof *y;
    float sum[16], v[16] = {0};
    for (int l = 0; l < 16; l++)
      sum[l] = EDGE_NAME(start)(kind);
    for (int64_t i = 0; i < n; i++) {
      edge_copy_chunk(v, x + i * inner + c, bytes, sizeof v);
      for (int l = 0; l < 16; l++)
        sum[l] = EDGE_NAME(combine)(kind, sum[l], EDGE_NAME(term)(kind, v[l]));
    }
    edge_copy_chunk(y + c, sum, bytes, sizeof sum);
  }
}

EDGE_INLINE void EDGE_NAME(reduce)(int32_t kind, const float *x, float *y, int64_t outer, int64_t n,
                                   int64_t inner) {
  for (int64_t o = 0; o < outer; o++, x += n * inner) {
    if (inner == 1)
      y[o] = EDGE_NAME(reduce_row)(kind, x, n);
    else
      EDGE_NAME(reduce_columns)(kind, x, y + o * inner, n, inner);
  }
}

void EDGE_NAME(edge_f32_reduce)(int32_t kind, const float *x, float *y, int64_t outer, int64_t n,
                                int64_t inner) {
  if (kind == EDGE_REDUCE_MAX)
    EDGE_NAME(reduce)(EDGE_REDUCE_MAX, x, y, outer, n, inner);
  else if (kind == EDGE_REDUCE_MIN)
    EDGE_NAME(reduce)(EDGE_REDUCE_MIN, x, y, outer, n, inner);
  else if (kind == EDGE_REDUCE_SUM_SQUARE)
    EDGE_NAME(reduce)(EDGE_REDUCE_SUM_SQUARE, x, y, outer, n, inner);
  else
    EDGE_NAME(reduce)(EDGE_REDUCE_SUM, x, y, outer, n, inner);
  int64_t count = outer * inner;
  float divisor = kind == EDGE_REDUCE_MEAN ? (float)n : 1.0f;
  for (int64_t i = 0; i < count; i++)
    y[i] = edge_one_nan(y[i] / divisor);
}
