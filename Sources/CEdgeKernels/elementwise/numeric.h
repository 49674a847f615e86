/*
 * Steps that several kernels share: bits, rounding, one NaN. Branch-free, so that loops over them vectorise.
 * Included before a target attribute is pushed: the callers' target decides the code.
 */
#ifndef EDGE_NUMERIC_H
#define EDGE_NUMERIC_H

#include "../kernel_name.h"
#include <stdint.h>
#include <string.h>

EDGE_INLINE int32_t edge_bits(float x) {
  int32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

EDGE_INLINE float edge_float(int32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

EDGE_INLINE int32_t edge_is_nan(float x) { return (edge_bits(x) & 0x7fffffff) > 0x7f800000; }

EDGE_INLINE float edge_abs(float x) { return edge_float(edge_bits(x) & 0x7fffffff); }

/* a * b + c, rounded once; a call where the CPU may lack the instruction, which only the scalar table meets. */
EDGE_INLINE float edge_fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }

/* x with the sign of sign; x must not be negative. */
EDGE_INLINE float edge_with_sign(float x, float sign) {
  return edge_float(edge_bits(x) | (edge_bits(sign) & INT32_MIN));
}

/* Any NaN becomes 0x7fc00000. In integers: a compiler may take NaNs for equal. */
EDGE_INLINE float edge_one_nan(float x) {
  int32_t bits = edge_bits(x);
  return edge_float((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : bits);
}

/* Both keep a NaN x. */
EDGE_INLINE float edge_at_least(float x, float low) { return x < low ? low : x; }
EDGE_INLINE float edge_at_most(float x, float high) { return x > high ? high : x; }

/* Out of line, so that the whole chunk next to it stays a few moves. */
static __attribute__((noinline, unused)) void edge_copy_part(void *to, const void *from,
                                                             size_t bytes) {
  memcpy(to, from, bytes);
}

/* Copies `bytes` of a chunk of `whole`, a constant, which is how many there are nearly always. */
EDGE_INLINE void edge_copy_chunk(void *to, const void *from, size_t bytes, size_t whole) {
  if (bytes == whole)
    memcpy(to, from, whole);
  else
    edge_copy_part(to, from, bytes);
}

/* Nearest integer, ties to even, of |x| <= 2^22. */
EDGE_INLINE float edge_rne_small(float x) { return (x + 12582912.0f) - 12582912.0f; }

/* clamp(rne(v) + zero, low, high) for bounds of 8 bits: where v is cut, the sum is outside them already. */
EDGE_INLINE int8_t edge_requantize(float v, int32_t zero, int32_t low, int32_t high) {
  v = v > -1048576.0f ? v : -1048576.0f;
  v = v < 1048576.0f ? v : 1048576.0f;
  int32_t q = (int32_t)edge_rne_small(v) + zero;
  q = q < low ? low : q;
  return (int8_t)(q > high ? high : q);
}

#endif
