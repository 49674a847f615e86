#include "conv_s8.h"

#if defined(__x86_64__)
#include "epilogue_s8_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/*
 * Bytes are widened to 16 bits, where the pairwise multiply-add is exact. Of the four inputs of a
 * dword the even pair is multiplied and then the odd one, so that a vector holds whole sums of 8
 * channels. The rows of a tile are widened once for all of its blocks, tile_k4 dwords at a time;
 * weights, in registers, by shifts.
 */
enum { tile_rows = 6, tile_k4 = 128, row_words = tile_k4 * 4 + 16 };

/* 16 bytes, in each dword 0 2 1 3. */
static ALWAYS_INLINE void widen(const int8_t *from, int16_t *to) {
  const __m128i pairs = _mm_setr_epi8(0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15);
  __m128i bytes = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)from), pairs);
  _mm256_storeu_si256((__m256i *)to, _mm256_cvtepi8_epi16(bytes));
}

/* A dword of the inputs: k of segment s. */
typedef struct position {
  int32_t s, k;
} position;

/* Widens up to tile_k4 dwords of every row and moves on; returns how many. */
static int32_t widen_rows(const conv_s8_tile *t, int32_t rows, position *p, int16_t *to) {
  int32_t done = 0;
  while (done < tile_k4 && p->s < t->segments) {
    int32_t left = t->segment_k4 - p->k, count = left < tile_k4 - done ? left : tile_k4 - done;
    const int8_t *from = t->input + t->segment[p->s] + 4 * (int64_t)p->k;
    for (int32_t r = 0; r < rows; ++r)
      for (int32_t k = 0; k < count; k += 4)
        widen(from + t->pixel[r] + 4 * k, to + r * row_words + 4 * (done + k));
    done += count;
    p->k += count;
    if (p->k == t->segment_k4)
      *p = (position){p->s + 1, 0};
  }
  return done;
}

/* Adds the products of k4 dwords of widened rows with one block's weights to `from`, which rows
 * share (step 0: a bias) or lie step apart in, giving 16 sums a row. */
static ALWAYS_INLINE void add_rows(const int16_t *a, const int8_t *weights, int32_t k4,
                                   const int32_t *from, int32_t step, int32_t *to, const int rows) {
  __m256i sum[tile_rows][2];
  UNROLL for (int r = 0; r < rows; ++r) UNROLL for (int i = 0; i < 2; ++i) sum[r][i] =
      _mm256_loadu_si256((const __m256i *)(from + r * step + 8 * i));
  for (const int8_t *end = weights + 64 * (int64_t)k4; weights < end; weights += 64, a += 4) {
    UNROLL for (int odd = 0; odd < 2; ++odd) {
      /* Opaque, so that weights are read twice rather than kept in registers that sums need. */
      const int8_t *again = weights;
      __asm__ volatile("" : "+r"(again));
      __m256i w[2];
      UNROLL for (int i = 0; i < 2; ++i) {
        w[i] = _mm256_loadu_si256((const __m256i *)(again + 32 * i));
        w[i] = _mm256_srai_epi16(odd ? w[i] : _mm256_slli_epi16(w[i], 8), 8);
      }
      UNROLL for (int r = 0; r < rows; ++r) {
        int32_t pair;
        memcpy(&pair, a + r * row_words + 2 * odd, sizeof pair);
        __m256i x = _mm256_set1_epi32(pair);
        UNROLL for (int i = 0; i < 2; ++i) {
          sum[r][i] = _mm256_add_epi32(sum[r][i], _mm256_madd_epi16(x, w[i]));
          /* Opaque, so that the two pairs' sums are not added before. */
          __asm__("" : "+x"(sum[r][i]));
        }
      }
    }
  }
  UNROLL for (int r = 0; r < rows; ++r) UNROLL for (int i = 0; i < 2; ++i)
      _mm256_storeu_si256((__m256i *)(to + 16 * r + 8 * i), sum[r][i]);
}

#define ADD(rows)                                                                                  \
  static void add_##rows(const int16_t *a, const int8_t *weights, int32_t k4, const int32_t *from, \
                         int32_t step, int32_t *to) {                                              \
    add_rows(a, weights, k4, from, step, to, rows);                                                \
  }
ADD(1)
ADD(2)
ADD(3)
ADD(4)
ADD(5)
ADD(6)

static void (*const add[tile_rows])(const int16_t *a, const int8_t *weights, int32_t k4,
                                    const int32_t *from, int32_t step,
                                    int32_t *to) = {add_1, add_2, add_3, add_4, add_5, add_6};

static void run(const conv_s8_tile *t, int32_t rows, int32_t blocks) {
  int16_t widened[tile_rows * row_words];
  int32_t sums[4][tile_rows * 16];
  const int8_t *weights = t->weights;
  position p = {0, 0};
  for (int32_t first = 1; p.s < t->segments; first = 0) {
    int32_t k4 = widen_rows(t, rows, &p, widened);
    for (int32_t b = 0; b < blocks; ++b)
      add[rows - 1](widened, weights + b * t->block_bytes, k4,
                    first ? t->epilogue->bias + t->channel + 16 * b : sums[b], first ? 0 : 16,
                    sums[b]);
    weights += 64 * (int64_t)k4;
  }
  for (int32_t b = 0; b < blocks; ++b) {
    int32_t channels = t->channels - 16 * b;
    epilogue_store(t->epilogue, sums[b], rows, t->channel + 16 * b,
                   channels < 16 ? channels : 16, t->output, t->index + 16 * b, t->stride);
  }
}

static const conv_s8_isa isa = {
    4, {0, tile_rows, tile_rows, tile_rows, tile_rows}, run};

void edge_s8_conv__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}

#pragma clang attribute pop
#endif
