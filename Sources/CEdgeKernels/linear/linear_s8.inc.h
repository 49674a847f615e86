/* Codes of rows by their range, and what becomes of products of codes; one ISA each time it is included, after
 * reduce_f32.inc.h. */

/* v where take is set. */
EDGE_INLINE void EDGE_NAME(replace)(EDGE_NAME(lanes) *old, const EDGE_NAME(lanes_i) *take,
                                    const EDGE_NAME(lanes) *v) {
  *old = (EDGE_NAME(lanes))((*take & *(const EDGE_NAME(lanes_i) *)v) |
                            (~*take & *(const EDGE_NAME(lanes_i) *)old));
}

/* Smallest and largest element times its factor, NaN apart, in the lanes of reductions; 0 and 0 of none. */
EDGE_INLINE void EDGE_NAME(row_range)(const float *x, const float *factor, int32_t n, float *low,
                                      float *high) {
  EDGE_NAME(lanes) least = EDGE_INFINITY - (EDGE_NAME(lanes)){0}, most = -least;
  for (int32_t i = 0; i < n; i += EDGE_REDUCE_LANES) {
    EDGE_NAME(lanes) v = EDGE_NAN - (EDGE_NAME(lanes)){0}, f = 1.0f - (EDGE_NAME(lanes)){0};
    size_t bytes = (size_t)(n - i < EDGE_REDUCE_LANES ? n - i : EDGE_REDUCE_LANES) * sizeof *x;
    edge_copy_chunk(&v, x + i, bytes, sizeof v);
    if (factor)
      edge_copy_chunk(&f, factor + i, bytes, sizeof f);
    v *= f;
    EDGE_NAME(lanes_i) below = v < least, above = v > most;
    EDGE_NAME(replace)(&least, &below, &v);
    EDGE_NAME(replace)(&most, &above, &v);
  }
  for (int l = 1; l < EDGE_REDUCE_LANES; l++) {
    least[0] = least[l] < least[0] ? least[l] : least[0];
    most[0] = most[l] > most[0] ? most[l] : most[0];
  }
  int any = least[0] <= most[0];
  *low = any ? least[0] : 0.0f;
  *high = any ? most[0] : 0.0f;
}

/* Codes of whole chunks of 16. */
static __attribute__((noinline)) void EDGE_NAME(code_chunks)(const float *x, const float *factor,
                                                             int8_t *codes, int32_t chunks,
                                                             float low, float inverse) {
  int32_t count = chunks * 16;
  if (factor) {
    _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
    for (int32_t i = 0; i < count; i++)
      codes[i] = edge_requantize((x[i] * factor[i] - low) * inverse, -128, -128, 127);
    return;
  }
  _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
  for (int32_t i = 0; i < count; i++)
    codes[i] = edge_requantize((x[i] - low) * inverse, -128, -128, 127);
}

void EDGE_NAME(edge_s8_code_ranges)(const float *x, int64_t x_row, const float *factor,
                                    int8_t *codes, int64_t row_bytes, float *low, float *step,
                                    int32_t rows, int32_t n) {
  int32_t whole = n / 16 * 16;
  size_t rest = (size_t)(n - whole) * sizeof *x;
  float end[16] = {0}, end_factor[16] = {0}; /* the short end */
  if (factor)
    edge_copy_part(end_factor, factor + whole, rest);
  for (int32_t r = 0; r < rows; r++, x += x_row, codes += row_bytes) {
    int8_t end_codes[16];
    float high;
    EDGE_NAME(row_range)(x, factor, n, &low[r], &high);
    float range = high - low[r], inverse = range > 0.0f ? 255.0f / range : 0.0f;
    EDGE_NAME(code_chunks)(x, factor, codes, whole / 16, low[r], inverse);
    if (row_bytes > whole) {
      edge_copy_part(end, x + whole, rest);
      EDGE_NAME(code_chunks)(end, factor ? end_factor : NULL, end_codes, 1, low[r], inverse);
      edge_copy_part(codes + whole, end_codes, (size_t)(row_bytes - whole));
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
