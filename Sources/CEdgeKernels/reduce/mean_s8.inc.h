/* Mean of int8; one ISA each time it is included. */

void EDGE_NAME(edge_s8_mean)(const int8_t *x, int8_t *y, int64_t outer, int64_t n, int64_t inner,
                             float ratio, int32_t in_zero, int32_t out_zero) {
  float multiplier = ratio / (float)n;
  int32_t offset = (int32_t)n * in_zero;
  for (int64_t o = 0; o < outer; o++, x += n * inner, y += inner) {
    if (inner == 1) {
      int32_t sum = 0;
      for (int64_t i = 0; i < n; i++)
        sum += x[i];
      *y = edge_requantize((float)(sum - offset) * multiplier, out_zero, -128, 127);
      continue;
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
}
