/*
 * The INT8 epilogue, 64 elements at a time; bit-identical to epilogue_s8.h.
 *
 * Four vectors of 16 sums make one vector of bytes. The plain epilogue (scale, round, clamp) is
 * inlined into every tile; all others take the sums from memory, in one copy of the code.
 */
#ifndef EDGE_EPILOGUE_S8_AVX512_H
#define EDGE_EPILOGUE_S8_AVX512_H

#include "conv_s8.h"

#include <immintrin.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")

#pragma clang attribute push(                                                                      \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni"))), apply_to = function)

/* Held in registers: stores of bytes may alias the epilogue, so the compiler would load them again.
 */
typedef struct epilogue_clamp {
  __m512i zero, low;
  __m512 high; /* applied before rounding, which keeps order */
} epilogue_clamp;

static ALWAYS_INLINE epilogue_clamp epilogue_clamp_of(const edge_epilogue *e) {
  epilogue_clamp c = {_mm512_set1_epi16((int16_t)e->zero), _mm512_set1_epi8((int8_t)e->low),
                      _mm512_set1_ps((float)(e->high - e->zero))};
  return c;
}

static inline int epilogue_is_plain(const edge_epilogue *e) {
  return !e->output_float && !e->residual && !e->table && e->slope == 1.0f;
}

static ALWAYS_INLINE __m512 epilogue_scale(__m512i sum, const float *multiplier) {
  return _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_loadu_ps(multiplier));
}

/*
 * Rounds to int32 what will be saturated to int8. Only the upper side needs a clamp: below the
 * int32 range the conversion gives INT32_MIN, which saturates the right way.
 */
static ALWAYS_INLINE __m512i epilogue_round(__m512 v, epilogue_clamp c) {
  return _mm512_cvtps_epi32(_mm512_min_ps(v, c.high));
}

/* Narrows four vectors to one; every 128-bit lane holds four bytes of each in turn. */
static ALWAYS_INLINE __m512i epilogue_narrow(const __m512i v[4], epilogue_clamp c) {
  __m512i a = _mm512_adds_epi16(_mm512_packs_epi32(v[0], v[1]), c.zero);
  __m512i b = _mm512_adds_epi16(_mm512_packs_epi32(v[2], v[3]), c.zero);
  return _mm512_max_epi8(_mm512_packs_epi16(a, b), c.low);
}

/* Gives each of the four vectors that epilogue_narrow interleaved a 128-bit lane of its own. */
static ALWAYS_INLINE __m512i epilogue_untangle(__m512i q) {
  __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  __asm__("" : "+v"(order)); /* or the compiler makes three shuffles of one */
  return _mm512_permutexvar_epi32(order, q);
}

static ALWAYS_INLINE __mmask16 epilogue_mask(int32_t count) {
  return (__mmask16)(count < 16 ? (1 << count) - 1 : 0xffff);
}

static ALWAYS_INLINE __m512 epilogue_slope(const edge_epilogue *e, __m512 v) {
  __mmask16 negative = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ);
  return _mm512_mask_mul_ps(v, negative, v, _mm512_set1_ps(e->slope));
}

static ALWAYS_INLINE __m512 epilogue_residual(const edge_epilogue *e, __m512 v, int64_t index) {
  __m128i r = _mm_loadu_si128((const __m128i *)((const int8_t *)e->residual + index));
  __m512i d = _mm512_sub_epi32(_mm512_cvtepi8_epi32(r), _mm512_set1_epi32(e->residual_zero));
  return _mm512_add_ps(
      v, _mm512_mul_ps(_mm512_cvtepi32_ps(d), _mm512_set1_ps(e->residual_multiplier)));
}

/* table[q + 128] for 64 bytes: sixteen rows of sixteen entries, each shuffled into the bytes of its
 * row. */
static ALWAYS_INLINE __m512i epilogue_lookup(const int8_t *table, __m512i q) {
  __m512i row = _mm512_and_si512(_mm512_srli_epi16(q, 4), _mm512_set1_epi8(15));
  __m512i column = _mm512_and_si512(q, _mm512_set1_epi8(15)), found = q;
  ROLLED for (int i = 0; i < 16; ++i) {
    __m512i entries =
        _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(table + 16 * (i ^ 8))));
    __mmask64 here = _mm512_cmpeq_epi8_mask(row, _mm512_set1_epi8((int8_t)i));
    found = _mm512_mask_shuffle_epi8(found, here, entries, column);
  }
  return found;
}

static __attribute__((noinline)) void epilogue_store_float(const edge_epilogue *e, __m512i sum,
                                                           int32_t channel, float *y, int64_t index,
                                                           __mmask16 mask) {
  __m512 v = epilogue_scale(sum, e->multiplier + channel);
  if (e->slope != 1.0f)
    v = epilogue_slope(e, v);
  if (e->residual)
    v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, (const float *)e->residual + index));
  v = _mm512_min_ps(_mm512_set1_ps(e->high_f), v);
  v = _mm512_max_ps(_mm512_set1_ps(e->low_f), v);
  _mm512_mask_storeu_ps(y + index, mask, v);
}

/* Any epilogue of `count` pixels x blocks sums, count*blocks <= 4, int8 result; lanes as in the
 * sums. */
static ALWAYS_INLINE __m512i epilogue_any(const conv_s8_tile *t, const __m512i *sum, int32_t row,
                                          int32_t count, int32_t blocks) {
  const edge_epilogue *e = t->epilogue;
  epilogue_clamp clamp = epilogue_clamp_of(e);
  __m512i v[4];
  ROLLED for (int32_t i = 0; i < 4; ++i) {
    int32_t j = i < count * blocks ? i : 0, b = j % blocks;
    __m512 f = epilogue_scale(sum[j], e->multiplier + t->channel + 16 * b);
    if (e->slope != 1.0f)
      f = epilogue_slope(e, f);
    if (e->residual)
      f = epilogue_residual(e, f, t->index + (row + j / blocks) * t->stride + 16 * b);
    v[i] = epilogue_round(f, clamp);
  }
  __m512i q = epilogue_untangle(epilogue_narrow(v, clamp));
  return e->table ? epilogue_lookup(e->table, q) : q;
}

/* Any epilogue of a tile. */
static __attribute__((noinline)) void store_tile_any(const conv_s8_tile *t, const __m512i *sum,
                                                     int32_t rows, int32_t blocks) {
  if (t->epilogue->output_float) {
    ROLLED for (int32_t i = 0; i < rows * blocks; ++i) {
      int32_t r = i / blocks, c = i % blocks * 16;
      epilogue_store_float(t->epilogue, sum[i], t->channel + c, t->output,
                           t->index + r * t->stride + c, epilogue_mask(t->channels - c));
    }
    return;
  }
  int32_t group = blocks >= 3 ? 1 : 4 / blocks;
  __mmask64 all = ~UINT64_C(0) >> (64 - t->channels);
  int8_t *to = (int8_t *)t->output + t->index;
  for (int32_t r = 0; r < rows; r += group, sum += group * blocks) {
    int32_t count = rows - r < group ? rows - r : group;
    __m512i q = epilogue_any(t, sum, r, count, blocks);
    ROLLED for (int32_t i = 0; i < count; ++i, to += t->stride) {
      _mm512_mask_storeu_epi8(to, all, q);
      q = blocks == 1 ? _mm512_alignr_epi64(q, q, 2) : _mm512_alignr_epi64(q, q, 4);
    }
  }
}

/* What the rows of a tile share, in registers. */
typedef struct epilogue_rows {
  epilogue_clamp clamp;
  __m512 multiplier[4];
  __mmask64 mask;
  const edge_epilogue *residual; /* NULL: nothing is added */
  int8_t *output;
  int64_t stride;
} epilogue_rows;

static ALWAYS_INLINE epilogue_rows epilogue_rows_of(const conv_s8_tile *t, const int blocks,
                                                    const edge_epilogue *residual) {
  epilogue_rows c = {.clamp = epilogue_clamp_of(t->epilogue),
                     .mask = ~UINT64_C(0) >> (64 - t->channels),
                     .residual = residual,
                     .output = t->output,
                     .stride = t->stride};
  UNROLL for (int b = 0; b < blocks; ++b) c.multiplier[b] =
      _mm512_loadu_ps(t->epilogue->multiplier + t->channel + 16 * b);
  return c;
}

/* As many rows as four vectors hold. */
static ALWAYS_INLINE int rows_together(const int blocks) {
  return blocks == 1 ? 4 : blocks == 2 ? 2 : 1;
}

/* Up to rows_together rows from element `index`: scale, perhaps add, round, clamp. */
static ALWAYS_INLINE void store_rows(epilogue_rows c, const __m512i *sum, int32_t rows,
                                     const int blocks, int64_t index) {
  __m512i v[4];
  int8_t *to = c.output + index;
  UNROLL for (int i = 0; i < 4; ++i) {
    int j = i < rows_together(blocks) * blocks ? i : 0, b = j % blocks;
    int32_t row = j / blocks < rows ? j / blocks : 0;
    __m512 f = _mm512_mul_ps(_mm512_cvtepi32_ps(sum[j]), c.multiplier[b]);
    if (c.residual)
      f = epilogue_residual(c.residual, f, index + row * c.stride + 16 * b);
    v[i] = epilogue_round(f, c.clamp);
  }
  __m512i q = epilogue_untangle(epilogue_narrow(v, c.clamp));
  if (blocks >= 3)
    _mm512_mask_storeu_epi8(to, c.mask, q);
  if (blocks == 2) {
    _mm256_mask_storeu_epi8(to, (__mmask32)c.mask, _mm512_castsi512_si256(q));
    if (rows > 1)
      _mm256_mask_storeu_epi8(to + c.stride, (__mmask32)c.mask, _mm512_extracti64x4_epi64(q, 1));
  }
  if (blocks == 1) {
    __mmask16 mask = (__mmask16)c.mask;
    _mm_mask_storeu_epi8(to, mask, _mm512_castsi512_si128(q));
    if (rows > 1)
      _mm_mask_storeu_epi8(to + c.stride, mask, _mm512_extracti32x4_epi32(q, 1));
    if (rows > 2)
      _mm_mask_storeu_epi8(to + 2 * c.stride, mask, _mm512_extracti32x4_epi32(q, 2));
    if (rows > 3)
      _mm_mask_storeu_epi8(to + 3 * c.stride, mask, _mm512_extracti32x4_epi32(q, 3));
  }
}

/* A tile whose sums are in memory; one copy of the code a number of blocks. */
static ALWAYS_INLINE void store_spilled(const conv_s8_tile *t, const __m512i *sum, int32_t rows,
                                        const int blocks, const edge_epilogue *residual) {
  epilogue_rows c = epilogue_rows_of(t, blocks, residual);
  const int group = rows_together(blocks);
  int64_t index = t->index;
  ROLLED for (; rows > 0; rows -= group, sum += group * blocks, index += group * c.stride)
      store_rows(c, sum, rows, blocks, index);
}

/* A tile whose sums are in registers. */
static ALWAYS_INLINE void store_registers(const conv_s8_tile *t, const __m512i *sum, const int rows,
                                          const int blocks, const edge_epilogue *residual) {
  epilogue_rows c = epilogue_rows_of(t, blocks, residual);
  const int group = rows_together(blocks);
  UNROLL for (int r = 0; r < rows; r += group)
      store_rows(c, sum + r * blocks, group, blocks, t->index + r * c.stride);
}

#define STORE_ROWS(blocks)                                                                         \
  static __attribute__((noinline)) void store_plain_x##blocks(const conv_s8_tile *t,               \
                                                              const __m512i *sum, int32_t rows) {  \
    store_spilled(t, sum, rows, blocks, NULL);                                                     \
  }                                                                                                \
  static __attribute__((noinline)) void store_residual_x##blocks(                                  \
      const conv_s8_tile *t, const __m512i *sum, int32_t rows) {                                   \
    store_spilled(t, sum, rows, blocks, t->epilogue);                                              \
  }
STORE_ROWS(1)
STORE_ROWS(2)
STORE_ROWS(3)
STORE_ROWS(4)

/* Rows of the largest tile: 24 sums, so that weights and activations have registers too. */
#define TILE_ROWS(blocks) ((blocks) <= 2 ? 12 : (blocks) == 3 ? 8 : 6)

static ALWAYS_INLINE void store_tile(const conv_s8_tile *t, const __m512i *sum, const int rows,
                                     const int blocks) {
  const edge_epilogue *e = t->epilogue;
  const int usual = !e->output_float && !e->table && e->slope == 1.0f;
  if (rows == TILE_ROWS(blocks) && usual && !e->residual) {
    store_registers(t, sum, rows, blocks, NULL);
    return;
  }
  if (rows == TILE_ROWS(blocks) && usual) {
    store_registers(t, sum, rows, blocks, e);
    return;
  }
  __m512i spilled[24];
  UNROLL for (int i = 0; i < rows * blocks; ++i) spilled[i] = sum[i];
  if (!usual) {
    store_tile_any(t, spilled, rows, blocks);
    return;
  }
  if (!e->residual)
    (blocks == 1   ? store_plain_x1
     : blocks == 2 ? store_plain_x2
     : blocks == 3 ? store_plain_x3
                   : store_plain_x4)(t, spilled, rows);
  else
    (blocks == 1   ? store_residual_x1
     : blocks == 2 ? store_residual_x2
     : blocks == 3 ? store_residual_x3
                   : store_residual_x4)(t, spilled, rows);
}

#pragma clang attribute pop
#endif /* EDGE_EPILOGUE_S8_AVX512_H */
