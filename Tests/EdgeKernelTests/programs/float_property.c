/*
 * Float convolutions, products and reductions of every table against naive loops in the documented order of
 * operations: equal bytes, any split of the units, nothing written outside.
 */
#include "kernel_test.h"

static float finish(const edge_epilogue *e, float v, int64_t offset) {
  if (e->slope != 1.0f)
    v = v < 0 ? v * e->slope : v;
  if (e->residual)
    v = v + ((const float *)e->residual)[offset];
  v = v > e->high_f ? e->high_f : v;
  return canonical(v < e->low_f ? e->low_f : v);
}

static float tap(const edge_conv *p, const float *x, int32_t n, int32_t iy, int32_t ix, int32_t c) {
  if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
    return 0;
  return x[(((int64_t)n * p->in_h + iy) * p->in_w + ix) * p->in_stride + c];
}

/* Weights as the kernels want them: [N/16][K][16], depthwise [C/16][taps][16]. */
static void naive_conv(const edge_conv *p, const float *x, float *y, int depthwise) {
  int32_t k_count = p->kernel_h * p->kernel_w * (depthwise ? 1 : p->in_c);
  for (int64_t pixel = 0; pixel < (int64_t)p->batch * p->out_h * p->out_w; pixel++)
    for (int32_t m = 0; m < p->out_c; m++) {
      int32_t ox = (int32_t)(pixel % p->out_w), oy = (int32_t)(pixel / p->out_w % p->out_h);
      int32_t n = (int32_t)(pixel / p->out_w / p->out_h);
      const float *w = (const float *)p->weights + (int64_t)(m / 16) * k_count * 16 + m % 16;
      float v = p->epilogue.bias_f[m];
      for (int32_t ky = 0; ky < p->kernel_h; ky++)
        for (int32_t kx = 0; kx < p->kernel_w; kx++)
          for (int32_t c = 0; c < (depthwise ? 1 : p->in_c); c++, w += 16)
            v = fmaf(tap(p, x, n, oy * p->stride_h + ky * p->dilation_h - p->pad_top,
                         ox * p->stride_w + kx * p->dilation_w - p->pad_left, depthwise ? m : c),
                     *w, v);
      y[pixel * p->out_stride + m] = finish(&p->epilogue, v, pixel * p->out_stride + m);
    }
}

static edge_conv random_conv(int depthwise, int32_t in_c, int32_t out_c) {
  edge_conv p = {.batch = random_int(1, 2), .in_c = in_c, .out_c = depthwise ? in_c : out_c};
  p.kernel_h = random_int(1, 4);
  p.kernel_w = random_int(1, 4);
  p.stride_h = random_int(1, 2);
  p.stride_w = random_int(1, 2);
  p.dilation_h = random_int(1, 2);
  p.dilation_w = random_int(1, 2);
  if (random_bits() % 3 == 0) {
    p.kernel_h = p.kernel_w = p.stride_h = p.stride_w = 1;
  } else {
    p.pad_top = random_int(0, 2);
    p.pad_left = random_int(0, 2);
  }
  p.out_h = random_int(1, 7);
  p.out_w = random_int(1, random_bits() % 8 ? 13 : 120);
  if (random_bits() % 4 == 0) {
    p.batch = p.out_h = 1;
    p.out_w = random_int(1, 6);
  }
  int32_t need_h = (p.out_h - 1) * p.stride_h + (p.kernel_h - 1) * p.dilation_h + 1 - p.pad_top;
  int32_t need_w = (p.out_w - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w + 1 - p.pad_left;
  p.in_h = need_h - random_int(0, 2);
  p.in_w = need_w - random_int(0, 2);
  p.in_h = p.in_h < 1 ? 1 : p.in_h;
  p.in_w = p.in_w < 1 ? 1 : p.in_w;
  int32_t groups = depthwise ? 1 : random_bits() % 4 ? 1 : 2;
  p.in_stride = p.in_c * groups;
  p.out_stride = p.out_c * groups;
  return p;
}

typedef void (*conv_kernel)(const edge_conv *, const float *, float *, void *, int32_t, int32_t);

/* One random split of the units, in random order of its two parts. */
static void run_units(conv_kernel kernel, const edge_conv *p, const float *x, float *y, int32_t units,
                      size_t scratch_bytes, int32_t split) {
  guarded scratch = guarded_new(scratch_bytes);
  kernel(p, x, y, scratch.data, split, units);
  kernel(p, x, y, scratch.data, 0, split);
  check(guarded_intact(&scratch), "scratch overrun");
  free(scratch.block);
}

static void test_conv(int depthwise, int32_t in_c, int32_t out_c) {
  edge_conv p = random_conv(depthwise, in_c, out_c);
  int32_t n16 = (p.out_c + 15) / 16 * 16;
  int64_t k = (int64_t)p.kernel_h * p.kernel_w * (depthwise ? 1 : p.in_c);
  int64_t pixels = (int64_t)p.batch * p.out_h * p.out_w;
  int64_t inputs = (int64_t)p.batch * p.in_h * p.in_w * p.in_stride;
  char shape[160];
  snprintf(shape, sizeof shape, "%dx%dx%dx%d/%d -> %dx%dx%d/%d kernel %dx%d stride %d %d dilation %d %d pad %d %d",
           p.batch, p.in_h, p.in_w, p.in_c, p.in_stride, p.out_h, p.out_w, p.out_c, p.out_stride,
           p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h, p.dilation_w, p.pad_top, p.pad_left);
  guarded x = random_f32(inputs, -2, 2), w = random_f32(n16 * k, -1, 1), bias = random_f32(n16, -1, 1);
  guarded residual = random_f32(pixels * p.out_stride, -4, 4);
  for (int64_t i = 0; i < n16 * k; i++)
    if (i / (16 * k) * 16 + i % 16 >= p.out_c)
      ((float *)w.data)[i] = 0;
  if (random_bits() % 8 == 0 && inputs > 3)
    ((float *)x.data)[3] = random_special();
  p.weights = w.data;
  p.epilogue.bias_f = (const float *)bias.data;
  p.epilogue.residual = random_bits() % 2 ? residual.data : NULL;
  p.epilogue.slope = random_bits() % 2 ? 1.0f : 0.1f;
  p.epilogue.low_f = random_bits() % 2 ? 0.0f : -INFINITY;
  p.epilogue.high_f = random_bits() % 2 ? 6.0f : INFINITY;
  size_t bytes = (size_t)(pixels * p.out_stride) * sizeof(float);
  guarded expected = guarded_new(bytes);
  naive_conv(&p, (float *)x.data, (float *)expected.data, depthwise);
  int32_t units = depthwise ? edge_depthwise_units_f32(&p) : edge_conv_units_f32(&p);
  size_t scratch = depthwise ? edge_depthwise_scratch_f32(&p) : edge_conv_scratch_f32(&p);
  int32_t split = random_int(0, units);
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(bytes);
    run_units(depthwise ? test_tables[t]->depthwise_f32 : test_tables[t]->conv_f32, &p,
              (float *)x.data, (float *)y.data, units, scratch, split);
    check_output(t, &y, expected.data, depthwise ? "depthwise_f32" : "conv_f32", shape);
    free(y.block);
  }
  free(x.block), free(w.block), free(bias.block), free(residual.block), free(expected.block);
}

static void test_matmul(int32_t m, int32_t n, int32_t k) {
  char shape[96];
  int a_turned = random_bits() % 3 == 0, b_turned = random_bits() % 2;
  int64_t extra = random_int(0, 3);
  edge_matmul_f32 p = {.m = m, .n = n, .k = k, .a_row = a_turned ? 1 : k + extra,
                       .a_col = a_turned ? m + extra : 1, .b_row = b_turned ? 1 : n + extra,
                       .b_col = b_turned ? k + extra : 1, .c_row = n + extra};
  snprintf(shape, sizeof shape, "%dx%dx%d turned %d %d extra %lld", m, n, k, a_turned, b_turned,
           (long long)extra);
  guarded a = random_f32((m + extra) * (k + extra), -1, 1), b = random_f32((n + extra) * (k + extra), -1, 1);
  guarded expected = guarded_new((size_t)(m * p.c_row) * sizeof(float));
  for (int32_t i = 0; i < m; i++)
    for (int32_t j = 0; j < n; j++) {
      float v = 0;
      for (int32_t q = 0; q < k; q++)
        v = fmaf(((float *)a.data)[i * p.a_row + q * p.a_col],
                 ((float *)b.data)[q * p.b_row + j * p.b_col], v);
      ((float *)expected.data)[i * p.c_row + j] = canonical(v);
    }
  int32_t split = random_int(0, m);
  for (int t = 0; t < test_table_count; t++) {
    guarded c = guarded_new(expected.bytes), scratch = guarded_new(edge_matmul_scratch_f32(&p));
    test_tables[t]->matmul_f32(&p, (float *)a.data, (float *)b.data, (float *)c.data, scratch.data, split, m);
    test_tables[t]->matmul_f32(&p, (float *)a.data, (float *)b.data, (float *)c.data, scratch.data, 0, split);
    check_output(t, &c, expected.data, "matmul_f32", shape);
    check(guarded_intact(&scratch), "%s matmul scratch %s", test_tables[t]->isa, shape);
    free(c.block), free(scratch.block);
  }
  free(a.block), free(b.block), free(expected.block);
}

static float combine(int32_t kind, float sum, float x) {
  if (kind == EDGE_REDUCE_MAX)
    return isnan(sum) || isnan(x) ? NAN : x > sum ? x : sum;
  if (kind == EDGE_REDUCE_MIN)
    return isnan(sum) || isnan(x) ? NAN : x < sum ? x : sum;
  return sum + x;
}

/* 8 lanes, then the tree. */
static float lanes(int32_t kind, const float *x, int64_t n) {
  float lane[8];
  for (int l = 0; l < 8; l++)
    lane[l] = kind == EDGE_REDUCE_MAX ? -INFINITY : kind == EDGE_REDUCE_MIN ? INFINITY : 0;
  for (int64_t i = 0; i < n; i++) {
    float square = x[i] * x[i];
    lane[i % 8] = combine(kind, lane[i % 8], kind == EDGE_REDUCE_SUM_SQUARE ? square : x[i]);
  }
  for (int step = 4; step; step /= 2)
    for (int l = 0; l < step; l++)
      lane[l] = combine(kind, lane[l], lane[l + step]);
  return lane[0];
}

static void test_reduce(int32_t kind, int64_t outer, int64_t n, int64_t inner, int special) {
  char shape[96];
  snprintf(shape, sizeof shape, "kind %d %lldx%lldx%lld", kind, (long long)outer, (long long)n, (long long)inner);
  guarded x = special ? special_f32(outer * n * inner) : random_f32(outer * n * inner, -3, 3);
  guarded expected = guarded_new((size_t)(outer * inner) * sizeof(float));
  for (int64_t o = 0; o < outer * inner; o++) {
    const float *in = (float *)x.data + o / inner * n * inner + o % inner;
    float v = kind == EDGE_REDUCE_MAX ? -INFINITY : kind == EDGE_REDUCE_MIN ? INFINITY : 0;
    for (int64_t i = 0; i < n; i++) {
      float square = in[i * inner] * in[i * inner];
      v = combine(kind, v, kind == EDGE_REDUCE_SUM_SQUARE ? square : in[i * inner]);
    }
    if (inner == 1)
      v = lanes(kind, in, n);
    ((float *)expected.data)[o] = canonical(kind == EDGE_REDUCE_MEAN ? v / (float)n : v);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    test_tables[t]->reduce_f32(kind, (float *)x.data, (float *)y.data, outer, n, inner);
    check_output(t, &y, expected.data, "reduce_f32", shape);
    free(y.block);
  }
  free(x.block), free(expected.block);
}

/* The scalar table's own exp; the sum and the product with its reciprocal by the book. */
static void test_softmax(int64_t rows, int64_t n, int special) {
  char shape[64];
  snprintf(shape, sizeof shape, "%lldx%lld", (long long)rows, (long long)n);
  guarded x = special ? special_f32(rows * n) : random_f32(rows * n, -20, 20);
  guarded expected = guarded_new((size_t)(rows * n) * sizeof(float));
  for (int64_t r = 0; r < rows; r++) {
    const float *in = (float *)x.data + r * n;
    float *out = (float *)expected.data + r * n, max = lanes(EDGE_REDUCE_MAX, in, n);
    for (int64_t i = 0; i < n; i++) {
      float v = in[i] - max;
      test_tables[0]->unary_f32(EDGE_UNARY_EXP, &v, &out[i], 1, 0, 0);
    }
    float scale = 1 / lanes(EDGE_REDUCE_SUM, out, n);
    for (int64_t i = 0; i < n; i++)
      out[i] = canonical(out[i] * scale);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    test_tables[t]->softmax_f32((float *)x.data, (float *)y.data, rows, n);
    check_output(t, &y, expected.data, "softmax_f32", shape);
    memcpy(y.data, x.data, x.bytes);
    test_tables[t]->softmax_f32((float *)y.data, (float *)y.data, rows, n);
    check_output(t, &y, expected.data, "softmax_f32 in place", shape);
    free(y.block);
  }
  free(x.block), free(expected.block);
}

/* The steps as kernels of their own: the fused rows must give their bits. */
static void test_normalize(int64_t rows, int64_t n, int special) {
  char shape[64];
  int centred = random_int(0, 1), scaled = random_int(0, 1), shifted = random_int(0, 1);
  snprintf(shape, sizeof shape, "%lldx%lld %d%d%d", (long long)rows, (long long)n, centred, scaled, shifted);
  guarded x = special ? special_f32(rows * n) : random_f32(rows * n, -3, 5);
  guarded scale = random_f32(n, -2, 2), shift = random_f32(n, -2, 2);
  edge_normalize p = {n, special ? 0.0f : 1e-5f, centred, scaled ? (float *)scale.data : NULL,
                      shifted ? (float *)shift.data : NULL};
  guarded expected = guarded_new((size_t)(rows * n) * sizeof(float));
  const edge_kernels *k = test_tables[0];
  for (int64_t r = 0; r < rows; r++) {
    float *out = (float *)expected.data + r * n, mean, root;
    memcpy(out, (float *)x.data + r * n, (size_t)n * sizeof *out);
    if (centred) {
      k->reduce_f32(EDGE_REDUCE_MEAN, out, &mean, 1, n, 1);
      k->binary_f32(EDGE_BINARY_SUB, out, 1, &mean, 0, out, n);
    }
    k->reduce_f32(EDGE_REDUCE_SUM_SQUARE, out, &root, 1, n, 1);
    root = canonical(root / (float)n + p.epsilon);
    k->unary_f32(EDGE_UNARY_SQRT, &root, &root, 1, 0, 0);
    k->binary_f32(EDGE_BINARY_DIV, out, 1, &root, 0, out, n);
    if (scaled)
      k->binary_f32(EDGE_BINARY_MUL, out, 1, p.scale, 1, out, n);
    if (shifted)
      k->binary_f32(EDGE_BINARY_ADD, out, 1, p.shift, 1, out, n);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    test_tables[t]->normalize_f32(&p, (float *)x.data, (float *)y.data, rows);
    check_output(t, &y, expected.data, "normalize_f32", shape);
    memcpy(y.data, x.data, expected.bytes);
    test_tables[t]->normalize_f32(&p, (float *)y.data, (float *)y.data, rows);
    check_output(t, &y, expected.data, "normalize_f32 in place", shape);
    free(y.block);
  }
  free(x.block), free(scale.block), free(shift.block), free(expected.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int32_t i = 1; i <= 70; i++) {
    test_conv(0, i, random_int(1, 70));
    test_conv(0, random_int(1, 70), i);
    test_conv(0, random_int(1, 6), 2 * i);
    test_conv(1, i, 0);
    test_matmul(i, random_int(1, 70), random_int(0, 70));
    test_matmul(random_int(1, 70), i, random_int(0, 70));
    test_matmul(random_int(1, 20), random_int(1, 70), i);
    for (int32_t kind = EDGE_REDUCE_SUM; kind <= EDGE_REDUCE_SUM_SQUARE; kind++) {
      test_reduce(kind, random_int(1, 3), i, 1, i & 1);
      test_reduce(kind, random_int(1, 3), random_int(1, 20), i, i & 1);
    }
    test_softmax(random_int(1, 4), i, i % 4 == 0);
    for (int j = 0; j < 4; j++)
      test_normalize(random_int(1, 4), i, j == 3);
  }
  return test_end();
}
