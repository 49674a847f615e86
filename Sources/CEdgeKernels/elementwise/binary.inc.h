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

/* One step is all 16 where registers are many and short. */
#ifdef __aarch64__
#define EDGE_ZIP_LOOP                                                                              \
  _Pragma("clang loop vectorize(assume_safety) vectorize_width(4) interleave_count(4)")
#else
#define EDGE_ZIP_LOOP                                                                              \
  _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
#endif

EDGE_INLINE void EDGE_NAME(zip)(int32_t kind, const float *a, int32_t a_step, const float *b,
                                int32_t b_step, float *y, int64_t chunks) {
  _Pragma("clang loop unroll(disable)") for (; chunks > 0; chunks--) {
    /* y may lie on a or b, element on element. */
    EDGE_ZIP_LOOP
    for (int l = 0; l < 16; l++)
      y[l] = edge_one_nan(EDGE_NAME(binary)(kind, a[l], b[l]));
    a += 16 * a_step, b += 16 * b_step, y += 16;
  }
}

#define EDGE_ZIP(kind)                                                                             \
  case kind:                                                                                       \
    EDGE_NAME(zip)(kind, from_a, a_step, from_b, b_step, to, chunks);                              \
    break;

void EDGE_NAME(edge_f32_binary)(int32_t kind, const float *a, int32_t a_step, const float *b,
                                int32_t b_step, float *y, int64_t n) {
  if (kind > EDGE_BINARY_POW)
    return edge_f32_remainder(kind, a, a_step, b, b_step, y, n);
  float room_a[16], room_b[16], room_y[16]; /* what is one value for all, and the short end */
  float a0 = n > 0 ? *a : 0.0f, b0 = n > 0 ? *b : 0.0f;
  for (int l = 0; l < 16; l++)
    room_a[l] = a0, room_b[l] = b0;
  const float *from_a = a_step ? a : room_a, *from_b = b_step ? b : room_b;
  float *to = y;
  int64_t chunks = n / 16, whole = chunks * 16;
  size_t rest = (size_t)(n - whole) * sizeof *y;
  _Pragma("clang loop unroll(disable)") for (;;) {
    switch (kind) {
      EDGE_ZIP(EDGE_BINARY_ADD)
      EDGE_ZIP(EDGE_BINARY_SUB)
      EDGE_ZIP(EDGE_BINARY_MUL)
      EDGE_ZIP(EDGE_BINARY_DIV)
      EDGE_ZIP(EDGE_BINARY_MIN)
      EDGE_ZIP(EDGE_BINARY_MAX)
      EDGE_ZIP(EDGE_BINARY_POW)
    }
    if (rest == 0 || to == room_y)
      break;
    if (a_step)
      edge_copy_part(room_a, a + whole, rest);
    if (b_step)
      edge_copy_part(room_b, b + whole, rest);
    from_a = room_a, from_b = room_b, to = room_y;
    chunks = 1;
  }
  if (rest > 0)
    edge_copy_part(y + whole, room_y, rest);
}

#undef EDGE_ZIP
#undef EDGE_ZIP_LOOP
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
