/*
 * exp, log, tanh, erf, sin, cos, atan and pow for float kernels: one fixed order of operations, fused where edge_fma
 * says so and nowhere else, so that every machine computes the same bits. Polynomials for exp, log, tanh, sin, cos
 * and atan follow Cephes (S. Moshier); erf is a minimax fit. Largest errors, measured over the float range, in ULP of
 * the result: see Tests/EdgeKernelTests/programs/math_accuracy.c.
 */
#ifndef EDGE_MATH_F32_H
#define EDGE_MATH_F32_H

#include "numeric.h"

#define EDGE_INFINITY __builtin_inff()
#define EDGE_NAN __builtin_nanf("")

EDGE_INLINE float edge_power_of_two(int32_t n) { return edge_float((n + 127) * (1 << 23)); }

/* exp(x) = 2^n * (1 + m) for x in [-104, 89]; returns m, |m| < 0.42. */
EDGE_INLINE float edge_exp_reduced(float x, int32_t *n) {
  float k = edge_rne_small(x * 1.44269504f);
  float r = edge_fma(k, 1.90465430e-9f, edge_fma(k, -0.693147182f, x));
  float p = 1.9875691500e-4f;
  p = edge_fma(p, r, 1.3981999507e-3f);
  p = edge_fma(p, r, 8.3334519073e-3f);
  p = edge_fma(p, r, 4.1665795894e-2f);
  p = edge_fma(p, r, 1.6666665459e-1f);
  p = edge_fma(p, r, 5.0000001201e-1f);
  *n = (int32_t)k;
  return edge_fma(p, r * r, r);
}

/* A NaN becomes -104, which keeps the conversion to an integer defined. */
EDGE_INLINE float edge_exp_range(float x) {
  x = x > -104.0f ? x : -104.0f;
  return x < 89.0f ? x : 89.0f;
}

EDGE_INLINE float edge_exp(float x) {
  int32_t n;
  float m = edge_exp_reduced(edge_exp_range(x), &n);
  int32_t half = n >> 1;
  float y = (m + 1.0f) * edge_power_of_two(half) * edge_power_of_two(n - half);
  return edge_is_nan(x) ? x : y;
}

/* exp(x) - 1 for x <= 0. */
EDGE_INLINE float edge_expm1_negative(float x) {
  int32_t n;
  float m = edge_exp_reduced(edge_exp_range(x), &n);
  float scale = edge_power_of_two(n < -126 ? -126 : n);
  float y = edge_fma(m, scale, scale - 1.0f);
  return edge_is_nan(x) ? x : y;
}

EDGE_INLINE float edge_log(float x) {
  int32_t tiny = x < 1.17549435e-38f;
  int32_t bits = edge_bits(tiny ? x * 8388608.0f : x);
  /* Mantissa in [sqrt(1/2), sqrt(2)). */
  int32_t shifted = (int32_t)((uint32_t)bits - 0x3f3504f3u);
  int32_t exponent = (shifted >> 23) - (tiny ? 23 : 0);
  float e = (float)exponent;
  float f = edge_float((shifted & 0x007fffff) + 0x3f3504f3) - 1.0f;
  float z = f * f;
  float p = 7.0376836292e-2f;
  p = edge_fma(p, f, -1.1514610310e-1f);
  p = edge_fma(p, f, 1.1676998740e-1f);
  p = edge_fma(p, f, -1.2420140846e-1f);
  p = edge_fma(p, f, 1.4249322787e-1f);
  p = edge_fma(p, f, -1.6668057665e-1f);
  p = edge_fma(p, f, 2.0000714765e-1f);
  p = edge_fma(p, f, -2.4999993993e-1f);
  p = edge_fma(p, f, 3.3333331174e-1f);
  float y = f * z * p + e * -2.12194440e-4f;
  y = (f + (y - 0.5f * z)) + e * 0.693359375f;
  y = x < EDGE_INFINITY ? y : x;
  y = x > 0.0f ? y : (x == 0.0f ? -EDGE_INFINITY : EDGE_NAN);
  return y;
}

/* log(1 + x) for x in [0, 1], by Kahan's correction of the rounding of 1 + x. */
EDGE_INLINE float edge_log1p_unit(float x) {
  float u = 1.0f + x;
  float d = u - 1.0f;
  float y = edge_log(u) * (x / (d == 0.0f ? 1.0f : d));
  return d == 0.0f ? x : y;
}

EDGE_INLINE float edge_softplus(float x) {
  float tail = edge_log1p_unit(edge_exp(-edge_abs(x)));
  return (x > 0.0f ? x : 0.0f) + (edge_is_nan(x) ? x : tail);
}

EDGE_INLINE float edge_sigmoid(float x) {
  float e = edge_exp(-edge_abs(x));
  return (x < 0.0f ? e : 1.0f) / (1.0f + e);
}

EDGE_INLINE float edge_tanh(float x) {
  float a = edge_abs(x);
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = edge_fma(p, z, 2.06390887954e-2f);
  p = edge_fma(p, z, -5.37397155531e-2f);
  p = edge_fma(p, z, 1.33314422036e-1f);
  p = edge_fma(p, z, -3.33332819422e-1f);
  float small = edge_fma(p * z, a, a);
  float large = 1.0f - 2.0f / (edge_exp(2.0f * a) + 1.0f);
  return edge_with_sign(a < 0.625f ? small : large, x);
}

EDGE_INLINE float edge_erf(float x) {
  float t = edge_abs(x);
  float s = x * x;
  float p = -5.96761703e-4f;
  p = edge_fma(p, s, 4.99119423e-3f);
  p = edge_fma(p, s, -2.67681349e-2f);
  p = edge_fma(p, s, 1.12819925e-1f);
  p = edge_fma(p, s, -3.76125336e-1f);
  p = edge_fma(p, s, 1.28379166e-1f);
  float small = edge_fma(p, x, x);
  float u = t < 4.0f ? t : 4.0f;
  float q = -1.72853470e-5f;
  q = edge_fma(q, u, 3.83197126e-4f);
  q = edge_fma(q, u, -3.88396438e-3f);
  q = edge_fma(q, u, 2.42546219e-2f);
  q = edge_fma(q, u, -1.06777877e-1f);
  q = edge_fma(q, u, -6.34846687e-1f);
  q = edge_fma(q, u, -1.28717512e-1f);
  q = edge_fma(q, u, -u);
  float large = edge_with_sign(1.0f - edge_exp(q), x);
  large = edge_is_nan(x) ? x : large;
  return t > 0.927734375f ? large : small;
}

/*
 * sin(x) for quarter = 0, cos(x) for quarter = 1. The argument is reduced in double: good to |x| < 2^28, past
 * that a value in [-1, 1] with no digits right.
 */
EDGE_INLINE float edge_sine(float x, int32_t quarter) {
  double d = x < 1073741824.0f ? x : 1073741824.0f;
  d = d > -1073741824.0 ? d : -1073741824.0;
  double n = (d * 0.63661977236758134308 + 6755399441055744.0) - 6755399441055744.0;
  /* pi/2 in three parts, of which the first two times n are exact. */
  double part = (d - n * 1.5707963109016418) - n * 1.5893254712295857e-08;
  float r = (float)(part - n * 6.123233995736766e-17);
  int32_t k = (int32_t)n + quarter;
  float z = r * r;
  float s = -1.9515295891e-4f;
  s = edge_fma(s, z, 8.3321608736e-3f);
  s = edge_fma(s, z, -1.6666654611e-1f);
  s = edge_fma(s * z, r, r);
  float c = 2.443315711809948e-5f;
  c = edge_fma(c, z, -1.388731625493765e-3f);
  c = edge_fma(c, z, 4.166664568298827e-2f);
  c = (c * z * z - 0.5f * z) + 1.0f;
  float y = k & 1 ? c : s;
  y = k & 2 ? -y : y;
  y = x == 0.0f && !quarter ? x : y;
  return edge_abs(x) < EDGE_INFINITY ? y : EDGE_NAN;
}

/* Reduced at tan(pi/8) and tan(3 pi/8); the polynomial is Cephes'. */
EDGE_INLINE float edge_atan(float x) {
  float a = edge_abs(x);
  float t = a > 2.41421356f ? -1.0f / a : a;
  float base = a > 2.41421356f ? 1.57079637f : 0.0f;
  int32_t middle = (a > 0.414213562f) & (a <= 2.41421356f);
  t = middle ? (a - 1.0f) / (a + 1.0f) : t;
  base = middle ? 0.785398185f : base;
  float z = t * t;
  float p = 8.05374449538e-2f;
  p = edge_fma(p, z, -1.38776856032e-1f);
  p = edge_fma(p, z, 1.99777106478e-1f);
  p = edge_fma(p, z, -3.33329491539e-1f);
  return edge_with_sign(p * z * t + t + base, x);
}

EDGE_INLINE int64_t edge_bits64(double x) {
  int64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

EDGE_INLINE double edge_double(int64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* log2 of a positive finite double, relative error below 2^-42. */
EDGE_INLINE double edge_log2_double(double x) {
  int64_t shifted = edge_bits64(x) - 0x3fe6a09e667f3bcd;
  /* The exponent, read through the bits of 1.5 * 2^52: AVX2 neither converts nor sign-shifts 64 bits. */
  uint64_t biased = ((uint64_t)shifted + ((uint64_t)1024 << 52)) >> 52;
  double e = edge_double(0x4338000000000000 + (int64_t)biased) - (6755399441055744.0 + 1024.0);
  double f = edge_double((shifted & 0x000fffffffffffff) + 0x3fe6a09e667f3bcd) - 1.0;
  double s = f / (f + 2.0);
  double z = s * s;
  double p = 1.0 / 15;
  p = p * z + 1.0 / 13;
  p = p * z + 1.0 / 11;
  p = p * z + 1.0 / 9;
  p = p * z + 1.0 / 7;
  p = p * z + 1.0 / 5;
  p = p * z + 1.0 / 3;
  return (p * z * s + s) * 2.88539008177792681472 + e;
}

/* 2^t for t in [-200, 200], relative error below 2^-36. */
EDGE_INLINE double edge_exp2_double(double t) {
  double shifter = t + 6755399441055744.0;
  double r = (t - (shifter - 6755399441055744.0)) * 0.693147180559945309417;
  double p = 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t n = (uint64_t)edge_bits64(shifter) + 1023;
  return p * edge_double((int64_t)(n << 52));
}

EDGE_INLINE float edge_pow(float x, float y) {
  float a = edge_abs(x);
  float finite = a > 0.0f && a < EDGE_INFINITY ? a : 1.0f;
  double t = (double)y * edge_log2_double((double)finite);
  t = t > -200.0 ? t : -200.0;
  t = t < 200.0 ? t : 200.0;
  float result = (float)edge_exp2_double(t);
  float to_zero = y > 0.0f ? 0.0f : EDGE_INFINITY;
  float to_infinity = y > 0.0f ? EDGE_INFINITY : 0.0f;
  result = a == 0.0f ? to_zero : result;
  result = a == EDGE_INFINITY ? to_infinity : result;
  result = a == 1.0f ? 1.0f : result;
  /* Floats from 2^24 on are even. */
  float small = edge_abs(y) < 16777216.0f ? y : 0.0f;
  int32_t whole = (int32_t)small;
  int32_t is_whole = (float)whole == small;
  int32_t negative = edge_bits(x) < 0;
  result = (negative & whole & is_whole & 1) ? -result : result;
  result = (negative & !is_whole & (a > 0.0f) & (a < EDGE_INFINITY)) ? EDGE_NAN : result;
  result = (edge_is_nan(x) | edge_is_nan(y)) ? EDGE_NAN : result;
  return ((x == 1.0f) | (y == 0.0f)) ? 1.0f : result;
}

#endif
