/* Float unary kernels; one ISA each time it is included. */

/* One switch for definition and dispatch: `kind` is a constant wherever this is called. */
EDGE_INLINE float EDGE_NAME(unary)(int32_t kind, float x, float alpha, float beta) {
  switch (kind) {
  case EDGE_UNARY_RELU:
    return edge_at_least(x, 0.0f);
  case EDGE_UNARY_LEAKY_RELU:
    return x < 0.0f ? x * alpha : x;
  case EDGE_UNARY_CLIP:
    return edge_at_most(edge_at_least(x, alpha), beta);
  case EDGE_UNARY_SIGMOID:
    return edge_sigmoid(x);
  case EDGE_UNARY_HARD_SIGMOID:
    return edge_at_most(edge_at_least(x * alpha + beta, 0.0f), 1.0f);
  case EDGE_UNARY_HARD_SWISH:
    return x * edge_at_most(edge_at_least(x * 0.166666672f + 0.5f, 0.0f), 1.0f);
  case EDGE_UNARY_TANH:
    return edge_tanh(x);
  case EDGE_UNARY_EXP:
    return edge_exp(x);
  case EDGE_UNARY_LOG:
    return edge_log(x);
  case EDGE_UNARY_SQRT:
    return __builtin_elementwise_sqrt(x);
  case EDGE_UNARY_ABS:
    return edge_abs(x);
  case EDGE_UNARY_NEG:
    return -x;
  case EDGE_UNARY_RECIPROCAL:
    return 1.0f / x;
  case EDGE_UNARY_ERF:
    return edge_erf(x);
  case EDGE_UNARY_FLOOR:
    return __builtin_floorf(x);
  case EDGE_UNARY_CEIL:
    return __builtin_ceilf(x);
  case EDGE_UNARY_ROUND:
    return __builtin_rintf(x);
  case EDGE_UNARY_SOFTPLUS:
    return edge_softplus(x);
  case EDGE_UNARY_ELU:
    return x < 0.0f ? alpha * edge_expm1_negative(x) : x;
  case EDGE_UNARY_SILU:
    return x * edge_sigmoid(x);
  case EDGE_UNARY_GELU:
    return 0.5f * x * (1.0f + edge_erf(x * 0.707106769f));
  case EDGE_UNARY_SIN:
    return edge_sine(x, 0);
  case EDGE_UNARY_COS:
    return edge_sine(x, 1);
  case EDGE_UNARY_ATAN:
    return edge_atan(x);
  case EDGE_UNARY_SIGN:
    return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : x;
  }
  return x;
}

#ifdef EDGE_COMPACT

void EDGE_NAME(edge_f32_unary)(int32_t kind, const float *x, float *y, int64_t n, float alpha,
                               float beta) {
#pragma clang loop vectorize(disable)
  for (int64_t i = 0; i < n; i++)
    y[i] = edge_one_nan(EDGE_NAME(unary)(kind, x[i], alpha, beta));
}

#else

/* Chunks of 16: a multiple that the compiler sees, so that there is no loop for what is left over. */
EDGE_INLINE void EDGE_NAME(map)(int32_t kind, const float *x, float *y, int64_t chunks, float alpha,
                                float beta) {
  int64_t count = chunks * 16;
  if (kind == EDGE_UNARY_GELU) { /* the longest chain of operations, in every encoder: two at a time */
    _Pragma("clang loop vectorize(assume_safety) interleave_count(2) unroll(disable)")
    for (int64_t l = 0; l < count; l++)
      y[l] = edge_one_nan(EDGE_NAME(unary)(kind, x[l], alpha, beta));
  } else {
    _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
    for (int64_t l = 0; l < count; l++)
      y[l] = edge_one_nan(EDGE_NAME(unary)(kind, x[l], alpha, beta));
  }
}

#define EDGE_MAP(kind)                                                                             \
  case kind:                                                                                       \
    EDGE_NAME(map)(kind, from, to, chunks, alpha, beta);                                           \
    break;

void EDGE_NAME(edge_f32_unary)(int32_t kind, const float *x, float *y, int64_t n, float alpha,
                               float beta) {
  float room[16] = {0}; /* the short end */
  int64_t chunks = n / 16, whole = chunks * 16;
  const float *from = x;
  float *to = y;
  _Pragma("clang loop unroll(disable)") for (;;) {
    switch (kind) {
      EDGE_MAP(EDGE_UNARY_RELU)
      EDGE_MAP(EDGE_UNARY_LEAKY_RELU)
      EDGE_MAP(EDGE_UNARY_CLIP)
      EDGE_MAP(EDGE_UNARY_SIGMOID)
      EDGE_MAP(EDGE_UNARY_HARD_SIGMOID)
      EDGE_MAP(EDGE_UNARY_HARD_SWISH)
      EDGE_MAP(EDGE_UNARY_TANH)
      EDGE_MAP(EDGE_UNARY_EXP)
      EDGE_MAP(EDGE_UNARY_LOG)
      EDGE_MAP(EDGE_UNARY_SQRT)
      EDGE_MAP(EDGE_UNARY_ABS)
      EDGE_MAP(EDGE_UNARY_NEG)
      EDGE_MAP(EDGE_UNARY_RECIPROCAL)
      EDGE_MAP(EDGE_UNARY_ERF)
      EDGE_MAP(EDGE_UNARY_FLOOR)
      EDGE_MAP(EDGE_UNARY_CEIL)
      EDGE_MAP(EDGE_UNARY_ROUND)
      EDGE_MAP(EDGE_UNARY_SOFTPLUS)
      EDGE_MAP(EDGE_UNARY_ELU)
      EDGE_MAP(EDGE_UNARY_SILU)
      EDGE_MAP(EDGE_UNARY_GELU)
      EDGE_MAP(EDGE_UNARY_SIN)
      EDGE_MAP(EDGE_UNARY_COS)
      EDGE_MAP(EDGE_UNARY_ATAN)
      EDGE_MAP(EDGE_UNARY_SIGN)
    }
    if (to == room || whole == n)
      break;
    edge_copy_part(room, x + whole, (size_t)(n - whole) * sizeof *x);
    from = to = room;
    chunks = 1;
  }
  if (whole < n)
    edge_copy_part(y + whole, room, (size_t)(n - whole) * sizeof *y);
}

#undef EDGE_MAP

#endif
