/* Reductions of int8; one ISA each time it is included. */

typedef int8_t EDGE_NAME(bytes) __attribute__((vector_size(32), aligned(1)));

/* The mean, requantized. */
EDGE_INLINE void EDGE_NAME(mean_s8)(const int8_t *x, int8_t *y, int64_t n, int64_t inner,
                                   float multiplier, int32_t offset, int32_t out_zero) {
  if (inner == 1) {
    int32_t sum = 0;
    for (int64_t i = 0; i < n; i++)
      sum += x[i];
    *y = edge_requantize((float)(sum - offset) * multiplier, out_zero, -128, 127);
    return;
  }
  for (int64_t c = 0; c < inner; c += 32) {
    int64_t width = inner - c < 32 ? inner - c : 32;
    int32_t sum[32] = {0};
    for (int64_t i = 0; i < n; i++) {
      int8_t v[32] = {0};
      edge_copy_chunk(v, x + i * inner + c, (size_t)width, sizeof v);
      for (int l = 0; l < 32; l++)
        sum[l] += v[l];
    }
    for (int64_t l = 0; l < width; l++)
      y[c + l] = edge_requantize((float)(sum[l] - offset) * multiplier, out_zero, -128, 127);
  }
}

/* Maximum, or with every bit flipped on the way in and out the minimum. */
EDGE_INLINE void EDGE_NAME(max_s8)(const int8_t *x, int8_t *y, int64_t n, int64_t inner,
                                   int8_t flip) {
  int64_t row = inner == 1 ? n : inner, rows = inner == 1 ? 1 : n;
  const EDGE_NAME(bytes) least = ~((EDGE_NAME(bytes)){0} + 127);
  EDGE_NAME(bytes) best = least;
  for (int64_t c = 0; c < row; c += 32) {
    int64_t width = row - c < 32 ? row - c : 32;
    if (inner != 1)
      best = least;
    for (int64_t i = 0; i < rows; i++) {
      EDGE_NAME(bytes) v = least ^ flip;
      edge_copy_chunk(&v, x + i * row + c, (size_t)width, sizeof v);
      best = __builtin_elementwise_max(best, v ^ flip);
    }
    if (inner == 1)
      continue;
    EDGE_NAME(bytes) result = best ^ flip;
    edge_copy_chunk(y + c, &result, (size_t)width, sizeof result);
  }
  if (inner != 1)
    return;
  int8_t peak = -128;
  for (int l = 0; l < 32; l++)
    peak = best[l] > peak ? best[l] : peak;
  *y = peak ^ flip;
}

void EDGE_NAME(edge_s8_reduce)(int32_t kind, const int8_t *x, int8_t *y, int64_t outer, int64_t n,
                               int64_t inner, float ratio, int32_t in_zero, int32_t out_zero) {
  for (int64_t o = 0; o < outer; o++, x += n * inner, y += inner) {
    if (kind == EDGE_REDUCE_MAX || kind == EDGE_REDUCE_MIN)
      EDGE_NAME(max_s8)(x, y, n, inner, kind == EDGE_REDUCE_MIN ? -1 : 0);
    else
      EDGE_NAME(mean_s8)(x, y, n, inner, ratio / (float)n, (int32_t)n * in_zero, out_zero);
  }
}
