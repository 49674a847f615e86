#include "conv_s8.h"

#if defined(__x86_64__)
#include "epilogue_s8_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/*
 * Bytes are widened to 16 bits, where the pairwise multiply-add is exact. One vector of sums holds
 * two partial sums of each of 4 channels, joined at the end.
 */
static ALWAYS_INLINE __m256i widen(const int8_t *p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p));
}

static ALWAYS_INLINE __m256i broadcast(const int8_t *a) {
  int32_t dword;
  memcpy(&dword, a, sizeof dword);
  return _mm256_cvtepi8_epi16(_mm_set1_epi32(dword));
}

/* Channels 0..7 of the sums of channels 0..3 and 4..7. */
static ALWAYS_INLINE __m256i join(__m256i a, __m256i b) {
  return _mm256_permute4x64_epi64(_mm256_hadd_epi32(a, b), 0xd8);
}

static ALWAYS_INLINE void run_rows(const conv_s8_tile *t, const int rows) {
  const int8_t *row[3], *weights = t->weights;
  const int32_t *bias = t->epilogue->bias + t->channel;
  __m256i sum[3][4];
  UNROLL for (int r = 0; r < rows; ++r) {
    row[r] = t->input + t->pixel[r];
    UNROLL for (int i = 0; i < 4; ++i) sum[r][i] = _mm256_setzero_si256();
  }
  int32_t s = 0;
  do {
    int64_t k = t->segment[s], end = k + 4 * (int64_t)t->segment_k4;
    do {
      __m256i a[3];
      UNROLL for (int r = 0; r < rows; ++r) a[r] = broadcast(row[r] + k);
      UNROLL for (int i = 0; i < 4; ++i) {
        __m256i w = widen(weights + 16 * i);
        UNROLL for (int r = 0; r < rows; ++r) sum[r][i] =
            _mm256_add_epi32(sum[r][i], _mm256_madd_epi16(a[r], w));
      }
      k += 4;
      weights += 64;
    } while (k < end);
  } while (++s < t->segments);
  __m256i bias0 = _mm256_loadu_si256((const __m256i *)bias);
  __m256i bias1 = _mm256_loadu_si256((const __m256i *)(bias + 8));
  UNROLL for (int r = 0; r < rows; ++r)
      epilogue_store16(t->epilogue, _mm256_add_epi32(join(sum[r][0], sum[r][1]), bias0),
                       _mm256_add_epi32(join(sum[r][2], sum[r][3]), bias1), t->channel, t->output,
                       t->index + r * t->stride, t->channels);
}

static void run(const conv_s8_tile *tile, int32_t rows, int32_t blocks) {
  (void)blocks;
  if (rows == 3)
    run_rows(tile, 3);
  else if (rows == 2)
    run_rows(tile, 2);
  else
    run_rows(tile, 1);
}

static const conv_s8_isa isa = {1, {0, 3}, run, 0};

void edge_s8_conv__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}

#pragma clang attribute pop
#endif
