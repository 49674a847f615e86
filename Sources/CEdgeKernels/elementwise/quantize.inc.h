/* Between int8 and float, and table look-up; one ISA each time it is included. */

void EDGE_NAME(edge_s8_lut)(const int8_t *x, int8_t *y, int64_t n, const int8_t table[256]) {
  for (int64_t i = 0; i < n; i++)
    y[i] = table[x[i] + 128];
}

void EDGE_NAME(edge_s8_quantize)(const float *x, int8_t *y, int64_t n, float scale,
                                 int32_t zero) {
  for (int64_t i = 0; i < n; i++) {
    float v = x[i] / scale;
    y[i] = edge_requantize(edge_is_nan(v) ? 0.0f : v, zero, -128, 127);
  }
}

void EDGE_NAME(edge_s8_dequantize)(const int8_t *x, float *y, int64_t n, float scale,
                                   int32_t zero) {
  for (int64_t i = 0; i < n; i++)
    y[i] = (float)(x[i] - zero) * scale;
}
