/* Softmax over rows; one ISA each time it is included. */

EDGE_INLINE void EDGE_NAME(softmax_row)(const float *x, float *y, int64_t n) {
  float max = EDGE_NAME(row_max)(x, n);
  for (int64_t i = 0; i < n; i += 16) {
    int64_t count = n - i < 16 ? n - i : 16;
    float v[16] = {0};
    edge_copy_chunk(v, x + i, (size_t)count * sizeof *x, sizeof v);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++)
      v[l] = edge_exp(v[l] - max);
    edge_copy_chunk(y + i, v, (size_t)count * sizeof *y, sizeof v);
  }
  float scale = 1.0f / EDGE_NAME(row_sum)(y, n);
  for (int64_t i = 0; i < n; i++)
    y[i] = edge_one_nan(y[i] * scale);
}

void EDGE_NAME(edge_f32_softmax)(const float *x, float *y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++)
    EDGE_NAME(softmax_row)(x + r * n, y + r * n, n);
}
