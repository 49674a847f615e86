/* Float reductions; one ISA each time it is included. */

#define EDGE_LANES __attribute__((vector_size(EDGE_REDUCE_LANES * sizeof(float)), aligned(4)))
typedef float EDGE_NAME(lanes) EDGE_LANES;
typedef int32_t EDGE_NAME(lanes_i) EDGE_LANES;
#undef EDGE_LANES

EDGE_INLINE float EDGE_NAME(start)(int32_t kind) {
  return kind == EDGE_REDUCE_MAX ? -EDGE_INFINITY : kind == EDGE_REDUCE_MIN ? EDGE_INFINITY : 0.0f;
}

/* sum with x taken in, for a scalar or a vector; the condition selects x. */
EDGE_INLINE float EDGE_NAME(combine)(int32_t kind, float sum, float x) {
  switch (kind) {
  case EDGE_REDUCE_MAX:
    return ((x > sum) | edge_is_nan(x)) ? x : sum;
  case EDGE_REDUCE_MIN:
    return ((x < sum) | edge_is_nan(x)) ? x : sum;
  }
  return sum + x;
}

EDGE_INLINE void EDGE_NAME(combine_lanes)(int32_t kind, EDGE_NAME(lanes) *sum, const float *from) {
  EDGE_NAME(lanes) x = *(const EDGE_NAME(lanes) *)from;
  if (kind == EDGE_REDUCE_SUM || kind == EDGE_REDUCE_SUM_SQUARE) {
    *sum += kind == EDGE_REDUCE_SUM ? x : x * x;
    return;
  }
  EDGE_NAME(lanes_i) bits = (EDGE_NAME(lanes_i))x;
  EDGE_NAME(lanes_i) take = (bits & 0x7fffffff) > 0x7f800000;
  take |= kind == EDGE_REDUCE_MAX ? x > *sum : x < *sum;
  *sum = (EDGE_NAME(lanes))((take & bits) | (~take & (EDGE_NAME(lanes_i)) * sum));
}

EDGE_INLINE float EDGE_NAME(tree)(int32_t kind, const EDGE_NAME(lanes) *sum) {
  float lanes[EDGE_REDUCE_LANES];
  memcpy(lanes, sum, sizeof lanes);
  for (int step = EDGE_REDUCE_LANES / 2; step > 0; step >>= 1)
    for (int l = 0; l < step; l++)
      lanes[l] = EDGE_NAME(combine)(kind, lanes[l], lanes[l + step]);
  return lanes[0];
}

/* A short last chunk is filled up with the starting value, which changes no lane. */
EDGE_INLINE float EDGE_NAME(reduce_row)(int32_t kind, const float *x, int64_t n) {
  float start = EDGE_NAME(start)(kind);
  EDGE_NAME(lanes) sum = start - (EDGE_NAME(lanes)){0};
  int64_t i = 0;
  for (; i + EDGE_REDUCE_LANES <= n; i += EDGE_REDUCE_LANES)
    EDGE_NAME(combine_lanes)(kind, &sum, x + i);
  if (i < n) {
    EDGE_NAME(lanes) rest = start - (EDGE_NAME(lanes)){0};
    edge_copy_part(&rest, x + i, (size_t)(n - i) * sizeof *x);
    EDGE_NAME(combine_lanes)(kind, &sum, (const float *)&rest);
  }
  return EDGE_NAME(tree)(kind, &sum);
}

/* Out of line: softmax shares two of them. */
#define EDGE_ROW(name, kind)                                                                       \
  static __attribute__((noinline)) float EDGE_NAME(name)(const float *x, int64_t n) {              \
    return EDGE_NAME(reduce_row)(kind, x, n);                                                      \
  }

EDGE_ROW(row_sum, EDGE_REDUCE_SUM)
EDGE_ROW(row_max, EDGE_REDUCE_MAX)
EDGE_ROW(row_min, EDGE_REDUCE_MIN)
EDGE_ROW(row_sum_square, EDGE_REDUCE_SUM_SQUARE)

#undef EDGE_ROW

EDGE_INLINE void EDGE_NAME(reduce_columns)(int32_t kind, const float *x, float *y, int64_t n,
                                           int64_t inner) {
  int64_t c = 0;
  for (; c + EDGE_REDUCE_LANES <= inner; c += EDGE_REDUCE_LANES) {
    EDGE_NAME(lanes) sum = EDGE_NAME(start)(kind) - (EDGE_NAME(lanes)){0};
    for (int64_t i = 0; i < n; i++)
      EDGE_NAME(combine_lanes)(kind, &sum, x + i * inner + c);
    *(EDGE_NAME(lanes) *)(y + c) = sum;
  }
#pragma clang loop vectorize(disable) unroll(disable)
  for (; c < inner; c++) {
    float sum = EDGE_NAME(start)(kind);
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t i = 0; i < n; i++) {
      float v = x[i * inner + c];
      sum = EDGE_NAME(combine)(kind, sum, kind == EDGE_REDUCE_SUM_SQUARE ? v * v : v);
    }
    y[c] = sum;
  }
}

/* Rows of two, as of complex numbers: what the tree does when the other lanes hold the starting value. */
EDGE_INLINE void EDGE_NAME(reduce_pairs)(int32_t kind, const float *x, float *y, int64_t outer) {
  float start = EDGE_NAME(start)(kind);
  for (int64_t o = 0; o < outer; o++) {
    float a = x[2 * o], b = x[2 * o + 1];
    if (kind == EDGE_REDUCE_SUM_SQUARE)
      a = a * a, b = b * b;
    y[o] = EDGE_NAME(combine)(kind, EDGE_NAME(combine)(kind, start, a),
                              EDGE_NAME(combine)(kind, start, b));
  }
}

EDGE_INLINE void EDGE_NAME(reduce)(int32_t kind, float (*row)(const float *, int64_t),
                                   const float *x, float *y, int64_t outer, int64_t n,
                                   int64_t inner) {
  if (inner == 1 && n == 2) {
    EDGE_NAME(reduce_pairs)(kind, x, y, outer);
    return;
  }
  for (int64_t o = 0; o < outer; o++, x += n * inner) {
    if (inner == 1)
      y[o] = row(x, n);
    else
      EDGE_NAME(reduce_columns)(kind, x, y + o * inner, n, inner);
  }
}

void EDGE_NAME(edge_f32_reduce)(int32_t kind, const float *x, float *y, int64_t outer, int64_t n,
                                int64_t inner) {
  if (kind == EDGE_REDUCE_MAX)
    EDGE_NAME(reduce)(EDGE_REDUCE_MAX, EDGE_NAME(row_max), x, y, outer, n, inner);
  else if (kind == EDGE_REDUCE_MIN)
    EDGE_NAME(reduce)(EDGE_REDUCE_MIN, EDGE_NAME(row_min), x, y, outer, n, inner);
  else if (kind == EDGE_REDUCE_SUM_SQUARE)
    EDGE_NAME(reduce)(EDGE_REDUCE_SUM_SQUARE, EDGE_NAME(row_sum_square), x, y, outer, n, inner);
  else
    EDGE_NAME(reduce)(EDGE_REDUCE_SUM, EDGE_NAME(row_sum), x, y, outer, n, inner);
  int64_t count = outer * inner;
  float divisor = kind == EDGE_REDUCE_MEAN ? (float)n : 1.0f;
  for (int64_t i = 0; i < count; i++)
    y[i] = edge_one_nan(y[i] / divisor);
}
