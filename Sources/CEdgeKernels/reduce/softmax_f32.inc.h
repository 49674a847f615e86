/* Softmax over rows; one ISA each time it is included. */

EDGE_INLINE void EDGE_NAME(softmax_row)(const float *x, float *y, int64_t n) {
  float max = EDGE_NAME(row_max)(x, n);
  float room[16] = {0}; /* the short end */
  for (int64_t i = 0; i < n; i += 16) {
    size_t bytes = n - i < 16 ? (size_t)(n - i) * sizeof *x : sizeof room;
    const float *from = x + i;
    float *to = y + i;
    if (bytes < sizeof room) {
      edge_copy_part(room, from, bytes);
      from = to = room;
    }
    _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
    for (int l = 0; l < 16; l++)
      to[l] = edge_exp(from[l] - max);
    if (bytes < sizeof room)
      edge_copy_part(y + i, room, bytes);
  }
  float scale = 1.0f / EDGE_NAME(row_sum)(y, n);
  for (int64_t i = 0; i < n; i++)
    y[i] = edge_one_nan(y[i] * scale);
}

void EDGE_NAME(edge_f32_softmax)(const float *x, float *y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++)
    EDGE_NAME(softmax_row)(x + r * n, y + r * n, n);
}
