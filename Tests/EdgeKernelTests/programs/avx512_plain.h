/*
 * The AVX-512 intrinsics that the kernels use, as loops over elements, so that a CPU without AVX-512 can test the kernels'
 * logic: tools/test-kernels --emulate compiles them with this in place of immintrin.h's. What each does is Intel's
 * description of it.
 */
#ifndef AVX512_PLAIN_H
#define AVX512_PLAIN_H

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define PLAIN static inline __attribute__((unused))

typedef union plain {
  __m512i i;
  __m512 f;
  __m256i half[2];
  __m128i quarter[4];
  int8_t s8[64];
  uint8_t u8[64];
  int16_t s16[32];
  uint16_t u16[32];
  int32_t s32[16];
  int64_t s64[8];
  float f32[16];
} plain;

PLAIN int64_t plain_clamp(int64_t v, int64_t low, int64_t high) {
  return v < low ? low : v > high ? high : v;
}

#define PLAIN_SET1(name, type, field, count)                                                       \
  PLAIN __m512i plain_##name(type v) {                                                             \
    plain r;                                                                                       \
    for (int l = 0; l < count; l++)                                                                \
      r.field[l] = v;                                                                              \
    return r.i;                                                                                    \
  }
PLAIN_SET1(set1_epi8, int8_t, s8, 64)
PLAIN_SET1(set1_epi16, int16_t, s16, 32)
PLAIN_SET1(set1_epi32, int32_t, s32, 16)
PLAIN_SET1(set1_epi64, int64_t, s64, 8)

#define PLAIN_BINARY(name, vector, field, count, expression)                                       \
  PLAIN vector plain_##name(vector x, vector y) {                                                  \
    plain a, b, r;                                                                                 \
    memcpy(&a, &x, sizeof a);                                                                      \
    memcpy(&b, &y, sizeof b);                                                                      \
    for (int l = 0; l < count; l++)                                                                \
      r.field[l] = expression;                                                                     \
    memcpy(&x, &r, sizeof x);                                                                      \
    return x;                                                                                      \
  }
PLAIN_BINARY(add_epi32, __m512i, s32, 16, (int32_t)((uint32_t)a.s32[l] + (uint32_t)b.s32[l]))
PLAIN_BINARY(sub_epi32, __m512i, s32, 16, (int32_t)((uint32_t)a.s32[l] - (uint32_t)b.s32[l]))
PLAIN_BINARY(and_si512, __m512i, s64, 8, a.s64[l] & b.s64[l])
PLAIN_BINARY(xor_si512, __m512i, s64, 8, a.s64[l] ^ b.s64[l])
PLAIN_BINARY(adds_epi16, __m512i, s16, 32, (int16_t)plain_clamp(a.s16[l] + b.s16[l], -32768, 32767))
PLAIN_BINARY(max_epi8, __m512i, s8, 64, a.s8[l] > b.s8[l] ? a.s8[l] : b.s8[l])
PLAIN_BINARY(add_ps, __m512, f32, 16, a.f32[l] + b.f32[l])
PLAIN_BINARY(mul_ps, __m512, f32, 16, a.f32[l] * b.f32[l])
PLAIN_BINARY(min_ps, __m512, f32, 16, a.f32[l] < b.f32[l] ? a.f32[l] : b.f32[l])
PLAIN_BINARY(max_ps, __m512, f32, 16, a.f32[l] > b.f32[l] ? a.f32[l] : b.f32[l])
PLAIN_BINARY(permutexvar_epi32, __m512i, s32, 16, b.s32[a.s32[l] & 15])
PLAIN_BINARY(packs_epi32, __m512i, s16, 32,
             (int16_t)plain_clamp((l & 4 ? b : a).s32[l / 8 * 4 + l % 4], -32768, 32767))
PLAIN_BINARY(packs_epi16, __m512i, s8, 64,
             (int8_t)plain_clamp((l & 8 ? b : a).s16[l / 16 * 8 + l % 8], -128, 127))

PLAIN __m512 plain_set1_ps(float v) {
  plain r;
  for (int l = 0; l < 16; l++)
    r.f32[l] = v;
  return r.f;
}
PLAIN __m512i plain_setzero_si512(void) { return plain_set1_epi32(0); }
PLAIN __m512 plain_setzero_ps(void) { return plain_set1_ps(0.0f); }

PLAIN __m512i plain_load(const void *from) {
  plain r;
  memcpy(&r, from, sizeof r);
  return r.i;
}
PLAIN __m512 plain_load_ps(const void *from) {
  plain r = {.i = plain_load(from)};
  return r.f;
}
PLAIN void plain_store(void *to, __m512i v) { memcpy(to, &v, sizeof v); }

PLAIN void plain_mask_store8(void *to, uint64_t mask, const void *v, int count) {
  for (int l = 0; l < count; l++)
    if (mask >> l & 1)
      ((int8_t *)to)[l] = ((const int8_t *)v)[l];
}
PLAIN void plain_mask_storeu_epi8(void *to, uint64_t mask, __m512i v) { plain_mask_store8(to, mask, &v, 64); }
PLAIN void plain_mask_storeu_epi8_256(void *to, uint32_t mask, __m256i v) { plain_mask_store8(to, mask, &v, 32); }
PLAIN void plain_mask_storeu_epi8_128(void *to, uint16_t mask, __m128i v) { plain_mask_store8(to, mask, &v, 16); }
PLAIN __m512i plain_maskz_loadu_epi8(uint64_t mask, const void *from) {
  plain r;
  for (int l = 0; l < 64; l++)
    r.s8[l] = mask >> l & 1 ? ((const int8_t *)from)[l] : 0;
  return r.i;
}
PLAIN __m512 plain_maskz_loadu_ps(uint16_t mask, const float *from) {
  plain r;
  for (int l = 0; l < 16; l++)
    r.f32[l] = mask >> l & 1 ? from[l] : 0.0f;
  return r.f;
}
PLAIN void plain_mask_storeu_ps(float *to, uint16_t mask, __m512 v) {
  plain a = {.f = v};
  for (int l = 0; l < 16; l++)
    if (mask >> l & 1)
      to[l] = a.f32[l];
}

PLAIN __m512 plain_cvtepi32_ps(__m512i v) {
  plain a = {.i = v}, r;
  for (int l = 0; l < 16; l++)
    r.f32[l] = (float)a.s32[l];
  return r.f;
}
PLAIN __m512i plain_cvtps_epi32(__m512 v) {
  plain a = {.f = v}, r;
  for (int l = 0; l < 16; l++)
    r.s32[l] = fabsf(a.f32[l]) < 2147483648.0f ? (int32_t)nearbyintf(a.f32[l]) : INT32_MIN;
  return r.i;
}
PLAIN __m512i plain_cvtepi8_epi16(__m256i v) {
  plain r;
  for (int l = 0; l < 32; l++)
    r.s16[l] = ((const int8_t *)&v)[l];
  return r.i;
}
PLAIN __m512i plain_cvtepi8_epi32(__m128i v) {
  plain r;
  for (int l = 0; l < 16; l++)
    r.s32[l] = ((const int8_t *)&v)[l];
  return r.i;
}
PLAIN __m512i plain_broadcast_i32x4(__m128i v) {
  plain r = {.quarter = {v, v, v, v}};
  return r.i;
}
PLAIN __m128i plain_extract128(__m512i v, int i) {
  plain a = {.i = v};
  return a.quarter[i];
}
PLAIN __m256i plain_extract256(__m512i v, int i) {
  plain a = {.i = v};
  return a.half[i];
}

PLAIN uint16_t plain_cmp_lt(__m512 x, __m512 y) {
  plain a = {.f = x}, b = {.f = y};
  uint16_t mask = 0;
  for (int l = 0; l < 16; l++)
    mask |= (uint16_t)((a.f32[l] < b.f32[l]) << l);
  return mask;
}
PLAIN __m512 plain_mask_mul_ps(__m512 from, uint16_t mask, __m512 x, __m512 y) {
  plain a = {.f = from}, r = {.f = plain_mul_ps(x, y)};
  for (int l = 0; l < 16; l++)
    if (mask >> l & 1)
      a.f32[l] = r.f32[l];
  return a.f;
}
PLAIN uint64_t plain_cmpeq_epi8_mask(__m512i x, __m512i y) {
  plain a = {.i = x}, b = {.i = y};
  uint64_t mask = 0;
  for (int l = 0; l < 64; l++)
    mask |= (uint64_t)(a.s8[l] == b.s8[l]) << l;
  return mask;
}
PLAIN __m512i plain_mask_shuffle_epi8(__m512i from, uint64_t mask, __m512i x, __m512i places) {
  plain r = {.i = from}, a = {.i = x}, b = {.i = places};
  for (int l = 0; l < 64; l++)
    if (mask >> l & 1)
      r.s8[l] = b.u8[l] & 128 ? 0 : a.s8[l / 16 * 16 + (b.u8[l] & 15)];
  return r.i;
}
PLAIN __m512i plain_shuffle_epi8(__m512i x, __m512i places) {
  return plain_mask_shuffle_epi8(x, ~UINT64_C(0), x, places);
}
PLAIN __m512i plain_shuffle_epi32(__m512i x, int order) {
  plain a = {.i = x}, r;
  for (int l = 0; l < 16; l++)
    r.s32[l] = a.s32[l / 4 * 4 + (order >> l % 4 * 2 & 3)];
  return r.i;
}
PLAIN __m512i plain_alignr_epi64(__m512i high, __m512i low, int by) {
  plain a = {.i = high}, b = {.i = low}, r;
  for (int l = 0; l < 8; l++)
    r.s64[l] = l + by < 8 ? b.s64[l + by] : a.s64[l + by - 8];
  return r.i;
}
PLAIN __m512i plain_srli_epi16(__m512i x, int by) {
  plain a = {.i = x};
  for (int l = 0; l < 32; l++)
    a.u16[l] = (uint16_t)(a.u16[l] >> by);
  return a.i;
}
PLAIN __m512i plain_unpack8(__m512i x, __m512i y, int high) {
  plain a = {.i = x}, b = {.i = y}, r;
  for (int l = 0; l < 64; l++)
    r.s8[l] = (l & 1 ? b : a).s8[l / 16 * 16 + high * 8 + l % 16 / 2];
  return r.i;
}
PLAIN __m512i plain_unpack16(__m512i x, __m512i y, int high) {
  plain a = {.i = x}, b = {.i = y}, r;
  for (int l = 0; l < 32; l++)
    r.s16[l] = (l & 1 ? b : a).s16[l / 8 * 8 + high * 4 + l % 8 / 2];
  return r.i;
}

PLAIN __m512i plain_dpbusd_epi32(__m512i sum, __m512i x, __m512i y) {
  plain r = {.i = sum}, a = {.i = x}, b = {.i = y};
  for (int l = 0; l < 64; l++)
    r.s32[l / 4] = (int32_t)((uint32_t)r.s32[l / 4] + (uint32_t)(a.u8[l] * b.s8[l]));
  return r.i;
}
PLAIN __m512i plain_dpwssd_epi32(__m512i sum, __m512i x, __m512i y) {
  plain r = {.i = sum}, a = {.i = x}, b = {.i = y};
  for (int l = 0; l < 32; l++)
    r.s32[l / 2] = (int32_t)((uint32_t)r.s32[l / 2] + (uint32_t)(a.s16[l] * b.s16[l]));
  return r.i;
}
PLAIN __m256i plain_dpbusd_256(__m256i sum, __m256i x, __m256i y) {
  plain r = {.half = {sum}}, a = {.half = {x}}, b = {.half = {y}};
  for (int l = 0; l < 32; l++)
    r.s32[l / 4] = (int32_t)((uint32_t)r.s32[l / 4] + (uint32_t)(a.u8[l] * b.s8[l]));
  return r.half[0];
}
PLAIN __m512i plain_set(const int32_t *v) { return plain_load(v); }

#undef _mm512_setr_epi32
#undef _mm256_dpbusd_epi32
#undef _mm512_shuffle_epi32
#undef _mm512_alignr_epi64
#undef _mm512_srli_epi16
#undef _mm512_extracti32x4_epi32
#undef _mm512_extracti64x4_epi64
#undef _mm512_cmp_ps_mask
#undef _mm512_cmpeq_epi8_mask
#define _mm512_set1_epi8 plain_set1_epi8
#define _mm512_set1_epi16 plain_set1_epi16
#define _mm512_set1_epi32 plain_set1_epi32
#define _mm512_set1_epi64 plain_set1_epi64
#define _mm512_set1_ps plain_set1_ps
#define _mm512_setzero_si512 plain_setzero_si512
#define _mm512_setzero_ps plain_setzero_ps
#define _mm512_setr_epi32(...) plain_set((const int32_t[16]){__VA_ARGS__})
#define _mm512_set_epi32(p, o, n, m, l, k, j, i, h, g, f, e, d, c, b, a)                           \
  plain_set((const int32_t[16]){a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p})
#define _mm512_loadu_si512 plain_load
#define _mm512_loadu_ps plain_load_ps
#define _mm512_storeu_si512 plain_store
#define _mm512_mask_storeu_epi8 plain_mask_storeu_epi8
#define _mm256_mask_storeu_epi8 plain_mask_storeu_epi8_256
#define _mm_mask_storeu_epi8 plain_mask_storeu_epi8_128
#define _mm512_maskz_loadu_epi8 plain_maskz_loadu_epi8
#define _mm512_maskz_loadu_ps plain_maskz_loadu_ps
#define _mm512_mask_storeu_ps plain_mask_storeu_ps
#define _mm512_add_epi32 plain_add_epi32
#define _mm512_sub_epi32 plain_sub_epi32
#define _mm512_and_si512 plain_and_si512
#define _mm512_xor_si512 plain_xor_si512
#define _mm512_adds_epi16 plain_adds_epi16
#define _mm512_max_epi8 plain_max_epi8
#define _mm512_add_ps plain_add_ps
#define _mm512_mul_ps plain_mul_ps
#define _mm512_min_ps plain_min_ps
#define _mm512_max_ps plain_max_ps
#define _mm512_mask_mul_ps plain_mask_mul_ps
#define _mm512_cmp_ps_mask(x, y, kind) plain_cmp_lt(x, y)
#define _mm512_cmpeq_epi8_mask plain_cmpeq_epi8_mask
#define _mm512_cvtepi32_ps plain_cvtepi32_ps
#define _mm512_cvtps_epi32 plain_cvtps_epi32
#define _mm512_cvtepi8_epi16 plain_cvtepi8_epi16
#define _mm512_cvtepi8_epi32 plain_cvtepi8_epi32
#define _mm512_broadcast_i32x4 plain_broadcast_i32x4
#define _mm512_castsi512_si128(v) plain_extract128(v, 0)
#define _mm512_castsi512_si256(v) plain_extract256(v, 0)
#define _mm512_extracti32x4_epi32 plain_extract128
#define _mm512_extracti64x4_epi64 plain_extract256
#define _mm512_permutexvar_epi32 plain_permutexvar_epi32
#define _mm512_packs_epi32 plain_packs_epi32
#define _mm512_packs_epi16 plain_packs_epi16
#define _mm512_mask_shuffle_epi8 plain_mask_shuffle_epi8
#define _mm512_shuffle_epi8 plain_shuffle_epi8
#define _mm512_shuffle_epi32 plain_shuffle_epi32
#define _mm512_alignr_epi64 plain_alignr_epi64
#define _mm512_srli_epi16 plain_srli_epi16
#define _mm512_unpacklo_epi8(a, b) plain_unpack8(a, b, 0)
#define _mm512_unpackhi_epi8(a, b) plain_unpack8(a, b, 1)
#define _mm512_unpacklo_epi16(a, b) plain_unpack16(a, b, 0)
#define _mm512_unpackhi_epi16(a, b) plain_unpack16(a, b, 1)
#define _mm512_dpbusd_epi32 plain_dpbusd_epi32
#define _mm256_dpbusd_epi32 plain_dpbusd_256
#define _mm512_dpwssd_epi32 plain_dpwssd_epi32

#endif
