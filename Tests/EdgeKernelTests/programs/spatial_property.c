/* Pools, resizes, int8 means, copies, fills and the Fourier transform against naive loops. */
#include "kernel_test.h"

static edge_pool random_pool(int32_t channels) {
  edge_pool p = {.batch = random_int(1, 2), .channels = channels, .out_h = random_int(1, 6), .out_w = random_int(1, 9)};
  p.kernel_h = random_int(1, 4);
  p.kernel_w = random_int(1, 4);
  p.stride_h = random_int(1, 3);
  p.stride_w = random_int(1, 3);
  p.dilation_h = random_int(1, 2);
  p.dilation_w = random_int(1, 2);
  p.pad_top = random_int(0, p.kernel_h - 1);
  p.pad_left = random_int(0, p.kernel_w - 1);
  p.in_h = (p.out_h - 1) * p.stride_h + (p.kernel_h - 1) * p.dilation_h + 1 - p.pad_top - random_int(0, 1);
  p.in_w = (p.out_w - 1) * p.stride_w + (p.kernel_w - 1) * p.dilation_w + 1 - p.pad_left - random_int(0, 1);
  p.in_h = p.in_h < 1 ? 1 : p.in_h;
  p.in_w = p.in_w < 1 ? 1 : p.in_w;
  p.count_include_pad = (int32_t)(random_bits() & 1);
  p.ratio = random_float(0.5f, 2.0f);
  p.in_zero = random_int(-128, 127);
  p.out_zero = random_int(-128, 127);
  return p;
}

typedef struct window {
  int32_t count, max_s8, sum_s8;
  float max_f32, sum_f32;
} window;

static window naive_window(const edge_pool *p, const int8_t *q, const float *x, int64_t index) {
  int32_t c = (int32_t)(index % p->channels), ox = (int32_t)(index / p->channels % p->out_w);
  int32_t oy = (int32_t)(index / p->channels / p->out_w % p->out_h);
  int64_t n = index / p->channels / p->out_w / p->out_h;
  window w = {.max_s8 = -128, .max_f32 = -INFINITY};
  for (int32_t ky = 0; ky < p->kernel_h; ky++)
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      int32_t iy = oy * p->stride_h + ky * p->dilation_h - p->pad_top;
      int32_t ix = ox * p->stride_w + kx * p->dilation_w - p->pad_left;
      if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
        continue;
      int64_t at = ((n * p->in_h + iy) * p->in_w + ix) * p->channels + c;
      w.count++;
      w.max_s8 = q[at] > w.max_s8 ? q[at] : w.max_s8;
      w.sum_s8 += q[at];
      w.max_f32 = isnan(x[at]) || x[at] > w.max_f32 ? x[at] : w.max_f32;
      w.sum_f32 += x[at];
    }
  return w;
}

static void test_pool(int32_t channels) {
  edge_pool p = random_pool(channels);
  char shape[160];
  snprintf(shape, sizeof shape, "%dx%dx%dx%d -> %dx%d kernel %dx%d stride %d %d dilation %d %d pad %d %d", p.batch, p.in_h,
           p.in_w, channels, p.out_h, p.out_w, p.kernel_h, p.kernel_w, p.stride_h, p.stride_w, p.dilation_h,
           p.dilation_w, p.pad_top, p.pad_left);
  int64_t in = (int64_t)p.batch * p.in_h * p.in_w * channels, out = (int64_t)p.batch * p.out_h * p.out_w * channels;
  guarded q = random_s8(in), x = random_f32(in, -3, 3);
  guarded e[4] = {guarded_new((size_t)out), guarded_new((size_t)out), guarded_new((size_t)out * 4), guarded_new((size_t)out * 4)};
  for (int64_t i = 0; i < out; i++) {
    window w = naive_window(&p, (int8_t *)q.data, (float *)x.data, i);
    int32_t count = p.count_include_pad ? p.kernel_h * p.kernel_w : w.count;
    float multiplier = p.ratio / (float)count;
    e[0].data[i] = (unsigned char)w.max_s8;
    e[1].data[i] = (unsigned char)requantize((float)(w.sum_s8 - w.count * p.in_zero) * multiplier, p.out_zero, -128, 127);
    ((float *)e[2].data)[i] = canonical(w.max_f32);
    ((float *)e[3].data)[i] = canonical(w.sum_f32 / (float)count);
  }
  int32_t rows = p.batch * p.out_h, split = random_int(0, rows);
  for (int t = 0; t < test_table_count; t++) {
    const edge_kernels *k = test_tables[t];
    guarded y[4] = {guarded_new((size_t)out), guarded_new((size_t)out), guarded_new((size_t)out * 4), guarded_new((size_t)out * 4)};
    for (int part = 0; part < 2; part++) {
      int32_t begin = part ? 0 : split, end = part ? split : rows;
      k->max_pool_s8(&p, (int8_t *)q.data, (int8_t *)y[0].data, begin, end);
      k->average_pool_s8(&p, (int8_t *)q.data, (int8_t *)y[1].data, begin, end);
      k->max_pool_f32(&p, (float *)x.data, (float *)y[2].data, begin, end);
      k->average_pool_f32(&p, (float *)x.data, (float *)y[3].data, begin, end);
    }
    static const char *const names[] = {"max_pool_s8", "average_pool_s8", "max_pool_f32", "average_pool_f32"};
    for (int i = 0; i < 4; i++) {
      check_output(t, &y[i], e[i].data, names[i], shape);
      free(y[i].block);
    }
  }
  for (int i = 0; i < 4; i++)
    free(e[i].block);
  free(q.block), free(x.block);
}

enum { SIDE = 12 };

static float mix(float x00, float x01, float x10, float x11, float rw, float cw) {
  float a = x00 * (1 - cw), b = x01 * cw, top = a + b;
  float c = x10 * (1 - cw), d = x11 * cw, bottom = c + d;
  float u = top * (1 - rw), v = bottom * rw;
  return u + v;
}

static void test_resize(int32_t channels) {
  int32_t index[4][SIDE];
  float weight[2][SIDE];
  edge_resize p = {.batch = random_int(1, 2), .in_h = random_int(1, 8), .in_w = random_int(1, 8), .channels = channels,
                   .out_h = random_int(1, SIDE), .out_w = random_int(1, SIDE), .row0 = index[0], .row1 = index[1],
                   .col0 = index[2], .col1 = index[3], .row_weight = weight[0], .col_weight = weight[1],
                   .in_zero = random_int(-128, 127)};
  for (int32_t i = 0; i < SIDE; i++) {
    for (int32_t j = 0; j < 4; j++)
      index[j][i] = random_int(0, (j < 2 ? p.in_h : p.in_w) - 1);
    weight[0][i] = random_bits() % 4 ? random_float(0, 1) : 0.5f;
    weight[1][i] = random_bits() % 4 ? random_float(0, 1) : 0.0f;
  }
  char shape[96];
  snprintf(shape, sizeof shape, "%dx%dx%dx%d -> %dx%d", p.batch, p.in_h, p.in_w, channels, p.out_h, p.out_w);
  int64_t in = (int64_t)p.batch * p.in_h * p.in_w * channels, out = (int64_t)p.batch * p.out_h * p.out_w * channels;
  guarded q = random_s8(in), x = random_f32(in, -3, 3);
  guarded e[4] = {guarded_new((size_t)out), guarded_new((size_t)out), guarded_new((size_t)out * 4), guarded_new((size_t)out * 4)};
  for (int64_t i = 0; i < out; i++) {
    int32_t c = (int32_t)(i % channels), ox = (int32_t)(i / channels % p.out_w);
    int32_t oy = (int32_t)(i / channels / p.out_w % p.out_h);
    int64_t n = i / channels / p.out_w / p.out_h, at[4];
    for (int32_t j = 0; j < 4; j++)
      at[j] = ((n * p.in_h + index[j / 2][oy]) * p.in_w + index[2 + j % 2][ox]) * channels + c;
    float f[4], g[4];
    for (int32_t j = 0; j < 4; j++)
      f[j] = ((float *)x.data)[at[j]], g[j] = (float)(((int8_t *)q.data)[at[j]] - p.in_zero);
    e[0].data[i] = q.data[at[0]];
    e[1].data[i] = (unsigned char)requantize(mix(g[0], g[1], g[2], g[3], weight[0][oy], weight[1][ox]), p.in_zero, -128, 127);
    ((float *)e[2].data)[i] = f[0];
    ((float *)e[3].data)[i] = canonical(mix(f[0], f[1], f[2], f[3], weight[0][oy], weight[1][ox]));
  }
  int32_t rows = p.batch * p.out_h, split = random_int(0, rows);
  for (int t = 0; t < test_table_count; t++) {
    const edge_kernels *k = test_tables[t];
    guarded y[4] = {guarded_new((size_t)out), guarded_new((size_t)out), guarded_new((size_t)out * 4), guarded_new((size_t)out * 4)};
    for (int part = 0; part < 2; part++) {
      int32_t begin = part ? 0 : split, end = part ? split : rows;
      k->resize_nearest(&p, q.data, y[0].data, 1, begin, end);
      k->resize_linear_s8(&p, (int8_t *)q.data, (int8_t *)y[1].data, begin, end);
      k->resize_nearest(&p, x.data, y[2].data, 4, begin, end);
      k->resize_linear_f32(&p, (float *)x.data, (float *)y[3].data, begin, end);
    }
    static const char *const names[] = {"resize_nearest s8", "resize_linear_s8", "resize_nearest f32", "resize_linear_f32"};
    for (int i = 0; i < 4; i++) {
      check_output(t, &y[i], e[i].data, names[i], shape);
      free(y[i].block);
    }
  }
  for (int i = 0; i < 4; i++)
    free(e[i].block);
  free(q.block), free(x.block);
}

static int8_t reduced_s8(int32_t kind, const int8_t *x, int64_t n, int64_t inner, float ratio, int32_t in_zero,
                         int32_t out_zero) {
  int32_t sum = 0, low = 127, high = -128;
  for (int64_t i = 0; i < n; i++) {
    int8_t v = x[i * inner];
    sum += v - in_zero;
    low = v < low ? v : low;
    high = v > high ? v : high;
  }
  if (kind == EDGE_REDUCE_MAX || kind == EDGE_REDUCE_MIN)
    return (int8_t)(kind == EDGE_REDUCE_MAX ? high : low);
  float multiplier = ratio / (float)n;
  return requantize((float)sum * multiplier, out_zero, -128, 127);
}

static void test_reduce_s8(int32_t kind, int64_t outer, int64_t n, int64_t inner) {
  char shape[96];
  snprintf(shape, sizeof shape, "kind %d %lldx%lldx%lld", kind, (long long)outer, (long long)n, (long long)inner);
  float ratio = random_float(0.5f, 2.0f);
  int32_t in_zero = random_int(-128, 127), out_zero = random_int(-128, 127);
  guarded x = random_s8(outer * n * inner), expected = guarded_new((size_t)(outer * inner));
  for (int64_t o = 0; o < outer * inner; o++) {
    const int8_t *in = (int8_t *)x.data + o / inner * n * inner + o % inner;
    expected.data[o] = (unsigned char)reduced_s8(kind, in, n, inner, ratio, in_zero, out_zero);
  }
  for (int t = 0; t < test_table_count; t++) {
    guarded y = guarded_new(expected.bytes);
    test_tables[t]->reduce_s8(kind, (int8_t *)x.data, (int8_t *)y.data, outer, n, inner, ratio, in_zero, out_zero);
    check_output(t, &y, expected.data, "reduce_s8", shape);
    free(y.block);
  }
  free(x.block), free(expected.block);
}

/* A transposed, reversed or broadcast view of a dense tensor. */
static void test_copy(int32_t element_bytes) {
  int32_t rank = random_int(1, 8);
  int64_t dims[8], stride[8], count = 1, first = 0, total = 1;
  for (int32_t i = 0; i < rank; i++)
    dims[i] = random_int(1, rank > 4 ? 3 : random_bits() % 4 ? 9 : 70);
  int32_t order[8];
  for (int32_t i = 0; i < rank; i++)
    order[i] = i;
  for (int32_t i = rank - 1; i > 0; i--) {
    int32_t j = random_int(0, random_bits() % 2 ? i : 0), was = order[i];
    order[i] = order[j];
    order[j] = was;
  }
  for (int32_t i = rank - 1; i >= 0; i--) {
    int32_t axis = order[i];
    count *= dims[axis];
    stride[axis] = total;
    if (random_bits() % 8 == 0)
      stride[axis] = 0;
    else
      total *= dims[axis];
    if (random_bits() % 8 == 0) {
      first += (dims[axis] - 1) * stride[axis];
      stride[axis] = -stride[axis];
    }
  }
  guarded x = random_s8(total * element_bytes), y = guarded_new((size_t)(count * element_bytes));
  guarded expected = guarded_new(y.bytes);
  for (int64_t i = 0; i < count; i++) {
    int64_t at = first, left = i;
    for (int32_t axis = rank - 1; axis >= 0; axis--) {
      at += left % dims[axis] * stride[axis];
      left /= dims[axis];
    }
    memcpy(expected.data + i * element_bytes, x.data + at * element_bytes, (size_t)element_bytes);
  }
  char shape[64];
  snprintf(shape, sizeof shape, "rank %d of %d bytes, %lld elements", rank, element_bytes, (long long)count);
  edge_copy_strided(x.data + first * element_bytes, y.data, element_bytes, rank, dims, stride);
  check_output(0, &y, expected.data, "copy_strided", shape);
  for (int64_t i = 0; i < count; i++)
    memcpy(expected.data + i * element_bytes, x.data, (size_t)element_bytes);
  edge_fill(y.data, count, element_bytes, x.data);
  check_output(0, &y, expected.data, "fill", shape);
  free(x.block), free(y.block), free(expected.block);
}

static void test_rfft(int32_t n) {
  guarded x = random_f32(n, -1, 1), twiddles = guarded_new((size_t)n * 8), work = guarded_new((size_t)n * 16);
  guarded y = guarded_new((size_t)(n / 2 + 1) * 8);
  double most = 0, error = 0;
  for (int32_t k = 0; k < n; k++) {
    ((float *)twiddles.data)[2 * k] = (float)cos(-2 * M_PI * k / n);
    ((float *)twiddles.data)[2 * k + 1] = (float)sin(-2 * M_PI * k / n);
  }
  edge_rfft_f32((float *)x.data, (float *)y.data, n, (float *)twiddles.data, (float *)work.data);
  for (int32_t k = 0; k <= n / 2; k++) {
    double re = 0, im = 0;
    for (int32_t i = 0; i < n; i++) {
      double angle = -2 * M_PI * ((int64_t)i * k % n) / n;
      re += ((float *)x.data)[i] * cos(angle);
      im += ((float *)x.data)[i] * sin(angle);
    }
    most = fmax(most, hypot(re, im));
    error = fmax(error, hypot(re - ((float *)y.data)[2 * k], im - ((float *)y.data)[2 * k + 1]));
  }
  check(error <= 1e-6 * most, "rfft of %d: error %g of %g", n, error, most);
  check(guarded_intact(&y) && guarded_intact(&work), "rfft of %d: wrote outside", n);
  for (int t = 0; t < test_table_count; t++)
    digest(t, y.data, y.bytes);
  free(x.block), free(twiddles.block), free(work.block), free(y.block);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  for (int32_t i = 1; i <= 70; i++) {
    for (int32_t j = 0; j < 4; j++) {
      test_pool(i);
      test_resize(i);
    }
    for (int32_t kind = EDGE_REDUCE_MEAN; kind <= EDGE_REDUCE_MIN; kind++) {
      test_reduce_s8(kind, random_int(1, 3), i * 7, 1);
      test_reduce_s8(kind, random_int(1, 3), random_int(1, 60), i);
    }
  }
  uint64_t digests[MOST_TABLES];
  memcpy(digests, test_digests, sizeof digests);
  for (int32_t i = 0; i < 400; i++)
    test_copy(1 << random_int(0, 3));
  memcpy(test_digests, digests, sizeof digests);
  static const int32_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15, 16, 21, 25, 27, 30, 32, 35, 49, 60, 64,
                                  100, 105, 128, 200, 210, 240, 256, 320, 400, 480, 512, 600, 640, 1000, 1024, 2048};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    test_rfft(sizes[i]);
  return test_end();
}
