/* The INT8 epilogue, 64 elements at a time; bit-identical to epilogue_s8.h. */
#ifndef EDGE_EPILOGUE_S8_AVX512_H
#define EDGE_EPILOGUE_S8_AVX512_H

#include "conv_s8.h"

#include <immintrin.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

/*
 * Rounds to int32 what will be saturated to int8. Only the upper side needs a clamp: below the int32
 * range the conversion gives INT32_MIN, which saturates the right way.
 */
static ALWAYS_INLINE __m512i epilogue_round(__m512 v) {
  return _mm512_cvtps_epi32(_mm512_min_ps(v, _mm512_set1_ps(1048576.0f)));
}

/* Narrows four vectors to one; every 128-bit lane holds four bytes of each in turn. */
static ALWAYS_INLINE __m512i epilogue_narrow(const __m512i v[4], const edge_epilogue *e) {
  __m512i zero = _mm512_set1_epi16((int16_t)e->zero);
  __m512i a = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), zero);
  __m512i b = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), zero);
  __m512i q = _mm512_packs_epi16(a, b);
  q = _mm512_min_epi8(q, _mm512_set1_epi8((int8_t)e->high));
  return _mm512_max_epi8(q, _mm512_set1_epi8((int8_t)e->low));
}

/* Puts the four bytes of each vector that epilogue_narrow interleaved into a 128-bit lane of its own. */
static ALWAYS_INLINE __m512i epilogue_untangle(__m512i q) {
  return _mm512_permutexvar_epi32(
      _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15), q);
}

static inline int epilogue_is_plain(const edge_epilogue *e) {
  return !e->output_float && !e->residual && !e->table && e->slope == 1.0f;
}

/*
 * 16 sums of one output pixel (bias included), channels from `channel`, to element `index`.
 * Any epilogue; elements outside mask are not stored.
 */
static __attribute__((noinline)) void epilogue_store_any(const edge_epilogue *e, __m512i sum,
                                                         int32_t channel, void *output,
                                                         int64_t index, __mmask16 mask) {
  __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(e->multiplier + channel));
  if (e->slope != 1.0f) {
    __mmask16 negative = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ);
    v = _mm512_mask_mul_ps(v, negative, v, _mm512_set1_ps(e->slope));
  }
  if (e->output_float) {
    if (e->residual)
      v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, (const float *)e->residual + index));
    v = _mm512_min_ps(_mm512_set1_ps(e->high_f), v);
    v = _mm512_max_ps(_mm512_set1_ps(e->low_f), v);
    _mm512_mask_storeu_ps((float *)output + index, mask, v);
    return;
  }
  if (e->residual) {
    __m128i r = _mm_maskz_loadu_epi8(mask, (const int8_t *)e->residual + index);
    __m512i d = _mm512_sub_epi32(_mm512_cvtepi8_epi32(r), _mm512_set1_epi32(e->residual_zero));
    v = _mm512_add_ps(
        v, _mm512_mul_ps(_mm512_cvtepi32_ps(d), _mm512_set1_ps(e->residual_multiplier)));
  }
  __m512i rounded[4] = {epilogue_round(v), sum, sum, sum};
  __m128i q = _mm512_castsi512_si128(epilogue_untangle(epilogue_narrow(rounded, e)));
  if (e->table) {
    int8_t bytes[16];
    _mm_storeu_si128((__m128i *)bytes, q);
    for (int i = 0; i < 16; ++i)
      bytes[i] = e->table[bytes[i] + 128];
    q = _mm_loadu_si128((const __m128i *)bytes);
  }
  _mm_mask_storeu_epi8((int8_t *)output + index, mask, q);
}

static __attribute__((noinline)) void store_tile_any(const conv_s8_tile *t, const __m512i *sum,
                                                     int32_t rows, int32_t blocks) {
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t b = 0; b < blocks; ++b) {
      int32_t left = t->channels - 16 * b;
      __mmask16 mask = (__mmask16)(left < 16 ? (1 << left) - 1 : 0xffff);
      epilogue_store_any(t->epilogue, *sum++, t->channel + 16 * b, t->output,
                         t->index + r * t->stride + 16 * b, mask);
    }
}

/* Stores rows x blocks sums of a convolution tile. */
static ALWAYS_INLINE void store_tile(const conv_s8_tile *t, const __m512i *sum, const int rows,
                                     const int blocks) {
  const edge_epilogue *e = t->epilogue;
  uint64_t all = ~UINT64_C(0) >> (64 - t->channels);
  if (!epilogue_is_plain(e)) {
    __m512i spilled[24];
    UNROLL for (int i = 0; i < rows * blocks; ++i) spilled[i] = sum[i];
    store_tile_any(t, spilled, rows, blocks);
    return;
  }
  const int group = blocks == 1 ? 4 : blocks == 2 ? 2 : 1;
  __m512 multiplier[4];
  UNROLL for (int b = 0; b < blocks; ++b) multiplier[b] =
      _mm512_loadu_ps(e->multiplier + t->channel + 16 * b);
  int8_t *to = (int8_t *)t->output + t->index;
  UNROLL for (int r = 0; r < rows; r += group) {
    __m512i v[4];
    UNROLL for (int i = 0; i < 4; ++i) {
      int row = r + i * group / 4, b = group == 1 ? (i < blocks ? i : 0) : i % blocks;
      row = row < rows ? row : r;
      v[i] = epilogue_round(
          _mm512_mul_ps(_mm512_cvtepi32_ps(sum[row * blocks + b]), multiplier[b]));
    }
    __m512i q = epilogue_untangle(epilogue_narrow(v, e));
    if (group == 1) {
      _mm512_mask_storeu_epi8(to, all, q);
      to += t->stride;
    } else if (group == 2) {
      _mm256_mask_storeu_epi8(to, (__mmask32)all, _mm512_castsi512_si256(q));
      if (r + 1 < rows)
        _mm256_mask_storeu_epi8(to + t->stride, (__mmask32)all, _mm512_extracti64x4_epi64(q, 1));
      to += 2 * t->stride;
    } else {
      __mmask16 mask = (__mmask16)all;
      _mm_mask_storeu_epi8(to, mask, _mm512_castsi512_si128(q));
      if (r + 1 < rows)
        _mm_mask_storeu_epi8(to + t->stride, mask, _mm512_extracti32x4_epi32(q, 1));
      if (r + 2 < rows)
        _mm_mask_storeu_epi8(to + 2 * t->stride, mask, _mm512_extracti32x4_epi32(q, 2));
      if (r + 3 < rows)
        _mm_mask_storeu_epi8(to + 3 * t->stride, mask, _mm512_extracti32x4_epi32(q, 3));
      to += 4 * t->stride;
    }
  }
}

#pragma clang attribute pop
#endif /* EDGE_EPILOGUE_S8_AVX512_H */
