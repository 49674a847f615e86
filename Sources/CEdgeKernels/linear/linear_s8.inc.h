/* Codes of rows by their range, and what becomes of products of codes; one ISA each time it is included. */

/* 16 elements of a row, times their factors; past the last one what is in v stays. */
EDGE_INLINE void EDGE_NAME(scaled_chunk)(const float *x, const float *factor, int64_t count,
                                         float v[16]) {
  size_t bytes = (size_t)(count < 16 ? count : 16) * sizeof *x;
  edge_copy_chunk(v, x, bytes, 16 * sizeof *x);
  if (!factor)
    return;
  float f[16];
  for (int l = 0; l < 16; l++)
    f[l] = 1.0f;
  edge_copy_chunk(f, factor, bytes, sizeof f);
  EDGE_CHUNK_LOOP
  for (int l = 0; l < 16; l++)
    v[l] *= f[l];
}

/* Smallest and largest element, NaN apart; 0 and 0 of none. */
EDGE_INLINE void EDGE_NAME(row_range)(const float *x, const float *factor, int32_t n, float *low,
                                      float *high) {
  float least[16], most[16];
  for (int l = 0; l < 16; l++) {
    least[l] = EDGE_INFINITY;
    most[l] = -EDGE_INFINITY;
  }
  for (int32_t i = 0; i < n; i += 16) {
    float v[16];
    for (int l = 0; l < 16; l++)
      v[l] = EDGE_NAN;
    EDGE_NAME(scaled_chunk)(x + i, factor ? factor + i : NULL, n - i, v);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++) {
      least[l] = v[l] < least[l] ? v[l] : least[l];
      most[l] = v[l] > most[l] ? v[l] : most[l];
    }
  }
  for (int l = 1; l < 16; l++) {
    least[0] = least[l] < least[0] ? least[l] : least[0];
    most[0] = most[l] > most[0] ? most[l] : most[0];
  }
  int any = least[0] <= most[0];
  *low = any ? least[0] : 0.0f;
  *high = any ? most[0] : 0.0f;
}

void EDGE_NAME(edge_s8_code_ranges)(const float *x, int64_t x_row, const float *factor,
                                    int8_t *codes, int64_t row_bytes, float *low, float *step,
                                    int32_t rows, int32_t n) {
  for (int32_t r = 0; r < rows; r++, x += x_row, codes += row_bytes) {
    float high;
    EDGE_NAME(row_range)(x, factor, n, &low[r], &high);
    float range = high - low[r], start = low[r];
    float inverse = range > 0.0f ? 255.0f / range : 0.0f;
    for (int32_t i = 0; i < row_bytes; i += 16) {
      float v[16] = {0};
      int8_t q[16];
      if (i < n)
        EDGE_NAME(scaled_chunk)(x + i, factor ? factor + i : NULL, n - i, v);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++)
        q[l] = edge_requantize((v[l] - start) * inverse, -128, -128, 127);
      edge_copy_chunk(codes + i, q, (size_t)(row_bytes - i < 16 ? row_bytes - i : 16), sizeof q);
    }
    step[r] = range / 255.0f;
  }
}

void EDGE_NAME(edge_f32_finish_rows)(const float *sums, int64_t sums_row, float *y, int64_t y_row,
                                     const float *low, const float *step, const float *offset,
                                     const float *bias, int32_t rows, int32_t n) {
  for (int32_t r = 0; r < rows; r++, sums += sums_row, y += y_row)
    for (int32_t i = 0; i < n; i += 16) {
      float v[16];
      memcpy(v, sums + i, sizeof v);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++)
        v[l] = edge_one_nan((v[l] * step[r] + low[r] * offset[i + l]) + bias[i + l]);
      edge_copy_chunk(y + i, v, (size_t)(n - i < 16 ? n - i : 16) * sizeof *y, sizeof v);
    }
}
