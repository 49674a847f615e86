/* Normalization of rows; one ISA each time it is included. */

EDGE_INLINE void EDGE_NAME(chunk)(EDGE_NAME(lanes) *v, const float *from, size_t bytes) {
  *v = (EDGE_NAME(lanes)){0};
  edge_copy_chunk(v, from, bytes, sizeof *v);
}

/* y = x - mean or x / root, times scale, plus shift, of what is not NULL; x is read before y is
 * written. */
EDGE_INLINE void EDGE_NAME(normalize_chunks)(const float *x, float *y, int64_t n, const float *mean,
                                             const float *root, const float *scale,
                                             const float *shift) {
  for (int64_t i = 0; i < n; i += EDGE_REDUCE_LANES) {
    int64_t count = n - i < EDGE_REDUCE_LANES ? n - i : EDGE_REDUCE_LANES;
    size_t bytes = (size_t)count * sizeof *x;
    EDGE_NAME(lanes) v, factor;
    EDGE_NAME(chunk)(&v, x + i, bytes);
    v = mean ? v - *mean : v / *root;
    if (scale) {
      EDGE_NAME(chunk)(&factor, scale + i, bytes);
      v *= factor;
    }
    if (shift) {
      EDGE_NAME(chunk)(&factor, shift + i, bytes);
      v += factor;
    }
    EDGE_NAME(lanes_i) bits = (EDGE_NAME(lanes_i))v;
    EDGE_NAME(lanes_i) nan = (bits & 0x7fffffff) > 0x7f800000;
    bits = (nan & 0x7fc00000) | (~nan & bits);
    edge_copy_chunk(y + i, &bits, bytes, sizeof bits);
  }
}

void EDGE_NAME(edge_f32_normalize)(const edge_normalize *p, const float *x, float *y,
                                   int64_t rows) {
  int64_t n = p->n;
  for (int64_t r = 0; r < rows; r++, x += n, y += n) {
    const float *v = x;
    if (p->is_centred) {
      float mean = EDGE_NAME(row_sum)(x, n) / (float)n;
      EDGE_NAME(normalize_chunks)(x, y, n, &mean, NULL, NULL, NULL);
      v = y;
    }
    float square = EDGE_NAME(row_sum_square)(v, n) / (float)n;
    float root = __builtin_elementwise_sqrt(square + p->epsilon);
    EDGE_NAME(normalize_chunks)(v, y, n, NULL, &root, p->scale, p->shift);
  }
}
