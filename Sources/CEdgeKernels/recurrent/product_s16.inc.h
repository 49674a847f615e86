/*
 * Products of int8 weights with a vector of 16-bit codes; one ISA each time it is included, after it has defined
 * block_sums: 32-bit sums of EDGE_BLOCKS times 16 outputs, or of 16, over all quads of codes; and EDGE_ARRANGES with
 * arrange_codes where these want the codes in an order of their own.
 */

/* Codes of x, zeros up to a multiple of 4, and what one step of them is worth. */
static __attribute__((noinline)) float EDGE_NAME(codes_s16)(const float *x, int32_t k,
                                                            int16_t *codes) {
  int32_t largest = 0;
#pragma clang loop interleave_count(1)
  for (int32_t i = 0; i < k; i++) {
    int32_t magnitude = edge_bits(x[i]) & 0x7fffffff;
    largest = magnitude > largest ? magnitude : largest;
  }
  float limit = (float)edge_product_limit_s16(k), top = edge_float(largest);
  for (int32_t i = k; i < (k + 3) / 4 * 4; i++)
    codes[i] = 0;
  /* The bits of 2^-100 and of infinity. */
  if (largest < 0x0d800000 || largest >= 0x7f800000) {
    memset(codes, 0, (size_t)k * sizeof *codes);
    return largest < 0x0d800000 ? 0.0f : EDGE_NAN;
  }
  float inverse = limit / top;
#pragma clang loop interleave_count(1)
  for (int32_t i = 0; i < k; i++)
    codes[i] = (int16_t)(int32_t)edge_rne_small(x[i] * inverse);
  return top / limit;
}

void EDGE_NAME(edge_s16_product)(const edge_product_s16 *p, const float *x, float *y,
                                 int16_t *room) {
  int32_t quads = (p->k + 3) / 4;
  float step = EDGE_NAME(codes_s16)(x, p->k, room);
#ifdef EDGE_ARRANGES
  EDGE_NAME(arrange_codes)(room, quads);
#endif
  const int8_t *w = p->weights;
  for (int32_t n = 0, count; n < p->n; n += count) {
    int32_t sums[16 * EDGE_BLOCKS];
    count = EDGE_NAME(block_sums)(w + (int64_t)n * quads * 4, quads, p->n - n, room, sums);
    for (int32_t m = 0; m < count; m += 16) {
      EDGE_CHUNK_LOOP
      for (int32_t l = 0; l < 16; l++) {
        float scale = p->scale[n + m + l] * step;
        y[n + m + l] = edge_one_nan((float)sums[m + l] * scale + p->bias[n + m + l]);
      }
    }
  }
}
