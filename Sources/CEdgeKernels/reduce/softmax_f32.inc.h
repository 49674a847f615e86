/* Softmax over rows; one ISA each time it is included. */

EDGE_INLINE void EDGE_NAME(softmax_row)(const float *x, float *y, int64_t n) {
  float max = EDGE_NAME(row_max)(x, n);
  float room[16] = {0}; /* the short end */
  int64_t chunks = n / 16, whole = chunks * 16;
  size_t rest = (size_t)(n - whole) * sizeof *x;
  const float *from = x;
  float *to = y;
  _Pragma("clang loop unroll(disable)") for (;;) {
    int64_t count = chunks * 16; /* a multiple that the compiler sees: no loop for what is left over */
    _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
    for (int64_t l = 0; l < count; l++)
      to[l] = edge_exp(from[l] - max);
    if (rest == 0 || to == room)
      break;
    edge_copy_part(room, x + whole, rest);
    from = to = room;
    chunks = 1;
  }
  if (rest > 0)
    edge_copy_part(y + whole, room, rest);
  float scale = 1.0f / EDGE_NAME(row_sum)(y, n);
  for (int64_t i = 0; i < n; i++)
    y[i] = edge_one_nan(y[i] * scale);
}

void EDGE_NAME(edge_f32_softmax)(const float *x, float *y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; r++)
    EDGE_NAME(softmax_row)(x + r * n, y + r * n, n);
}
