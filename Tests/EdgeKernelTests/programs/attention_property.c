/*
 * Attention of every table: codes against naive loops in the documented order of operations, equal bytes and nothing
 * written outside; whole heads against the scalar table's bytes, and against softmax in double within what codes cost.
 */
#include "kernel_test.h"

static float largest_of(const float *x, int64_t step, int32_t n) {
  float most = 0;
  for (int32_t i = 0; i < n; i++)
    most = fabsf(x[i * step]) > most ? fabsf(x[i * step]) : most;
  return most;
}

static int8_t code_of(float x, float largest) {
  float v = x * (largest > 0 ? 127.0f / largest : 0.0f);
  return v != v ? -127 : requantize(v, 0, -127, 127);
}

/* What the pieces write besides codes: a step and a sum for each row or column. */
typedef struct vectors {
  guarded step, sum;
} vectors;

static vectors vectors_new(int32_t n) {
  return (vectors){guarded_new((size_t)n * 4), guarded_new((size_t)n * 4)};
}

static void check_vectors(int t, vectors *got, const vectors *expected, const char *what,
                          const char *shape) {
  check_output(t, &got->step, expected->step.data, what, shape);
  check_output(t, &got->sum, expected->sum.data, what, shape);
  free(got->step.block), free(got->sum.block);
}

static void test_rows(int32_t rows, int32_t n, int special) {
  char shape[64];
  int64_t x_row = n + random_int(0, 9), bytes = (n + 3) / 4 * 4;
  snprintf(shape, sizeof shape, "%dx%d", rows, n);
  guarded x = special ? special_f32(rows * x_row) : random_f32(rows * x_row, -3, 5);
  guarded expected = guarded_new((size_t)(rows * bytes));
  vectors v = vectors_new(rows);
  memset(expected.data, 0, expected.bytes);
  for (int32_t r = 0; r < rows; r++) {
    const float *in = (float *)x.data + r * x_row;
    float largest = largest_of(in, 1, n);
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
      int8_t code = code_of(in[i], largest);
      expected.data[r * bytes + i] = (unsigned char)code;
      sum += code;
    }
    ((float *)v.step.data)[r] = largest / 127.0f;
    ((int32_t *)v.sum.data)[r] = sum;
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    vectors w = vectors_new(rows);
    test_tables[t]->code_rows((float *)x.data, x_row, (int8_t *)y.data, bytes, (float *)w.step.data,
                              (int32_t *)w.sum.data, rows, n);
    check_output(t, &y, expected.data, "code_rows", shape);
    check_vectors(t, &w, &v, "code_rows", shape);
    free(y.block);
  }
  free(x.block), free(expected.block), free(v.step.block), free(v.sum.block);
}

static void test_columns(int32_t rows, int32_t n, int special) {
  char shape[64];
  int64_t x_row = n + random_int(0, 9);
  int32_t n16 = (n + 15) / 16 * 16, rows4 = (rows + 3) / 4;
  snprintf(shape, sizeof shape, "%dx%d", rows, n);
  guarded x = special ? special_f32(rows * x_row) : random_f32(rows * x_row, -3, 5);
  guarded expected = guarded_new((size_t)(n16 * rows4 * 4));
  vectors v = vectors_new(n16);
  memset(expected.data, 0, expected.bytes);
  memset(v.step.data, 0, v.step.bytes);
  memset(v.sum.data, 0, v.sum.bytes);
  for (int32_t c = 0; c < n; c++) {
    const float *in = (float *)x.data + c;
    float largest = largest_of(in, x_row, rows);
    for (int32_t r = 0; r < rows; r++) {
      int8_t code = code_of(in[r * x_row], largest);
      expected.data[((c / 16 * rows4 + r / 4) * 16 + c % 16) * 4 + r % 4] = (unsigned char)code;
      ((int32_t *)v.sum.data)[c] += code;
    }
    ((float *)v.step.data)[c] = largest / 127.0f;
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    vectors w = vectors_new(n16);
    test_tables[t]->code_columns((float *)x.data, x_row, (int8_t *)y.data, (float *)w.step.data,
                                 (int32_t *)w.sum.data, rows, n);
    check_output(t, &y, expected.data, "code_columns", shape);
    check_vectors(t, &w, &v, "code_columns", shape);
    free(y.block);
  }
  free(x.block), free(expected.block), free(v.step.block), free(v.sum.block);
}

/* The scalar table's own maximum and exp; products and rounding by the book. */
static void test_weights(int32_t n, int masked, int special) {
  char shape[64];
  snprintf(shape, sizeof shape, "%d%s", n, masked ? " masked" : "");
  guarded x = special ? special_f32(n) : random_f32(n, -9, 9), mask = random_f32(n, -2, 0);
  guarded scores = guarded_new(x.bytes), codes = guarded_new((size_t)n);
  const edge_kernels *k = test_tables[0];
  float factor = random_float(0, 2), max, *v = (float *)scores.data;
  int32_t sum = 0;
  for (int32_t i = 0; i < n; i++) {
    v[i] = ((float *)x.data)[i] * factor;
    if (masked)
      v[i] = v[i] + ((float *)mask.data)[i];
  }
  k->reduce_f32(EDGE_REDUCE_MAX, v, &max, 1, n, 1);
  for (int32_t i = 0; i < n; i++) {
    float e = v[i] - max;
    k->unary_f32(EDGE_UNARY_EXP, &e, &e, 1, 0, 0);
    e = e * 255.0f;
    int32_t code = e != e ? 0 : (int32_t)nearbyintf(e);
    codes.data[i] = (unsigned char)(code - 128);
    sum += code;
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(codes.bytes), s = guarded_new(x.bytes);
    memcpy(s.data, x.data, x.bytes);
    int32_t got = test_tables[t]->softmax_codes(
        (float *)s.data, masked ? (float *)mask.data : NULL, (int8_t *)y.data, n, factor);
    check(got == sum, "%s softmax_codes %s: sum %d, not %d", test_tables[t]->isa, shape, got, sum);
    check_output(t, &y, codes.data, "softmax_codes", shape);
    free(y.block), free(s.block);
  }
  free(x.block), free(mask.block), free(scores.block), free(codes.block);
}

static void naive_head(const edge_attention *p, const float *q, const float *k, const float *v,
                       const float *mask, double *y) {
  double *weight = malloc((size_t)p->keys * sizeof *weight);
  for (int32_t r = 0; r < p->rows; r++, y += p->value_size) {
    double max = -INFINITY, sum = 0;
    for (int32_t j = 0; j < p->keys; j++) {
      double score = 0;
      for (int32_t i = 0; i < p->size; i++)
        score += (double)q[r * p->q_row + i] * k[j * p->k_row + i];
      weight[j] = score * p->scale + (mask ? mask[r * p->mask_row + j] : 0);
      max = weight[j] > max ? weight[j] : max;
    }
    for (int32_t j = 0; j < p->keys; j++)
      sum += weight[j] = exp(weight[j] - max);
    for (int32_t i = 0; i < p->value_size; i++) {
      y[i] = 0;
      for (int32_t j = 0; j < p->keys; j++)
        y[i] += weight[j] / sum * v[j * p->v_row + i];
    }
  }
  free(weight);
}

static void test_head(int32_t rows, int32_t keys, int32_t size, int32_t value_size, int is_s8) {
  char shape[96];
  int masked = random_int(0, 2);
  edge_attention p = {.rows = rows, .keys = keys, .size = size, .value_size = value_size, .is_s8 = is_s8};
  p.q_row = size + random_int(0, 5);
  p.k_row = size + random_int(0, 5);
  p.v_row = value_size + random_int(0, 5);
  p.y_row = value_size;
  p.mask_row = masked == 2 ? keys : 0;
  p.scale = 1 / sqrtf((float)size);
  snprintf(shape, sizeof shape, "%s %d over %d, %d and %d, mask %d", is_s8 ? "int8" : "f32", rows,
           keys, size, value_size, masked);
  guarded q = random_f32(rows * p.q_row, -2, 2), k = random_f32(keys * p.k_row, -2, 2);
  guarded v = random_f32(keys * p.v_row, -1, 1), mask = random_f32((int64_t)rows * keys, -3, 0);
  guarded expected = guarded_new((size_t)rows * (size_t)value_size * 4);
  guarded expected_received = guarded_new((size_t)keys * 4);
  const float *m = masked ? (float *)mask.data : NULL;
  double *naive = malloc((size_t)rows * (size_t)value_size * sizeof *naive), error = 0, signal = 1e-9;
  naive_head(&p, (float *)q.data, (float *)k.data, (float *)v.data, m, naive);
  size_t bytes = edge_attention_scratch(&p);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes), scratch = guarded_new(bytes);
    guarded received = guarded_new((size_t)keys * 4);
    edge_attention_head(test_tables[t], &p, (float *)q.data, (float *)k.data, (float *)v.data, m,
                        (float *)y.data, (float *)received.data, scratch.data);
    if (t == 0) {
      memcpy(expected.data, y.data, y.bytes);
      memcpy(expected_received.data, received.data, received.bytes);
      double sum = 0;
      for (int32_t i = 0; i < keys; i++)
        sum += ((float *)received.data)[i];
      check(sum > rows * 0.9999 && sum < rows * 1.0001, "%d queries give %g", rows, sum);
    }
    check_output(t, &y, expected.data, "attention", shape);
    check_output(t, &received, expected_received.data, "attention received", shape);
    check(guarded_intact(&scratch), "%s attention %s: left its scratch", test_tables[t]->isa, shape);
    free(y.block), free(scratch.block), free(received.block);
  }
  for (int32_t i = 0; i < rows * value_size; i++) {
    double difference = ((float *)expected.data)[i] - naive[i];
    error += difference * difference;
    signal += naive[i] * naive[i];
  }
  double floor = is_s8 ? 1e-5 * rows * value_size : 0;
  check(error < (is_s8 ? 1e-3 : 1e-10) * signal + floor, "attention %s: noise %g of the signal", shape, error / signal);
  for (int32_t less = 1; less < rows && less < 3; less++) {
    edge_attention smaller = p;
    smaller.rows -= less;
    smaller.keys = keys > less ? keys - less : keys;
    check(edge_attention_scratch(&smaller) <= bytes, "attention %s: a smaller one wants more", shape);
  }
  free(q.block), free(k.block), free(v.block), free(mask.block), free(expected.block), free(naive);
  free(expected_received.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int32_t i = 1; i <= 70; i++) {
    test_rows(random_int(1, 20), i, i % 4 == 0);
    test_columns(i, random_int(1, 70), i % 4 == 0);
    test_columns(random_int(1, 70), i, i % 4 == 1);
    test_weights(i, i & 1, i % 5 == 0);
    for (int is_s8 = 0; is_s8 < 2; is_s8++) {
      test_head(i * 2, random_int(1, 90), random_int(1, 40), random_int(1, 40), is_s8);
      test_head(random_int(1, 9), i * 3, random_int(1, 70), random_int(1, 70), is_s8);
    }
  }
  return test_end();
}
