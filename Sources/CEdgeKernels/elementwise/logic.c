/* Comparison and remainder of floats, selection by a mask: exact, one version for all machines. */
#include "elementwise.h"
#include "numeric.h"
#include "../compact.h"

void edge_f32_compare(int32_t kind, const float *a, int32_t a_step, const float *b, int32_t b_step,
                      uint8_t *y, int64_t n) {
  float va[16], vb[16];
  uint8_t vy[16];
  float a0 = n > 0 ? *a : 0.0f, b0 = n > 0 ? *b : 0.0f;
  /* The result is (equal & on_equal | less & on_less) ^ flip, for every kind. */
  uint8_t on_equal = kind != EDGE_COMPARE_LESS, flip = kind == EDGE_COMPARE_NOT_EQUAL;
  uint8_t on_less = kind == EDGE_COMPARE_LESS || kind == EDGE_COMPARE_LESS_OR_EQUAL;
  for (int64_t i = 0; i < n; i += 16) {
    size_t count = n - i < 16 ? (size_t)(n - i) : 16;
    for (int l = 0; l < 16; l++)
      va[l] = a0, vb[l] = b0;
    if (a_step)
      edge_copy_chunk(va, a + i, count * sizeof *a, sizeof va);
    if (b_step)
      edge_copy_chunk(vb, b + i, count * sizeof *b, sizeof vb);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++)
      vy[l] = (((va[l] == vb[l]) & on_equal) | ((va[l] < vb[l]) & on_less)) ^ flip;
    edge_copy_chunk(y + i, vy, count, sizeof vy);
  }
}

#define EDGE_SELECT(bits)                                                                          \
  case bits / 8:                                                                                   \
    for (int64_t i = 0; i < n; i++) {                                                              \
      uint##bits##_t va = ((const uint##bits##_t *)a)[i * a_step];                                 \
      uint##bits##_t vb = ((const uint##bits##_t *)b)[i * b_step];                                 \
      ((uint##bits##_t *)y)[i] = condition[i * condition_step] ? va : vb;                          \
    }                                                                                              \
    break;

__attribute__((minsize)) void edge_select(int32_t element_bytes, const uint8_t *condition,
                                          int32_t condition_step, const void *a, int32_t a_step,
                                          const void *b, int32_t b_step, void *y, int64_t n) {
  switch (element_bytes) {
    EDGE_SELECT(8)
    EDGE_SELECT(16)
    EDGE_SELECT(32)
    EDGE_SELECT(64)
  }
}

/*
 * The exact remainder with the sign of x, as C's fmod: the mantissa of x is shifted to the exponent of y 40 bits at a
 * time, and what is left of it by the mantissa of y kept. An infinite y has the larger exponent.
 */
static float edge_fmod(float x, float y) {
  uint32_t bx = (uint32_t)edge_bits(edge_abs(x)), by = (uint32_t)edge_bits(edge_abs(y));
  if (by == 0 || bx >= 0x7f800000u || by > 0x7f800000u)
    return __builtin_nanf("");
  int32_t ex = (int32_t)(bx >> 23), ey = (int32_t)(by >> 23);
  uint64_t mx = (bx & 0x7fffffu) | (ex ? 0x800000u : 0), my = (by & 0x7fffffu) | (ey ? 0x800000u : 0);
  ex = ex ? ex : 1;
  ey = ey ? ey : 1;
  if (ex < ey)
    return x;
  for (;;) {
    int32_t shift = ex - ey < 40 ? ex - ey : 40;
    mx = (mx << shift) % my;
    ex -= shift;
    if (ex == ey)
      break;
  }
  uint64_t unit = (uint64_t)(ey - 150 + 1023) << 52;
  double scale;
  memcpy(&scale, &unit, sizeof scale);
  return edge_with_sign((float)((double)mx * scale), x);
}

/* The remainder with the sign of b, that of 0 too. */
static float floor_mod(float a, float b) {
  float rest = edge_fmod(a, b);
  int differ = (edge_bits(rest) ^ edge_bits(b)) < 0;
  return differ ? (rest == 0.0f ? -rest : rest + b) : rest;
}

void edge_f32_remainder(int32_t kind, const float *a, int32_t a_step, const float *b,
                        int32_t b_step, float *y, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    float p = a[i * a_step], q = b[i * b_step];
    y[i] = edge_one_nan(kind == EDGE_BINARY_MOD ? floor_mod(p, q) : edge_fmod(p, q));
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
