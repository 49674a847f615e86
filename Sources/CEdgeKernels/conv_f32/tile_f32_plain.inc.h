/*
 * tile_f32.inc.h and the depthwise sums as plain loops, for a table without vectors: where fmaf is a call, unrolling
 * it would only grow the library.
 */

EDGE_INLINE void EDGE_NAME(add_products)(float sums[16], float x, const float *w) {
#pragma clang loop unroll(disable)
  for (int32_t l = 0; l < 16; l++)
    sums[l] = __builtin_fmaf(x, w[l], sums[l]);
}

static void EDGE_NAME(tile_sums)(const struct EDGE_NAME(tile) *t, int32_t height, int32_t panels,
                                 EDGE_NAME(sums) * sums) {
  (void)panels;
  for (int32_t r = 0; r < height; r++) {
    const float *b = t->b;
    for (int32_t l = 0; l < 16; l++)
      sums[r][l] = t->start ? t->start[l] : 0.0f;
    for (int32_t s = 0; s < t->segments; s++) {
      const float *a = t->rows[(int64_t)s * t->row_stride + r];
#pragma clang loop unroll(disable)
      for (int64_t k = 0; k < t->segment; k++, b += t->k_stride)
        EDGE_NAME(add_products)(sums[r], a[k], b);
    }
  }
}
