#include "../include/edge_kernels.h"

typedef struct complex_f32 {
  float re, im;
} complex_f32;

static complex_f32 add(complex_f32 a, complex_f32 b) {
  return (complex_f32){a.re + b.re, a.im + b.im};
}

static complex_f32 sub(complex_f32 a, complex_f32 b) {
  return (complex_f32){a.re - b.re, a.im - b.im};
}

static complex_f32 mul(complex_f32 a, complex_f32 b) {
  return (complex_f32){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* Stage of a Stockham transform: `length` points remain, `stride` transforms of them run side by side. */
struct stage {
  const complex_f32 *x;
  complex_f32 *y;
  int32_t length, stride, radix;
  const complex_f32 *twiddles; /* k-th root k of the whole transform: twiddles[k * twiddle_step] */
  int32_t twiddle_step;
};

static complex_f32 root(const struct stage *s, int32_t k) {
  return s->twiddles[(int64_t)k * s->twiddle_step];
}

static void butterfly_2(const struct stage *s) {
  int32_t half = s->length / 2;
  for (int32_t p = 0; p < half; p++) {
    complex_f32 w = root(s, p * s->stride);
    const complex_f32 *x = s->x + p * s->stride;
    complex_f32 *y = s->y + 2 * p * s->stride;
    for (int32_t q = 0; q < s->stride; q++) {
      complex_f32 a = x[q], b = x[q + half * s->stride];
      y[q] = add(a, b);
      y[q + s->stride] = mul(sub(a, b), w);
    }
  }
}

static void butterfly_4(const struct stage *s) {
  int32_t quarter = s->length / 4, step = quarter * s->stride;
  for (int32_t p = 0; p < quarter; p++) {
    complex_f32 w1 = root(s, p * s->stride), w2 = root(s, 2 * p * s->stride);
    complex_f32 w3 = root(s, 3 * p * s->stride);
    const complex_f32 *x = s->x + p * s->stride;
    complex_f32 *y = s->y + 4 * p * s->stride;
    for (int32_t q = 0; q < s->stride; q++) {
      complex_f32 even = add(x[q], x[q + 2 * step]), odd = add(x[q + step], x[q + 3 * step]);
      complex_f32 d = sub(x[q], x[q + 2 * step]), t = sub(x[q + step], x[q + 3 * step]);
      complex_f32 turned = {t.im, -t.re};
      y[q] = add(even, odd);
      y[q + s->stride] = mul(add(d, turned), w1);
      y[q + 2 * s->stride] = mul(sub(even, odd), w2);
      y[q + 3 * s->stride] = mul(sub(d, turned), w3);
    }
  }
}

/* radix 3, 5 or 7 by definition: y_k = w^k * sum over j of x_j * root(j * k / radix) */
static void butterfly_odd(const struct stage *s) {
  int32_t part = s->length / s->radix, step = part * s->stride;
  for (int32_t p = 0; p < part; p++) {
    const complex_f32 *x = s->x + p * s->stride;
    complex_f32 *y = s->y + s->radix * p * s->stride;
    for (int32_t k = 0; k < s->radix; k++) {
      complex_f32 w = root(s, k * p * s->stride);
      for (int32_t q = 0; q < s->stride; q++) {
        complex_f32 sum = x[q];
        for (int32_t j = 1; j < s->radix; j++)
          sum = add(sum, mul(x[q + j * step], root(s, j * k % s->radix * step)));
        y[q + k * s->stride] = mul(sum, w);
      }
    }
  }
}

static int32_t next_radix(int32_t length) {
  static const int32_t radices[] = {4, 2, 3, 5};
  for (int32_t i = 0; i < 4; i++)
    if (length % radices[i] == 0)
      return radices[i];
  return 7;
}

/* The transform of n points in a; b is room for n more. Returns where the result is. */
static complex_f32 *transform(complex_f32 *a, complex_f32 *b, int32_t n, const complex_f32 *twiddles,
                              int32_t twiddle_step) {
  struct stage s = {a, b, n, 1, 0, twiddles, twiddle_step};
  while (s.length > 1) {
    s.radix = next_radix(s.length);
    if (s.radix == 4)
      butterfly_4(&s);
    else if (s.radix == 2)
      butterfly_2(&s);
    else
      butterfly_odd(&s);
    s.length /= s.radix;
    s.stride *= s.radix;
    complex_f32 *done = s.y;
    s.y = s.x == a ? a : b;
    s.x = done;
  }
  return s.x == a ? a : b;
}

/* Spectrum of n real samples from the transform z of half as many complex ones. */
static void split_halves(const complex_f32 *z, complex_f32 *out, int32_t half,
                         const complex_f32 *twiddles) {
  for (int32_t k = 0; k <= half; k++) {
    complex_f32 a = z[k % half], b = z[(half - k) % half];
    complex_f32 even = {0.5f * (a.re + b.re), 0.5f * (a.im - b.im)};
    complex_f32 odd = {0.5f * (a.im + b.im), 0.5f * (b.re - a.re)};
    out[k] = add(even, mul(odd, twiddles[k]));
  }
}

void edge_rfft_f32(const float *x, float *out, int32_t n, const float *twiddles, float *work) {
  const complex_f32 *roots = (const complex_f32 *)twiddles;
  complex_f32 *a = (complex_f32 *)work, *result = (complex_f32 *)out;
  int32_t odd = n & 1, points = odd ? n : n / 2;
  for (int32_t i = 0; i < points; i++)
    a[i] = odd ? (complex_f32){x[i], 0.0f} : (complex_f32){x[2 * i], x[2 * i + 1]};
  const complex_f32 *z = transform(a, a + points, points, roots, odd ? 1 : 2);
  if (!odd) {
    split_halves(z, result, points, roots);
    return;
  }
  for (int32_t k = 0; k <= n / 2; k++)
    result[k] = z[k];
}

void edge_fft_f32(const float *x, int32_t parts, float *out, int32_t n, const float *twiddles, float *work) {
  complex_f32 *a = (complex_f32 *)work, *result = (complex_f32 *)out;
  for (int32_t i = 0; i < n; i++)
    a[i] = parts == 2 ? (complex_f32){x[2 * i], x[2 * i + 1]} : (complex_f32){x[i], 0.0f};
  const complex_f32 *z = transform(a, a + n, n, (const complex_f32 *)twiddles, 1);
  for (int32_t k = 0; k < n; k++)
    result[k] = z[k];
}
