#include "conv_s8.h"

#if defined(__x86_64__)
#include "epilogue_s8_avx512.h"

#include <string.h>

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

/* vpdpbusd multiplies unsigned by signed: activations are flipped, bias_u8 takes the 128 back. */
static ALWAYS_INLINE __m512i broadcast_flipped(const int8_t *a, __m512i flip) {
  int32_t dword;
  memcpy(&dword, a, sizeof dword);
  return _mm512_xor_si512(_mm512_set1_epi32(dword), flip);
}

/* Opaque, so that the compiler folds the broadcast into the xor instead of flipping a scalar first.
 */
static ALWAYS_INLINE __m512i flip_mask(void) {
  __m512i flip = _mm512_set1_epi32((int32_t)0x80808080);
  __asm__("" : "+v"(flip));
  return flip;
}

static ALWAYS_INLINE void run_many(const conv_s8_tile *t, const int rows, const int blocks) {
  const int8_t *row[12], *weights = t->weights;
  int64_t block_bytes = t->block_bytes;
  __m512i sum[24], flip = flip_mask();
  UNROLL for (int r = 0; r < rows; ++r) row[r] = t->input + t->pixel[r];
  UNROLL for (int b = 0; b < blocks; ++b) {
    __m512i bias = _mm512_loadu_si512(t->epilogue->bias_u8 + t->channel + 16 * b);
    UNROLL for (int r = 0; r < rows; ++r) sum[r * blocks + b] = bias;
  }
  int32_t s = 0;
  do {
    int64_t k = t->segment[s], end = k + 4 * (int64_t)t->segment_k4;
    do {
      __m512i w[4];
      UNROLL for (int b = 0; b < blocks; ++b) w[b] = _mm512_loadu_si512(weights + b * block_bytes);
      UNROLL for (int r = 0; r < rows; ++r) {
        __m512i a = broadcast_flipped(row[r] + k, flip);
        UNROLL for (int b = 0; b < blocks; ++b) sum[r * blocks + b] =
            _mm512_dpbusd_epi32(sum[r * blocks + b], a, w[b]);
      }
      k += 4;
      weights += 64;
    } while (k < end);
  } while (++s < t->segments);
  store_tile(t, sum, rows, blocks);
}

/* One row: no other row hides the latency of an accumulator, so k is spread over four. */
static ALWAYS_INLINE void run_one(const conv_s8_tile *t, const int blocks) {
  const int8_t *row = t->input + t->pixel[0], *weights = t->weights;
  int64_t block_bytes = t->block_bytes;
  __m512i part[4][4], sum[4], flip = flip_mask();
  UNROLL for (int b = 0; b < blocks; ++b) {
    part[0][b] = _mm512_loadu_si512(t->epilogue->bias_u8 + t->channel + 16 * b);
    part[1][b] = part[2][b] = part[3][b] = _mm512_setzero_si512();
  }
  for (int32_t s = 0; s < t->segments; ++s) {
    int64_t k = t->segment[s], end = k + 4 * (int64_t)t->segment_k4;
    for (; k + 16 <= end; k += 16, weights += 256) {
      UNROLL for (int i = 0; i < 4; ++i) {
        __m512i a = broadcast_flipped(row + k + 4 * i, flip);
        UNROLL for (int b = 0; b < blocks; ++b) part[i][b] = _mm512_dpbusd_epi32(
            part[i][b], a, _mm512_loadu_si512(weights + b * block_bytes + 64 * i));
      }
    }
    for (; k < end; k += 4, weights += 64) {
      __m512i a = broadcast_flipped(row + k, flip);
      UNROLL for (int b = 0; b < blocks; ++b) part[0][b] =
          _mm512_dpbusd_epi32(part[0][b], a, _mm512_loadu_si512(weights + b * block_bytes));
    }
  }
  UNROLL for (int b = 0; b < blocks; ++b) sum[b] = _mm512_add_epi32(
      _mm512_add_epi32(part[0][b], part[1][b]), _mm512_add_epi32(part[2][b], part[3][b]));
  store_tile(t, sum, 1, blocks);
}

#define TILE(rows, blocks)                                                                         \
  static void run_##rows##x##blocks(const conv_s8_tile *t) { run_many(t, rows, blocks); }
#define ROW(blocks)                                                                                \
  static void run_1x##blocks(const conv_s8_tile *t) { run_one(t, blocks); }
#define TILES(b) ROW(b) TILE(2, b) TILE(3, b) TILE(4, b) TILE(5, b) TILE(6, b)
#define NAMES(b) NULL, run_1x##b, run_2x##b, run_3x##b, run_4x##b, run_5x##b, run_6x##b

// clang-format off
TILES(1) TILES(2) TILES(3) TILES(4) TILE(12, 1) TILE(12, 2) TILE(8, 3)
    // clang-format on

static void (*const tiles[4][13])(const conv_s8_tile *t) = {
    {NAMES(1), [12] = run_12x1}, {NAMES(2), [12] = run_12x2}, {NAMES(3), [8] = run_8x3}, {NAMES(4)}};

/* What is between half a tile and a whole one is two halves: rare, and not worth a kernel of its own. */
static void run(const conv_s8_tile *tile, int32_t rows, int32_t blocks) {
  conv_s8_tile rest = *tile;
  if (!tiles[blocks - 1][rows]) {
    int32_t first = (rows + 1) / 2;
    tiles[blocks - 1][first](tile);
    rest.pixel += first;
    rest.index += first * rest.stride;
    rows -= first;
  }
  tiles[blocks - 1][rows](&rest);
}

/* ---- block-sparse weights: flipped inputs of 64 pixels -------------------------------------------------------------- */

#define EDGE_ALWAYS static ALWAYS_INLINE
#define EDGE_LANES 16
#define EDGE_VECTORS 4
#define EDGE_FEW_PIXELS 6
#define EDGE_FLIPPED 1

typedef struct strip_vector {
  __m512i of[4];
} strip_vector;

EDGE_ALWAYS void strip_put(strip_vector *to, int32_t v, __m512i x) {
  to->of[v] = _mm512_xor_si512(x, _mm512_set1_epi32((int32_t)0x80808080));
}

typedef __m512i strip_sum;
EDGE_ALWAYS strip_sum strip_sum_of(int32_t bias) { return _mm512_set1_epi32(bias); }
EDGE_ALWAYS __m512i strip_join(strip_sum sum) { return sum; }

EDGE_ALWAYS void add_blocks(__m512i sum[][4], const strip_vector *strip, const uint16_t *columns,
                            const int8_t *values, int32_t count, const int n) {
  for (int32_t b = 0; b < count; ++b, values += 4 * n) {
    const strip_vector *x = strip + columns[b];
    UNROLL for (int h = 0; h < n; ++h) {
      int32_t dword;
      memcpy(&dword, values + 4 * h, sizeof dword);
      __m512i w = _mm512_set1_epi32(dword);
      UNROLL for (int v = 0; v < 4; ++v) sum[h][v] = _mm512_dpbusd_epi32(sum[h][v], x->of[v], w);
    }
  }
}

static void store_sums(const conv_s8_tile *t, const int32_t *totals, int32_t rows) {
  const edge_epilogue *e = t->epilogue;
  const int usual = !e->output_float && !e->table && e->slope == 1.0f;
  const __m512i *sum = (const __m512i *)totals;
  if (!usual)
    store_tile_any(t, sum, rows, 1);
  else
    (e->residual ? store_residual_x1 : store_plain_x1)(t, sum, rows);
}

/* A row waits for memory: wider registers bring nothing there. */
#define EDGE_ROW_SUMS edge_s8_sparse_row__avx2
typedef int32_t quad __attribute__((vector_size(16)));
EDGE_ALWAYS quad load_quad(const void *from) { return (quad)_mm_loadu_si128(from); }

#include "sparse_s8.inc.h"

static const conv_s8_isa isa = {
    4, {0, TILE_ROWS(1), TILE_ROWS(2), TILE_ROWS(3), TILE_ROWS(4)}, run, 0, run_sparse};

void edge_s8_conv__avx512vnni(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                              int32_t begin, int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}

#pragma clang attribute pop
#endif
