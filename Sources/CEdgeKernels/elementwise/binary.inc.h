/* Float and int8 binary kernels; one ISA each time it is included. */

EDGE_INLINE float EDGE_NAME(binary)(int32_t kind, float a, float b) {
  switch (kind) {
  case EDGE_BINARY_ADD:
    return a + b;
  case EDGE_BINARY_SUB:
    return a - b;
  case EDGE_BINARY_MUL:
    return a * b;
  case EDGE_BINARY_DIV:
    return a / b;
  case EDGE_BINARY_MIN:
    return ((a < b) | edge_is_nan(a)) ? a : b;
  case EDGE_BINARY_MAX:
    return ((a > b) | edge_is_nan(a)) ? a : b;
  case EDGE_BINARY_POW:
    return edge_pow(a, b);
  }
  return a;
}

#ifdef EDGE_COMPACT

void EDGE_NAME(edge_f32_binary)(int32_t kind, const float *a, int32_t a_step, const float *b,
                                int32_t b_step, float *y, int64_t n) {
  if (kind > EDGE_BINARY_POW)
    return edge_f32_remainder(kind, a, a_step, b, b_step, y, n);
#pragma clang loop vectorize(disable)
  for (int64_t i = 0; i < n; i++)
    y[i] = edge_one_nan(EDGE_NAME(binary)(kind, a[i * a_step], b[i * b_step]));
}

#else

EDGE_INLINE void EDGE_NAME(zip)(int32_t kind, const float *a, int32_t a_step, const float *b,
                                int32_t b_step, float *y, int64_t n) {
  float va[16], vb[16];
  float a0 = n > 0 ? *a : 0.0f, b0 = n > 0 ? *b : 0.0f;
  for (int64_t i = 0; i < n; i += 16) {
    size_t bytes = n - i < 16 ? (size_t)(n - i) * sizeof *y : 16 * sizeof *y;
    for (int l = 0; l < 16; l++)
      va[l] = a0, vb[l] = b0;
    if (a_step)
      edge_copy_chunk(va, a + i, bytes, sizeof va);
    if (b_step)
      edge_copy_chunk(vb, b + i, bytes, sizeof vb);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++)
      va[l] = edge_one_nan(EDGE_NAME(binary)(kind, va[l], vb[l]));
    edge_copy_chunk(y + i, va, bytes, sizeof va);
  }
}

#define EDGE_ZIP(kind)                                                                             \
  case kind:                                                                                       \
    EDGE_NAME(zip)(kind, a, a_step, b, b_step, y, n);                                              \
    break;

void EDGE_NAME(edge_f32_binary)(int32_t kind, const float *a, int32_t a_step, const float *b,
                                int32_t b_step, float *y, int64_t n) {
  switch (kind) {
    EDGE_ZIP(EDGE_BINARY_ADD)
    EDGE_ZIP(EDGE_BINARY_SUB)
    EDGE_ZIP(EDGE_BINARY_MUL)
    EDGE_ZIP(EDGE_BINARY_DIV)
    EDGE_ZIP(EDGE_BINARY_MIN)
    EDGE_ZIP(EDGE_BINARY_MAX)
    EDGE_ZIP(EDGE_BINARY_POW)
  default:
    edge_f32_remainder(kind, a, a_step, b, b_step, y, n);
  }
}

#undef EDGE_ZIP
#endif

EDGE_INLINE void EDGE_NAME(zip_s8)(int32_t product, const edge_binary_s8 *p, const int8_t *a,
                                   int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y,
                                   int64_t n) {
  int8_t va[32], vb[32];
  edge_binary_s8 q = *p;
  int8_t a0 = n > 0 ? *a : 0, b0 = n > 0 ? *b : 0;
  for (int64_t i = 0; i < n; i += 32) {
    size_t bytes = n - i < 32 ? (size_t)(n - i) : 32;
    for (int l = 0; l < 32; l++)
      va[l] = a0, vb[l] = b0;
    if (a_step)
      edge_copy_chunk(va, a + i, bytes, sizeof va);
    if (b_step)
      edge_copy_chunk(vb, b + i, bytes, sizeof vb);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 32; l++) {
      int32_t da = va[l] - q.a_zero, db = vb[l] - q.b_zero;
      float v = product ? (float)(da * db) * q.a_multiplier
                        : (float)da * q.a_multiplier + (float)db * q.b_multiplier;
      va[l] = edge_requantize(v, q.zero, q.low, q.high);
    }
    edge_copy_chunk(y + i, va, bytes, sizeof va);
  }
}

void EDGE_NAME(edge_s8_binary)(int32_t kind, const edge_binary_s8 *p, const int8_t *a,
                               int32_t a_step, const int8_t *b, int32_t b_step, int8_t *y,
                               int64_t n) {
  if (kind == EDGE_BINARY_MUL)
    EDGE_NAME(zip_s8)(1, p, a, a_step, b, b_step, y, n);
  else
    EDGE_NAME(zip_s8)(0, p, a, a_step, b, b_step, y, n);
}
