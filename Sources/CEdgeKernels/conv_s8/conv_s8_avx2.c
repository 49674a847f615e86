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

/* One block of a tile. */
typedef struct block {
  const int8_t *weights;
  const int32_t *from;           /* what products are added to: a bias, or sums so far */
  int32_t step;                  /* of `from`, from one row to the next */
  int32_t *sums;                 /* [rows][16], written */
  const epilogue_shared *shared; /* NULL, or what else to do instead: a plain epilogue */
  const float *multiplier;
  int8_t *to;
  int64_t stride;
  int32_t rows;     /* to store: those computed, or one fewer */
  int32_t channels; /* 1..16 */
} block;

static ALWAYS_INLINE void store_plain(const block *b, const __m256i sum[][2], const int rows) {
  const epilogue_shared shared = *b->shared;
  const __m256 multiplier[2] = {_mm256_loadu_ps(b->multiplier), _mm256_loadu_ps(b->multiplier + 8)};
  int8_t *to = b->to;
  UNROLL for (int r = 0; r < rows; r += 2, to += 2 * b->stride) {
    __m256i words[2];
    UNROLL for (int i = 0; i < 2; ++i) {
      const __m256i *row = sum[r + i < rows ? r + i : r];
      words[i] = epilogue_words(&shared, epilogue_scale(row[0], multiplier[0]),
                                epilogue_scale(row[1], multiplier[1]));
    }
    epilogue_store_bytes(to, b->stride, epilogue_bytes(&shared, words[0], words[1]),
                         b->rows - r, b->channels);
  }
}

static ALWAYS_INLINE __m256i broadcast(const int16_t *pair) {
  int32_t dword;
  memcpy(&dword, pair, sizeof dword);
  return _mm256_set1_epi32(dword);
}

/*
 * Adds a pair of inputs' products to the sums of 16 channels. Not left to the compiler: 12 sums, 2
 * weights and these 2 temporaries are all the registers there are, and it would spill; in any other
 * order it was up to a tenth slower.
 */
static ALWAYS_INLINE void add_pair(__m256i sum[2], const int16_t *pair, const __m256i w[2]) {
  __m256i x, product;
  __asm__("vpbroadcastd %[pair], %[x]\n\t"
          "vpmaddwd %[w0], %[x], %[product]\n\t"
          "vpmaddwd %[w1], %[x], %[x]\n\t"
          "vpaddd %[product], %[sum0], %[sum0]\n\t"
          "vpaddd %[x], %[sum1], %[sum1]"
          : [sum0] "+x"(sum[0]), [sum1] "+x"(sum[1]), [x] "=&x"(x), [product] "=&x"(product)
          : [pair] "m"(*(const int16_t(*)[2])pair), [w0] "x"(w[0]), [w1] "x"(w[1]));
}

/* Adds the products of k4 dwords of widened rows with a block's weights: of all of its channels, or
 * of 8 if there are no more. */
static ALWAYS_INLINE void add_rows(const int16_t *a, int32_t k4, const block *b, const int rows,
                                   const int halves) {
  const int8_t *weights = b->weights;
  __m256i sum[tile_rows][2];
  UNROLL for (int r = 0; r < rows; ++r) UNROLL for (int i = 0; i < 2; ++i) sum[r][i] =
      _mm256_loadu_si256((const __m256i *)(b->from + r * b->step + 8 * i));
  for (const int8_t *end = weights + 64 * (int64_t)k4; weights < end; weights += 64, a += 4) {
    UNROLL for (int odd = 0; odd < 2; ++odd) {
      /* Opaque, so that weights are read twice rather than kept in registers that sums need. */
      __asm__ volatile("" : "+r"(weights));
      __m256i w[2];
      UNROLL for (int i = 0; i < halves; ++i) {
        w[i] = _mm256_loadu_si256((const __m256i *)(weights + 32 * i));
        w[i] = _mm256_srai_epi16(odd ? w[i] : _mm256_slli_epi16(w[i], 8), 8);
      }
      UNROLL for (int r = 0; r < rows; ++r) {
        const int16_t *pair = a + r * row_words + 2 * odd;
        if (halves == 2)
          add_pair(sum[r], pair, w);
        else
          sum[r][0] = _mm256_add_epi32(sum[r][0], _mm256_madd_epi16(broadcast(pair), w[0]));
      }
    }
  }
  if (b->shared) {
    store_plain(b, sum, rows);
    return;
  }
  UNROLL for (int r = 0; r < rows; ++r) UNROLL for (int i = 0; i < 2; ++i)
      _mm256_storeu_si256((__m256i *)(b->sums + 16 * r + 8 * i), sum[r][i]);
}

#define ADD(rows, halves)                                                                          \
  static void add_##rows##x##halves(const int16_t *a, int32_t k4, const block *b) {                \
    add_rows(a, k4, b, rows, halves);                                                              \
  }
#define ADD_ALL(halves) ADD(2, halves) ADD(4, halves) ADD(6, halves)
#define NAMES(halves) {NULL, add_2x##halves, add_4x##halves, add_6x##halves}

ADD_ALL(1)
ADD_ALL(2)

/* By whether a block has more than 8 channels, and pairs of rows: an odd row brings another along, which is not stored. */
static void (*const add[2][tile_rows / 2 + 1])(const int16_t *a, int32_t k4,
                                           const block *b) = {NAMES(1), NAMES(2)};

/*
 * One row: nothing to share, so bytes are widened as they come, a dword of inputs to four words.
 * A vector holds two partial sums of each of 4 channels, joined at the end.
 */
static void run_one(const conv_s8_tile *t, int32_t block) {
  const int8_t *row = t->input + t->pixel[0], *weights = t->weights + block * t->block_bytes;
  int32_t channel = t->channel + 16 * block, left = t->channels - 16 * block, sums[16];
  __m256i part[4];
  UNROLL for (int i = 0; i < 4; ++i) part[i] = _mm256_setzero_si256();
  for (int32_t s = 0; s < t->segments; ++s) {
    const int8_t *from = row + t->segment[s], *end = from + 4 * (int64_t)t->segment_k4;
    for (; from < end; from += 4, weights += 64) {
      int32_t dword;
      memcpy(&dword, from, sizeof dword);
      __m256i x = _mm256_cvtepi8_epi16(_mm_set1_epi32(dword));
      UNROLL for (int i = 0; i < 4; ++i) {
        __m128i w = _mm_loadu_si128((const __m128i *)weights + i);
        part[i] = _mm256_add_epi32(part[i], _mm256_madd_epi16(x, _mm256_cvtepi8_epi16(w)));
      }
    }
  }
  UNROLL for (int i = 0; i < 2; ++i) {
    __m256i joined = _mm256_hadd_epi32(part[2 * i], part[2 * i + 1]);
    const __m256i *bias = (const __m256i *)(t->epilogue->bias + channel + 8 * i);
    _mm256_storeu_si256(
        (__m256i *)(sums + 8 * i),
        _mm256_add_epi32(_mm256_permute4x64_epi64(joined, 0xd8), _mm256_loadu_si256(bias)));
  }
  epilogue_store(t->epilogue, sums, 1, channel, left < 16 ? left : 16, t->output,
                 t->index + 16 * block, t->stride);
}

static void run_many(const conv_s8_tile *t, int32_t rows, int32_t blocks) {
  int16_t widened[tile_rows * row_words];
  int32_t sums[4][tile_rows * 16];
  const edge_epilogue *e = t->epilogue;
  const epilogue_shared shared = epilogue_shared_of(e);
  const int plain = epilogue_is_plain(e);
  position p = {0, 0};
  for (int64_t done = 0; p.s < t->segments;) {
    int32_t k4 = widen_rows(t, rows, &p, widened);
    for (int32_t i = 0; i < blocks; ++i) {
      int32_t channel = t->channel + 16 * i, left = t->channels - 16 * i;
      block b = {.weights = t->weights + i * t->block_bytes + 64 * done,
                 .from = done ? sums[i] : e->bias + channel,
                 .step = done ? 16 : 0,
                 .sums = sums[i],
                 .shared = plain && p.s == t->segments ? &shared : NULL,
                 .multiplier = e->multiplier + channel,
                 .to = (int8_t *)t->output + t->index + 16 * i,
                 .stride = t->stride,
                 .rows = rows,
                 .channels = left < 16 ? left : 16};
      add[left > 8][(rows + 1) / 2](widened, k4, &b);
    }
    done += k4;
  }
  for (int32_t i = 0; i < blocks && !plain; ++i) {
    int32_t left = t->channels - 16 * i;
    epilogue_store(e, sums[i], rows, t->channel + 16 * i, left < 16 ? left : 16, t->output,
                   t->index + 16 * i, t->stride);
  }
}

static void run(const conv_s8_tile *t, int32_t rows, int32_t blocks) {
  if (rows > 1)
    run_many(t, rows, blocks);
  else
    for (int32_t b = 0; b < blocks; ++b)
      run_one(t, b);
}

/* ---- block-sparse weights: widened inputs of 16 pixels, products as above ------------------------------------------ */

#define EDGE_ALWAYS static ALWAYS_INLINE
#define EDGE_LANES 8
#define EDGE_VECTORS 2
#define EDGE_FEW_PIXELS 3
#define EDGE_FLIPPED 0

/* By pair and vector. */
typedef struct strip_vector {
  __m256i of[2][2];
} strip_vector;

EDGE_ALWAYS void strip_put(strip_vector *to, int32_t v, __m256i x) {
  to->of[0][v] = _mm256_srai_epi16(_mm256_slli_epi16(x, 8), 8);
  to->of[1][v] = _mm256_srai_epi16(x, 8);
}

typedef __m256i strip_sum;
EDGE_ALWAYS strip_sum strip_sum_of(int32_t bias) { return _mm256_set1_epi32(bias); }
EDGE_ALWAYS __m256i strip_join(strip_sum sum) { return sum; }

enum { widened_blocks = 64 };

EDGE_ALWAYS void add_blocks(__m256i sum[][2], const strip_vector *strip, const uint16_t *columns,
                            const int8_t *values, int32_t count, const int n) {
  int16_t widened[widened_blocks * 16];
  while (count > 0) {
    int32_t blocks = count < widened_blocks ? count : widened_blocks;
    for (int32_t i = 0; i < blocks * 4 * n; i += 16)
      widen(values + i, widened + i);
    const int16_t *w = widened;
    for (int32_t b = 0; b < blocks; ++b, w += 4 * n) {
      const strip_vector *x = strip + columns[b];
      UNROLL for (int odd = 0; odd < 2; ++odd) UNROLL for (int h = 0; h < n; ++h) {
        __m256i pair = broadcast(w + 4 * h + 2 * odd);
        UNROLL for (int v = 0; v < 2; ++v) sum[h][v] =
            _mm256_add_epi32(sum[h][v], _mm256_madd_epi16(x->of[odd][v], pair));
      }
    }
    count -= blocks;
    columns += blocks;
    values += blocks * 4 * n;
  }
}

static void store_sums(const conv_s8_tile *t, const int32_t *totals, int32_t rows) {
  epilogue_store(t->epilogue, totals, rows, t->channel, t->channels, t->output, t->index,
                 t->stride);
}

/* Two partial sums each. */
typedef __m256i row_sum;
EDGE_ALWAYS row_sum row_sum_of_none(void) { return _mm256_setzero_si256(); }

EDGE_ALWAYS void row_add(row_sum *sum, __m128i x, __m128i w) {
  __m256i products = _mm256_madd_epi16(_mm256_cvtepi8_epi16(x), _mm256_cvtepi8_epi16(w));
  *sum = _mm256_add_epi32(*sum, products);
}

EDGE_ALWAYS __m128i row_join(const row_sum *sum) {
  return _mm_hadd_epi32(_mm256_castsi256_si128(*sum), _mm256_extracti128_si256(*sum, 1));
}

#define EDGE_ROW_SUMS edge_s8_sparse_row__avx2
#define EDGE_ROW_LINKAGE
#include "sparse_row_s8.inc.h"
#include "sparse_s8.inc.h"

static const conv_s8_isa isa = {
    4, {0, tile_rows, tile_rows, tile_rows, tile_rows}, run, 0, run_sparse};

void edge_s8_conv__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}

#pragma clang attribute pop
#endif
