/*
 * Steps of recurrences of every table: products with 16-bit codes against naive sums in 64 bits, cells against the
 * unary and binary kernels of the first table; equal bytes, nothing written outside.
 */
#include "kernel_test.h"

/* Codes as the contract has them; returns what a step is worth. */
static float naive_codes(const float *x, int32_t k, int64_t *codes) {
  float largest = 0, limit = (float)edge_product_limit_s16(k);
  int finite = 1;
  for (int32_t i = 0; i < k; i++) {
    finite &= isfinite(x[i]) != 0;
    largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
  }
  int usable = finite && largest >= 0x1p-100f;
  for (int32_t i = 0; i < k; i++)
    codes[i] = usable ? (int64_t)rintf(x[i] * (limit / largest)) : 0;
  return !finite ? NAN : usable ? largest / limit : 0;
}

/* `extreme`: weights and codes whose sums come near the end of 32 bits. */
static void test_product(int32_t n, int32_t k, int extreme, int special) {
  char shape[64];
  snprintf(shape, sizeof shape, "%dx%d%s%s", n, k, extreme ? " extreme" : "", special ? " special" : "");
  int32_t k4 = (k + 3) / 4;
  guarded w = random_s8((int64_t)n * k4 * 4), x = special ? special_f32(k) : random_f32(k, -1.5f, 1);
  guarded scale = random_f32(n, 0, 0.01f), bias = random_f32(n, -1, 1);
  if (extreme) {
    memset(w.data, 0x80, (size_t)n * k4 * 4);
    for (int32_t i = 0; i < k; i++)
      ((float *)x.data)[i] = -1;
  }
  edge_product_s16 p = {n, k, (int8_t *)w.data, (float *)scale.data, (float *)bias.data};
  guarded expected = guarded_new((size_t)n * sizeof(float));
  int64_t *codes = calloc((size_t)k4 * 4 + 1, sizeof *codes);
  float step = naive_codes((float *)x.data, k, codes);
  for (int32_t i = 0; i < n; i++) {
    int64_t sum = 0;
    for (int32_t j = 0; j < k; j++)
      sum += ((int8_t *)w.data)[((i / 16 * (int64_t)k4 + j / 4) * 16 + i % 16) * 4 + j % 4] * codes[j];
    check(sum >= INT32_MIN && sum <= INT32_MAX, "a sum of %s leaves 32 bits", shape);
    float factor = p.scale[i] * step, scaled = (float)sum * factor;
    ((float *)expected.data)[i] = canonical(scaled + p.bias[i]);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes), room = guarded_new((size_t)k4 * 4 * sizeof(int16_t));
    test_tables[t]->product_s16(&p, (float *)x.data, (float *)y.data, (int16_t *)room.data);
    check_output(t, &y, expected.data, "product_s16", shape);
    check(guarded_intact(&room), "%s product_s16 room %s", test_tables[t]->isa, shape);
    free(y.block), free(room.block);
  }
  free(w.block), free(x.block), free(scale.block), free(bias.block), free(expected.block), free(codes);
}

static void sigmoid(float *v, int64_t n) { test_tables[0]->unary_f32(EDGE_UNARY_SIGMOID, v, v, n, 0, 0); }
static void squash(float *v, int64_t n) { test_tables[0]->unary_f32(EDGE_UNARY_TANH, v, v, n, 0, 0); }
static void combine(int32_t kind, float *a, const float *b, int64_t n) {
  test_tables[0]->binary_f32(kind, a, 1, b, 1, a, n);
}

/* z[gates][width] becomes what the cell works with. */
static void naive_cell(int32_t kind, const float *x, float *z, int64_t width, float *c, float *h, int64_t n) {
  int is_lstm = kind == EDGE_CELL_LSTM;
  for (int g = 0; g < (is_lstm ? 4 : 2); g++) {
    combine(EDGE_BINARY_ADD, z + g * width, x + g * n, n);
    if (g < 3)
      sigmoid(z + g * width, n);
  }
  float *last = z + (is_lstm ? 3 : 2) * width, one = 1;
  if (is_lstm) {
    squash(last, n);
    combine(EDGE_BINARY_MUL, c, z + 2 * width, n);
    combine(EDGE_BINARY_MUL, last, z, n);
    combine(EDGE_BINARY_ADD, c, last, n);
    memcpy(h, c, (size_t)n * sizeof *h);
    squash(h, n);
    combine(EDGE_BINARY_MUL, h, z + width, n);
    return;
  }
  combine(EDGE_BINARY_MUL, last, z + width, n);
  combine(EDGE_BINARY_ADD, last, x + 2 * n, n);
  squash(last, n);
  combine(EDGE_BINARY_MUL, h, z, n);
  test_tables[0]->binary_f32(EDGE_BINARY_SUB, &one, 0, z, 1, z, n);
  combine(EDGE_BINARY_MUL, last, z, n);
  combine(EDGE_BINARY_ADD, h, last, n);
}

static void test_cell(int32_t kind, int64_t n, int special) {
  char shape[64];
  snprintf(shape, sizeof shape, "kind %d, %lld units%s", kind, (long long)n, special ? " special" : "");
  int64_t gates = kind == EDGE_CELL_LSTM ? 4 : 3, width = (n + 15) / 16 * 16;
  guarded x = special ? special_f32(gates * n) : random_f32(gates * n, -4, 4);
  guarded z = special ? special_f32(gates * width) : random_f32(gates * width, -4, 4);
  guarded c = special ? special_f32(n) : random_f32(n, -2, 2), h = special ? special_f32(n) : random_f32(n, -1, 1);
  guarded sums = guarded_new(z.bytes), cells = guarded_new(c.bytes), states = guarded_new(h.bytes);
  memcpy(sums.data, z.data, z.bytes);
  memcpy(cells.data, c.data, c.bytes);
  memcpy(states.data, h.data, h.bytes);
  naive_cell(kind, (float *)x.data, (float *)sums.data, width, (float *)cells.data, (float *)states.data, n);
  for (int t = 0; t < test_table_count; t++) {
    guarded own = guarded_new(c.bytes), state = guarded_new(h.bytes);
    memcpy(own.data, c.data, c.bytes);
    memcpy(state.data, h.data, h.bytes);
    test_tables[t]->cell_f32(kind, (float *)x.data, (float *)z.data, width,
                             kind == EDGE_CELL_LSTM ? (float *)own.data : NULL, (float *)state.data, n);
    check_output(t, &state, states.data, "cell_f32, h", shape);
    check_output(t, &own, cells.data, "cell_f32, c", shape);
    free(own.block), free(state.block);
  }
  free(x.block), free(z.block), free(c.block), free(h.block), free(sums.block), free(cells.block), free(states.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int32_t i = 1; i <= 70; i++) {
    test_product(random_int(1, 9) * 16, i, 0, i % 8 == 0);
    test_product(random_int(1, 9) * 16, random_int(1, 2000), 0, 0);
    test_product(random_int(1, 5) * 16, random_int(1, 2000), 1, 0);
    for (int32_t kind = EDGE_CELL_LSTM; kind <= EDGE_CELL_GRU; kind++) {
      test_cell(kind, i, 0);
      test_cell(kind, i, 1);
    }
  }
  test_product(16, 0, 0, 0);
  test_product(32, 1032, 1, 0);
  test_product(16, 30000, 1, 0);
  return test_end();
}
