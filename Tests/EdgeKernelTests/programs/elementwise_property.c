/* Elementwise kernels of every table against naive loops: all tails, in place, special values. */
#include "kernel_test.h"

static float unary_exact(int32_t kind, float x, float alpha, float beta) {
  switch (kind) {
  case EDGE_UNARY_RELU: return x < 0 ? 0 : x;
  case EDGE_UNARY_LEAKY_RELU: return x < 0 ? x * alpha : x;
  case EDGE_UNARY_CLIP: return x < alpha ? alpha : x > beta ? beta : x;
  case EDGE_UNARY_HARD_SIGMOID: {
    float v = x * alpha;
    v = v + beta;
    return v < 0 ? 0 : v > 1 ? 1 : v;
  }
  case EDGE_UNARY_HARD_SWISH: {
    float v = x * (float)(1.0 / 6);
    v = v + 0.5f;
    return x * (v < 0 ? 0 : v > 1 ? 1 : v);
  }
  case EDGE_UNARY_SQRT: return sqrtf(x);
  case EDGE_UNARY_ABS: return fabsf(x);
  case EDGE_UNARY_NEG: return -x;
  case EDGE_UNARY_RECIPROCAL: return 1.0f / x;
  case EDGE_UNARY_FLOOR: return floorf(x);
  case EDGE_UNARY_CEIL: return ceilf(x);
  case EDGE_UNARY_ROUND: return nearbyintf(x);
  case EDGE_UNARY_SIGN: return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
  }
  return x;
}

static int is_exact(int32_t kind) {
  switch (kind) {
  case EDGE_UNARY_SIGMOID: case EDGE_UNARY_TANH: case EDGE_UNARY_EXP: case EDGE_UNARY_LOG:
  case EDGE_UNARY_ERF: case EDGE_UNARY_SOFTPLUS: case EDGE_UNARY_ELU: case EDGE_UNARY_SILU:
  case EDGE_UNARY_GELU: case EDGE_UNARY_SIN: case EDGE_UNARY_COS: case EDGE_UNARY_ATAN:
    return 0;
  }
  return 1;
}

static void test_unary(int32_t kind, int64_t n) {
  char shape[64];
  snprintf(shape, sizeof shape, "kind %d n %lld", kind, (long long)n);
  float alpha = kind == EDGE_UNARY_CLIP ? -1.0f : 0.3f, beta = kind == EDGE_UNARY_CLIP ? 6.0f : 0.4f;
  guarded x = special_f32(n);
  float *expected = malloc((size_t)n * sizeof(float) + 1);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new((size_t)n * sizeof(float));
    test_tables[t]->unary_f32(kind, (float *)x.data, (float *)y.data, n, alpha, beta);
    if (t == 0)
      memcpy(expected, y.data, y.bytes);
    if (t == 0 && is_exact(kind))
      for (int64_t i = 0; i < n; i++)
        expected[i] = canonical(unary_exact(kind, ((float *)x.data)[i], alpha, beta));
    check_output(t, &y, expected, "unary_f32", shape);
    memcpy(y.data, x.data, x.bytes);
    test_tables[t]->unary_f32(kind, (float *)y.data, (float *)y.data, n, alpha, beta);
    check_output(t, &y, expected, "unary_f32 in place", shape);
    free(y.block);
  }
  free(expected);
  free(x.block);
}

static float binary_exact(int32_t kind, float a, float b) {
  switch (kind) {
  case EDGE_BINARY_ADD: return a + b;
  case EDGE_BINARY_SUB: return a - b;
  case EDGE_BINARY_MUL: return a * b;
  case EDGE_BINARY_DIV: return a / b;
  case EDGE_BINARY_MIN: return isnan(a) || isnan(b) ? NAN : a < b ? a : b;
  case EDGE_BINARY_MAX: return isnan(a) || isnan(b) ? NAN : a > b ? a : b;
  case EDGE_BINARY_FMOD: return fmodf(a, b);
  case EDGE_BINARY_MOD: {
    float rest = fmodf(a, b);
    return rest == 0 ? copysignf(0, b) : (rest < 0) != (b < 0) ? rest + b : rest;
  }
  }
  return (float)pow(a, b);
}

static int near_power(float got, float a, float b) {
  double exact = pow(a, b);
  float rounded = (float)exact;
  if (isnan(exact) || isnan(got))
    return isnan(exact) && isnan(got);
  return fabs((double)got - exact) <= fabs((double)nextafterf(rounded, 2 * rounded) - rounded) ||
         got == rounded;
}

static void test_binary(int32_t kind, int64_t n, int a_step, int b_step) {
  char shape[64];
  snprintf(shape, sizeof shape, "kind %d n %lld steps %d %d", kind, (long long)n, a_step, b_step);
  guarded a = special_f32(a_step ? n : 1), b = special_f32(b_step ? n : 1);
  float *expected = malloc((size_t)n * sizeof(float) + 1);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new((size_t)n * sizeof(float));
    float *out = (float *)y.data, *x0 = (float *)a.data, *x1 = (float *)b.data;
    test_tables[t]->binary_f32(kind, x0, a_step, x1, b_step, out, n);
    for (int64_t i = 0; i < n && t == 0; i++) {
      float u = x0[i * a_step], v = x1[i * b_step];
      expected[i] = canonical(binary_exact(kind, u, v));
      if (kind != EDGE_BINARY_POW)
        continue;
      check(near_power(out[i], u, v), "pow(%a, %a) = %a", u, v, out[i]);
      expected[i] = out[i];
    }
    check_output(t, &y, expected, "binary_f32", shape);
    if (a_step) {
      memcpy(y.data, a.data, y.bytes);
      test_tables[t]->binary_f32(kind, out, 1, x1, b_step, out, n);
      check_output(t, &y, expected, "binary_f32 in place", shape);
    }
    free(y.block);
  }
  free(expected);
  free(a.block);
  free(b.block);
}

static void test_binary_s8(int32_t kind, int64_t n, int a_step, int b_step) {
  char shape[64];
  snprintf(shape, sizeof shape, "kind %d n %lld steps %d %d", kind, (long long)n, a_step, b_step);
  edge_binary_s8 p = {.a_zero = random_int(-128, 127), .b_zero = random_int(-128, 127),
                      .zero = random_int(-128, 127), .low = random_int(-128, 0),
                      .high = random_int(1, 127), .a_multiplier = random_float(-2, 2),
                      .b_multiplier = random_float(-2, 2)};
  if (random_bits() % 4 == 0) /* exact halves */
    p.a_multiplier = 0.5f, p.b_multiplier = -0.5f;
  guarded a = random_s8(a_step ? n : 1), b = random_s8(b_step ? n : 1);
  int8_t *expected = malloc((size_t)n + 1);
  for (int64_t i = 0; i < n; i++) {
    int32_t da = ((int8_t *)a.data)[i * a_step] - p.a_zero;
    int32_t db = ((int8_t *)b.data)[i * b_step] - p.b_zero;
    float v = (float)(da * db) * p.a_multiplier;
    if (kind != EDGE_BINARY_MUL) {
      float u = (float)da * p.a_multiplier, w = (float)db * p.b_multiplier;
      v = u + w;
    }
    expected[i] = requantize(v, p.zero, p.low, p.high);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new((size_t)n);
    test_tables[t]->binary_s8(kind, &p, (int8_t *)a.data, a_step, (int8_t *)b.data, b_step,
                              (int8_t *)y.data, n);
    check_output(t, &y, expected, "binary_s8", shape);
    if (b_step) {
      memcpy(y.data, b.data, y.bytes);
      test_tables[t]->binary_s8(kind, &p, (int8_t *)a.data, a_step, (int8_t *)y.data, 1,
                                (int8_t *)y.data, n);
      check_output(t, &y, expected, "binary_s8 in place", shape);
    }
    free(y.block);
  }
  free(expected);
  free(a.block);
  free(b.block);
}

static void test_lut(int64_t n) {
  char shape[64];
  snprintf(shape, sizeof shape, "n %lld", (long long)n);
  guarded x = random_s8(n), table = random_s8(256);
  int8_t *expected = malloc((size_t)n + 1);
  for (int64_t i = 0; i < n; i++)
    expected[i] = ((int8_t *)table.data)[((int8_t *)x.data)[i] + 128];
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new((size_t)n);
    test_tables[t]->lut_s8((int8_t *)x.data, (int8_t *)y.data, n, (int8_t *)table.data);
    check_output(t, &y, expected, "lut_s8", shape);
    memcpy(y.data, x.data, x.bytes);
    test_tables[t]->lut_s8((int8_t *)y.data, (int8_t *)y.data, n, (int8_t *)table.data);
    check_output(t, &y, expected, "lut_s8 in place", shape);
    free(y.block);
  }
  free(expected);
  free(x.block);
  free(table.block);
}

static void test_quantize(int64_t n) {
  char shape[64];
  snprintf(shape, sizeof shape, "n %lld", (long long)n);
  guarded x = special_f32(n);
  float scale = random_bits() % 4 ? random_float(0.01f, 0.1f) : 2.0f;
  int32_t zero = random_int(-128, 127);
  int8_t *q = malloc((size_t)n + 1);
  float *back = malloc((size_t)n * sizeof(float) + 1);
  for (int64_t i = 0; i < n; i++) {
    float v = ((float *)x.data)[i] / scale;
    q[i] = isnan(v) ? (int8_t)zero : requantize(v, zero, -128, 127);
    back[i] = (float)(q[i] - zero) * scale;
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new((size_t)n), z = guarded_new((size_t)n * sizeof(float));
    test_tables[t]->quantize_s8((float *)x.data, (int8_t *)y.data, n, scale, zero);
    check_output(t, &y, q, "quantize_s8", shape);
    test_tables[t]->dequantize_s8((int8_t *)y.data, (float *)z.data, n, scale, zero);
    check_output(t, &z, back, "dequantize_s8", shape);
    free(y.block);
    free(z.block);
  }
  free(q);
  free(back);
  free(x.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int64_t n = 0; n <= 70; n++) {
    for (int32_t kind = EDGE_UNARY_RELU; kind <= EDGE_UNARY_SIGN; kind++)
      test_unary(kind, n);
    for (int32_t steps = 0; steps < 4; steps++) {
      for (int32_t kind = EDGE_BINARY_ADD; kind <= EDGE_BINARY_FMOD; kind++)
        test_binary(kind, n, steps & 1, steps >> 1);
      for (int32_t kind = EDGE_BINARY_ADD; kind <= EDGE_BINARY_MUL; kind++)
        test_binary_s8(kind, n, steps & 1, steps >> 1);
    }
    test_lut(n);
    test_quantize(n);
  }
  for (int32_t i = 0; i < 8; i++) {
    for (int32_t kind = EDGE_UNARY_RELU; kind <= EDGE_UNARY_SIGN; kind++)
      test_unary(kind, random_int(1000, 5000));
    test_binary(EDGE_BINARY_POW, 4000, 1, 1);
    test_binary_s8(EDGE_BINARY_ADD, 4000, 1, 1);
    test_binary_s8(EDGE_BINARY_MUL, 4000, 1, 1);
    test_lut(4000);
    test_quantize(4000);
  }
  return test_end();
}
