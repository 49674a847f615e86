/* The INT8 epilogue, 16 channels of some pixels at a time; bit-identical to epilogue_s8.h. */
#ifndef EDGE_EPILOGUE_S8_AVX2_H
#define EDGE_EPILOGUE_S8_AVX2_H

#include "../include/edge_kernels.h"

#include <immintrin.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/* What the blocks and pixels of a tile share, copied so that stores of bytes cannot alias it. */
typedef struct epilogue_shared {
  __m256 high;
  __m256i zero, low;
  float slope, residual_multiplier;
  int32_t residual_zero;
  const int8_t *residual, *table;
} epilogue_shared;

static ALWAYS_INLINE epilogue_shared epilogue_shared_of(const edge_epilogue *e) {
  return (epilogue_shared){.high = _mm256_set1_ps((float)(e->high - e->zero)),
                           .zero = _mm256_set1_epi16((int16_t)e->zero),
                           .low = _mm256_set1_epi8((int8_t)e->low),
                           .slope = e->slope,
                           .residual_multiplier = e->residual_multiplier,
                           .residual_zero = e->residual_zero,
                           .residual = e->residual,
                           .table = e->table};
}

/* Whether scaling, rounding and clamping is all. */
static ALWAYS_INLINE int epilogue_is_plain(const edge_epilogue *e) {
  return !e->output_float && !e->residual && !e->table && e->slope == 1.0f;
}

static ALWAYS_INLINE __m256 epilogue_scale(__m256i sums, __m256 multiplier) {
  return _mm256_mul_ps(_mm256_cvtepi32_ps(sums), multiplier);
}

static ALWAYS_INLINE __m256 epilogue_slope(__m256 v, float slope) {
  __m256 negative = _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ);
  return _mm256_blendv_ps(v, _mm256_mul_ps(v, _mm256_set1_ps(slope)), negative);
}

static ALWAYS_INLINE __m256 epilogue_add(const epilogue_shared *s, __m256 v, int64_t index) {
  __m128i residual = _mm_loadl_epi64((const __m128i *)(s->residual + index));
  __m256i d = _mm256_sub_epi32(_mm256_cvtepi8_epi32(residual), _mm256_set1_epi32(s->residual_zero));
  return _mm256_add_ps(
      v, _mm256_mul_ps(_mm256_cvtepi32_ps(d), _mm256_set1_ps(s->residual_multiplier)));
}

/*
 * v of 16 channels of one pixel as words, by fours 0 2 1 3. v is clamped above in float, exactly,
 * the limit being whole. Below the int32 range the conversion gives INT32_MIN, which saturates the
 * right way.
 */
static ALWAYS_INLINE __m256i epilogue_words(const epilogue_shared *s, __m256 v0, __m256 v1) {
  __m256i q0 = _mm256_cvtps_epi32(_mm256_min_ps(v0, s->high));
  __m256i q1 = _mm256_cvtps_epi32(_mm256_min_ps(v1, s->high));
  return _mm256_adds_epi16(_mm256_packs_epi32(q0, q1), s->zero);
}

/* The words of two pixels as bytes: one's in each half. */
static ALWAYS_INLINE __m256i epilogue_bytes(const epilogue_shared *s, __m256i first,
                                            __m256i second) {
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  __m256i q = _mm256_permutevar8x32_epi32(_mm256_packs_epi16(first, second), order);
  return _mm256_max_epi8(q, s->low);
}

/* table[q + 128] for 32 bytes: a shuffle in each of sixteen rows of the table; other rows' bytes
 * have bit 7 set, which gives 0. */
static ALWAYS_INLINE __m256i epilogue_lookup(const int8_t *table, __m256i q) {
  __m256i found = _mm256_setzero_si256(), column = q;
  _Pragma("clang loop unroll(disable)") for (int i = 0; i < 16; ++i) {
    /* Row i ^ 8 begins at 16 * i of unsigned bytes: those in it become 0x70..0x7f. */
    __m256i in_row = _mm256_adds_epu8(column, _mm256_set1_epi8(0x70));
    __m128i row = _mm_loadu_si128((const __m128i *)(table + 16 * (i ^ 8)));
    found = _mm256_or_si256(found, _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(row), in_row));
    column = _mm256_sub_epi8(column, _mm256_set1_epi8(16));
  }
  return found;
}

static __attribute__((noinline)) void epilogue_store_part(int8_t *to, __m128i q, int32_t count) {
  int8_t bytes[16];
  _mm_storeu_si128((__m128i *)bytes, q);
  if (count >= 8) {
    memcpy(to, bytes, 8);
    memcpy(to + count - 8, bytes + count - 8, 8);
    return;
  }
  _Pragma("clang loop unroll(disable)") for (int32_t i = 0; i < count; ++i) to[i] = bytes[i];
}

/* Writes the first `count` bytes, 1..16, of each half of q, and no others; of the first alone if
 * `rows` is 1. */
static ALWAYS_INLINE void epilogue_store_bytes(int8_t *to, int64_t stride, __m256i q, int32_t rows,
                                               int32_t count) {
  __m128i first = _mm256_castsi256_si128(q), second = _mm256_extracti128_si256(q, 1);
  if (count == 16) {
    _mm_storeu_si128((__m128i *)to, first);
    if (rows > 1)
      _mm_storeu_si128((__m128i *)(to + stride), second);
    return;
  }
  epilogue_store_part(to, first, count);
  if (rows > 1)
    epilogue_store_part(to + stride, second, count);
}

static __attribute__((noinline)) void epilogue_store_float(const edge_epilogue *e,
                                                           const int32_t *sums, int32_t channel,
                                                           float *y, int64_t index, int32_t count) {
  for (; count > 0; count -= 8, sums += 8, channel += 8, index += 8) {
    __m256 v = epilogue_scale(_mm256_loadu_si256((const __m256i *)sums),
                              _mm256_loadu_ps(e->multiplier + channel));
    if (e->slope != 1.0f)
      v = epilogue_slope(v, e->slope);
    __m256i mask =
        _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    if (e->residual)
      v = _mm256_add_ps(v, _mm256_maskload_ps((const float *)e->residual + index, mask));
    v = _mm256_min_ps(_mm256_set1_ps(e->high_f), v);
    v = _mm256_max_ps(_mm256_set1_ps(e->low_f), v);
    _mm256_maskstore_ps(y + index, mask, v);
  }
}

/* Stores channels [channel, channel + count), count in 1..16, of `rows` pixels with 16 sums each,
 * bias included; index is the element of the first, `stride` that of one to the next. */
static __attribute__((noinline)) void epilogue_store(const edge_epilogue *e, const int32_t *sums,
                                                     int32_t rows, int32_t channel, int32_t count,
                                                     void *output, int64_t index, int64_t stride) {
  if (e->output_float) {
    for (; rows > 0; --rows, sums += 16, index += stride)
      epilogue_store_float(e, sums, channel, output, index, count);
    return;
  }
  const epilogue_shared s = epilogue_shared_of(e);
  const __m256 multiplier[2] = {_mm256_loadu_ps(e->multiplier + channel),
                                _mm256_loadu_ps(e->multiplier + channel + 8)};
  int8_t *to = output;
  for (; rows > 0; rows -= 2, sums += 32, index += 2 * stride) {
    __m256i words[2];
    UNROLL for (int r = 0; r < 2; ++r) {
      int32_t row = r < rows ? r : 0;
      __m256 v[2];
      UNROLL for (int i = 0; i < 2; ++i) {
        const __m256i *from = (const __m256i *)(sums + 16 * row);
        v[i] = epilogue_scale(_mm256_loadu_si256(from + i), multiplier[i]);
        if (s.slope != 1.0f)
          v[i] = epilogue_slope(v[i], s.slope);
        if (s.residual)
          v[i] = epilogue_add(&s, v[i], index + row * stride + 8 * i);
      }
      words[r] = epilogue_words(&s, v[0], v[1]);
    }
    __m256i q = epilogue_bytes(&s, words[0], words[1]);
    if (s.table)
      q = epilogue_lookup(s.table, q);
    epilogue_store_bytes(to + index, stride, q, rows, count);
  }
}

#pragma clang attribute pop
#endif /* EDGE_EPILOGUE_S8_AVX2_H */
