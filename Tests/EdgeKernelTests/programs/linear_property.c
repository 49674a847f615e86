/*
 * Layers of float activations and int8 weights of every table: codes by range and whole layers against naive loops in
 * the documented order of operations, equal bytes, any split of the units, nothing written outside.
 */
#include "kernel_test.h"
#include "sparse_blocks.h"

/* Of 8 lanes, then of the lanes in order: which of two equal zeros it is. */
static void range_of(const float *v, int32_t n, float *low, float *high) {
  float least[8], most[8];
  for (int l = 0; l < 8; l++)
    least[l] = INFINITY, most[l] = -INFINITY;
  for (int32_t i = 0; i < n; i++) {
    int l = i % 8;
    least[l] = v[i] < least[l] ? v[i] : least[l];
    most[l] = v[i] > most[l] ? v[i] : most[l];
  }
  for (int l = 1; l < 8; l++) {
    least[0] = least[l] < least[0] ? least[l] : least[0];
    most[0] = most[l] > most[0] ? most[l] : most[0];
  }
  *low = least[0] <= most[0] ? least[0] : 0;
  *high = least[0] <= most[0] ? most[0] : 0;
}

static void code_row(const float *x, const float *factor, int32_t n, int8_t *codes, float *low,
                     float *step) {
  float *v = malloc((size_t)n * sizeof *v), high;
  for (int32_t i = 0; i < n; i++)
    v[i] = factor ? x[i] * factor[i] : x[i];
  range_of(v, n, low, &high);
  float range = high - *low, inverse = range > 0 ? 255.0f / range : 0;
  for (int32_t i = 0; i < n; i++)
    codes[i] = requantize((v[i] - *low) * inverse, -128, -128, 127);
  *step = range / 255.0f;
  free(v);
}

static void test_codes(int32_t rows, int32_t n, int special) {
  char shape[64];
  int64_t x_row = n + random_int(0, 9);
  snprintf(shape, sizeof shape, "%dx%d", rows, n);
  guarded x = special ? special_f32(rows * x_row) : random_f32(rows * x_row, -3, 5);
  guarded factor = random_f32(n, 0.1f, 3), low = guarded_new((size_t)rows * 4), step = guarded_new((size_t)rows * 4);
  guarded expected = guarded_new((size_t)(rows * n));
  const float *f = random_int(0, 1) ? (float *)factor.data : NULL;
  for (int32_t r = 0; r < rows; r++)
    code_row((float *)x.data + r * x_row, f, n, (int8_t *)expected.data + r * n,
             (float *)low.data + r, (float *)step.data + r);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes), l = guarded_new(low.bytes), s = guarded_new(step.bytes);
    test_tables[t]->code_ranges((float *)x.data, x_row, f, (int8_t *)y.data, n, (float *)l.data,
                                (float *)s.data, rows, n);
    check_output(t, &y, expected.data, "code_ranges", shape);
    check_output(t, &l, low.data, "code_ranges' low", shape);
    check_output(t, &s, step.data, "code_ranges' step", shape);
    free(y.block), free(l.block), free(s.block);
  }
  free(x.block), free(factor.block), free(low.block), free(step.block), free(expected.block);
}

static void naive_layer(const edge_linear *p, const float *x, const float *residual, float *y) {
  int32_t k4 = (p->inputs + 3) / 4;
  int8_t *codes = malloc((size_t)p->inputs);
  for (int32_t r = 0; r < p->rows; r++, x += p->inputs) {
    float low, step;
    code_row(x, p->factor, p->inputs, codes, &low, &step);
    for (int32_t n = 0; n < p->outputs; n++, y++) {
      int32_t sum = 0;
      for (int32_t k = 0; k < p->inputs; k++)
        sum += (codes[k] + 128) * p->weights[((n / 16 * k4 + k / 4) * 16 + n % 16) * 4 + k % 4];
      float v = (float)sum * p->multiplier[n];
      v = canonical((v * step + low * p->offset[n]) + p->bias[n]);
      if (p->function)
        test_tables[0]->unary_f32(p->function, &v, &v, 1, p->alpha, p->beta);
      if (residual)
        v = canonical(v + *residual++);
      *y = v;
    }
  }
  free(codes);
}

static void test_layer(int32_t rows, int32_t inputs, int32_t outputs) {
  char shape[96];
  snprintf(shape, sizeof shape, "%dx%d to %d", rows, inputs, outputs);
  int32_t n16 = (outputs + 15) / 16 * 16, k4 = (inputs + 3) / 4;
  guarded x = random_f32((int64_t)rows * inputs, -3, 5), residual = random_f32((int64_t)rows * outputs, -1, 1);
  guarded factor = random_f32(inputs, 0.1f, 3), weights = random_s8((int64_t)n16 * k4 * 4);
  guarded multiplier = random_f32(n16, 0.001f, 0.01f), offset = random_f32(n16, -1, 1), bias = random_f32(n16, -1, 1);
  guarded sums = guarded_new((size_t)n16 * 4), expected = guarded_new((size_t)rows * (size_t)outputs * 4);
  for (int32_t i = 0; i < n16 * k4 * 4; i++) {
    int8_t *w = (int8_t *)weights.data + i;
    int32_t n = i / (k4 * 64) * 16 + i / 4 % 16, k = i / 64 % k4 * 4 + i % 4;
    *w = k < inputs && n < outputs ? *w == -128 ? -127 : *w : 0;
  }
  int8_t *values = NULL;
  edge_sparse sparse = {0};
  if (random_int(0, 1))
    sparse = sparse_blocks((int8_t *)weights.data, n16, k4, 1 << random_int(0, 2), random_int(0, 100), random_int, &values);
  for (int32_t n = 0; n < n16; n++) {
    int32_t sum = 0;
    for (int32_t k = 0; k < k4 * 4; k++)
      sum += ((int8_t *)weights.data)[((n / 16 * k4 + k / 4) * 16 + n % 16) * 4 + k % 4];
    ((int32_t *)sums.data)[n] = 128 * sum;
  }
  edge_linear p = {rows, inputs, outputs, (int8_t *)weights.data, {0}, random_int(0, 1) ? (float *)factor.data : NULL,
                   (int32_t *)sums.data, (float *)multiplier.data, (float *)offset.data, (float *)bias.data,
                   random_int(0, 1) ? EDGE_UNARY_GELU : 0, 0, 0};
  const float *add = random_int(0, 1) ? (float *)residual.data : NULL;
  naive_layer(&p, (float *)x.data, add, (float *)expected.data);
  if (values)
    p.sparse = sparse, p.weights = values;
  int32_t units = edge_linear_units(&p), cut = random_int(0, units);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes), scratch = guarded_new(edge_linear_scratch(&p));
    edge_linear_run(test_tables[t], &p, (float *)x.data, (float *)y.data, add, scratch.data, cut, units);
    edge_linear_run(test_tables[t], &p, (float *)x.data, (float *)y.data, add, scratch.data, 0, cut);
    check_output(t, &y, expected.data, "linear", shape);
    check(guarded_intact(&scratch), "%s linear %s: left its scratch", test_tables[t]->isa, shape);
    free(y.block), free(scratch.block);
  }
  free(values), free((void *)sparse.starts), free((void *)sparse.columns);
  free(x.block), free(residual.block), free(factor.block), free(weights.block), free(multiplier.block);
  free(offset.block), free(bias.block), free(sums.block), free(expected.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int32_t i = 1; i <= 70; i++) {
    test_codes(random_int(1, 20), i, i % 3 == 0);
    test_layer(i, random_int(1, 70), random_int(1, 70));
    test_layer(random_int(1, 20), i * 3, random_int(1, 300));
    test_layer(random_int(1, 100), random_int(1, 40), i * 4);
  }
  return test_end();
}
