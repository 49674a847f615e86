#include "recurrent.h"
#include "../elementwise/math_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define EDGE_ISA avx512vnni
#define EDGE_BLOCKS 4
#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni,avx2,fma"))),             \
    apply_to = function)

/* Eight outputs a register, two partial sums each. */
EDGE_INLINE void EDGE_NAME(sums_of)(int32_t blocks, const int8_t *w, int32_t quads,
                                    const int16_t *codes, int32_t *sums) {
  __m512i acc[2 * EDGE_BLOCKS];
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * blocks; i++)
    acc[i] = _mm512_setzero_si512();
  for (int32_t q = 0; q < quads; q++) {
    int64_t quad;
    memcpy(&quad, codes + q * 4, sizeof quad);
    __m512i v = _mm512_set1_epi64(quad);
#pragma clang loop unroll(full)
    for (int i = 0; i < 2 * blocks; i++) {
      const int8_t *at = w + ((int64_t)(i / 2) * quads + q) * 64 + i % 2 * 32;
      __m512i wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)at));
      acc[i] = _mm512_dpwssd_epi32(acc[i], wide, v);
    }
  }
  __m512i swapped, order = _mm512_set_epi32(0, 0, 0, 0, 0, 0, 0, 0, 14, 12, 10, 8, 6, 4, 2, 0);
#pragma clang loop unroll(full)
  for (int i = 0; i < 2 * blocks; i++) {
    swapped = _mm512_shuffle_epi32(acc[i], 0xb1);
    swapped = _mm512_permutexvar_epi32(order, _mm512_add_epi32(acc[i], swapped));
    _mm256_storeu_si256((__m256i *)(sums + i * 8), _mm512_castsi512_si256(swapped));
  }
}

static int32_t EDGE_NAME(block_sums)(const int8_t *w, int32_t quads, int32_t left,
                                     const int16_t *codes, int32_t *sums) {
  int32_t blocks = left >= 16 * EDGE_BLOCKS ? EDGE_BLOCKS : 1;
  if (blocks > 1)
    EDGE_NAME(sums_of)(EDGE_BLOCKS, w, quads, codes, sums);
  else
    EDGE_NAME(sums_of)(1, w, quads, codes, sums);
  return blocks * 16;
}

#include "product_s16.inc.h"
#pragma clang attribute pop
#endif
