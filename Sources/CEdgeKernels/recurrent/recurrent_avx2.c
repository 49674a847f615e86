#include "recurrent.h"
#include "../elementwise/math_f32.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define EDGE_ISA avx2
#define EDGE_BLOCKS 1
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

/* Four outputs a register, two partial sums each. */
static int32_t EDGE_NAME(block_sums)(const int8_t *w, int32_t quads, int32_t left,
                                     const int16_t *codes, int32_t *sums) {
  (void)left;
  __m256i acc[4] = {{0}};
#pragma clang loop unroll_count(2)
  for (int32_t q = 0; q < quads; q++, w += 64) {
    int64_t quad;
    memcpy(&quad, codes + q * 4, sizeof quad);
    __m256i v = _mm256_set1_epi64x(quad);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; i++) {
      __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(w + i * 16)));
      acc[i] = _mm256_add_epi32(acc[i], _mm256_madd_epi16(wide, v));
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 2; i++) {
    __m256i pairs = _mm256_hadd_epi32(acc[2 * i], acc[2 * i + 1]);
    _mm256_storeu_si256((__m256i *)(sums + i * 8), _mm256_permute4x64_epi64(pairs, 0xd8));
  }
  return 16;
}

#include "cell_f32.inc.h"
#include "product_s16.inc.h"
#pragma clang attribute pop
#endif
