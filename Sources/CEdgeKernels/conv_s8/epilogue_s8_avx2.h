/* The INT8 epilogue, 16 elements at a time; bit-identical to epilogue_s8.h. */
#ifndef EDGE_EPILOGUE_S8_AVX2_H
#define EDGE_EPILOGUE_S8_AVX2_H

#include "../include/edge_kernels.h"

#include <immintrin.h>
#include <string.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

static ALWAYS_INLINE __m256 epilogue_scale(const edge_epilogue *e, __m256i sum, int32_t channel) {
  __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(sum), _mm256_loadu_ps(e->multiplier + channel));
  if (e->slope != 1.0f) {
    __m256 negative = _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_LT_OQ);
    v = _mm256_blendv_ps(v, _mm256_mul_ps(v, _mm256_set1_ps(e->slope)), negative);
  }
  return v;
}

static ALWAYS_INLINE __m256 epilogue_add(const edge_epilogue *e, __m256 v, __m128i residual) {
  __m256i d = _mm256_sub_epi32(_mm256_cvtepi8_epi32(residual), _mm256_set1_epi32(e->residual_zero));
  return _mm256_add_ps(
      v, _mm256_mul_ps(_mm256_cvtepi32_ps(d), _mm256_set1_ps(e->residual_multiplier)));
}

static ALWAYS_INLINE void epilogue_store_float(const edge_epilogue *e, __m256 v, float *y,
                                               int64_t index, int32_t count) {
  __m256i mask =
      _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  if (e->residual)
    v = _mm256_add_ps(v, _mm256_maskload_ps((const float *)e->residual + index, mask));
  v = _mm256_min_ps(_mm256_set1_ps(e->high_f), v);
  v = _mm256_max_ps(_mm256_set1_ps(e->low_f), v);
  _mm256_maskstore_ps(y + index, mask, v);
}

/* Stores the first `count` of 16 sums of one output pixel (bias included), channels from `channel`.
 */
static __attribute__((noinline)) void epilogue_store16(const edge_epilogue *e, __m256i sum0,
                                                       __m256i sum1, int32_t channel, void *output,
                                                       int64_t index, int32_t count) {
  __m256 v0 = epilogue_scale(e, sum0, channel), v1 = epilogue_scale(e, sum1, channel + 8);
  if (e->output_float) {
    epilogue_store_float(e, v0, output, index, count);
    epilogue_store_float(e, v1, output, index + 8, count - 8);
    return;
  }
  if (e->residual) {
    __m128i r = _mm_loadu_si128((const __m128i *)((const int8_t *)e->residual + index));
    v0 = epilogue_add(e, v0, r);
    v1 = epilogue_add(e, v1, _mm_srli_si128(r, 8));
  }
  /* Below the int32 range the conversion gives INT32_MIN, which saturates the right way. */
  __m256 limit = _mm256_set1_ps(1048576.0f);
  __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(_mm256_min_ps(v0, limit)),
                                     _mm256_cvtps_epi32(_mm256_min_ps(v1, limit)));
  words = _mm256_adds_epi16(words, _mm256_set1_epi16((int16_t)e->zero));
  __m256i packed = _mm256_packs_epi16(words, words);
  __m128i q =
      _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1));
  q = _mm_max_epi8(_mm_min_epi8(q, _mm_set1_epi8((int8_t)e->high)), _mm_set1_epi8((int8_t)e->low));
  int8_t *to = (int8_t *)output + index;
  if (count >= 16 && !e->table) {
    _mm_storeu_si128((__m128i *)to, q);
    return;
  }
  int8_t bytes[16];
  _mm_storeu_si128((__m128i *)bytes, q);
  for (int32_t i = 0; i < count && i < 16; ++i)
    to[i] = e->table ? e->table[bytes[i] + 128] : bytes[i];
}

#pragma clang attribute pop
#endif /* EDGE_EPILOGUE_S8_AVX2_H */
