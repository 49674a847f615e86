#include "depthwise_s8.h"

#if defined(__x86_64__)
#include "../conv_s8/epilogue_s8_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/*
 * 16 channels at a time, widened to 16 bits. Four kernel rows of a column are two pairs of vectors:
 * rows 0 and 2 of channels 0-3 and 8-11, the same of channels 4-7 and 12-15, then rows 1 and 3
 * alike. Weights, bias and multipliers are put into that order, in which narrowing leaves channels
 * as they were.
 */
enum { column_vectors = 4, quick_taps = 3 };

/* The lower halves of two vectors of 8 dwords, or the upper ones: 4 channels of each half. */
static ALWAYS_INLINE __m256i arrange(const void *dwords, int vector) {
  const __m128i *from = (const __m128i *)dwords + vector;
  return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128(from)),
                                 _mm_loadu_si128(from + 2), 1);
}

static void arrange_weights(const edge_conv *p, int32_t channel, __m256i *to) {
  int32_t taps = p->kernel_w * ((p->kernel_h + 3) / 4);
  const int8_t *from = (const int8_t *)p->weights + (int64_t)channel / 16 * taps * 64;
  for (int32_t i = 0; i < taps; ++i, from += 64, to += column_vectors)
    UNROLL for (int v = 0; v < 2; ++v) {
      __m256i rows = arrange(from, v);
      _mm256_storeu_si256(to + v, _mm256_srai_epi16(_mm256_slli_epi16(rows, 8), 8));
      _mm256_storeu_si256(to + 2 + v, _mm256_srai_epi16(rows, 8));
    }
}

static ALWAYS_INLINE void interleave(__m256i even, __m256i odd, __m256i to[2]) {
  to[0] = _mm256_unpacklo_epi16(even, odd);
  to[1] = _mm256_unpackhi_epi16(even, odd);
}

static ALWAYS_INLINE __m256i widen(const int8_t *from) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)from));
}

typedef struct block {
  __m256i quick_weights[quick_taps * column_vectors]; /* if they are no more */
  const __m256i *weights;                             /* [kernel_w][groups][column_vectors] */
  __m256i bias[2];
  __m256 multiplier[2];
  epilogue_shared shared;
  int32_t channel, channels; /* 1..16 */
} block;

static void set_block(block *b, const edge_conv *p, int32_t channel, __m256i *weights) {
  arrange_weights(p, channel, weights);
  b->weights = weights;
  b->shared = epilogue_shared_of(&p->epilogue);
  b->channel = channel;
  b->channels = p->out_c - channel < 16 ? p->out_c - channel : 16;
  UNROLL for (int v = 0; v < 2; ++v) {
    b->bias[v] = arrange(p->epilogue.bias + channel, v);
    b->multiplier[v] = _mm256_castsi256_ps(arrange(p->epilogue.multiplier + channel, v));
  }
}

/* What is the same for every tile of a plain epilogue, copied as its sums' order is. */
typedef struct plain {
  epilogue_shared shared;
  __m256 multiplier[2];
  int32_t channels;
} plain;

static ALWAYS_INLINE plain plain_of(const block *b) {
  return (plain){b->shared, {b->multiplier[0], b->multiplier[1]}, b->channels};
}

static ALWAYS_INLINE __m256i plain_words(const plain *e, const __m256i sum[2]) {
  return epilogue_words(&e->shared, epilogue_scale(sum[0], e->multiplier[0]),
                        epilogue_scale(sum[1], e->multiplier[1]));
}

/* Stores two pixels, or the first of them if `rows` is 1. */
static ALWAYS_INLINE void plain_store(const plain *e, const __m256i words[2], int8_t *to,
                                      int64_t stride, int32_t rows) {
  __m256i q = _mm256_permute4x64_epi64(_mm256_packs_epi16(words[0], words[1]), 0xd8);
  q = _mm256_max_epi8(q, e->shared.low);
  if (e->shared.table)
    q = epilogue_lookup(e->shared.table, q);
  epilogue_store_bytes(to, stride, q, rows, e->channels);
}

/* ---- kernels of up to three rows and three columns ------------------------------------------ */

/* Where the next column of up to three lines begins, be it in the image or not. */
typedef struct quick_cursor {
  uintptr_t row[3];
  int64_t step[3];
  const int8_t *zero;
  int32_t x, width;
} quick_cursor;

static ALWAYS_INLINE quick_cursor cursor_of(const depthwise_s8_lines *in, int32_t x,
                                            int32_t offset) {
  quick_cursor c = {.zero = in->zero, .x = x, .width = in->width};
  UNROLL for (int i = 0; i < 3; ++i) {
    c.step[i] = in->step[i];
    c.row[i] = (uintptr_t)(in->line[i] + offset) + (uintptr_t)(x * c.step[i]);
  }
  return c;
}

static ALWAYS_INLINE void next_column(quick_cursor *c, __m256i column[column_vectors]) {
  if ((uint32_t)c->x < (uint32_t)c->width) {
    interleave(widen((const int8_t *)c->row[0]), widen((const int8_t *)c->row[2]), column);
    __m256i middle = widen((const int8_t *)c->row[1]);
    interleave(middle, middle, column + 2);
  } else {
    UNROLL for (int v = 0; v < column_vectors; ++v) column[v] = widen(c->zero);
  }
  UNROLL for (int i = 0; i < 3; ++i) c->row[i] += (uintptr_t)c->step[i];
  ++c->x;
}

/* from plus the products of a column with one tap of the kernel; opaque, so that no column is kept
 * for sums in another order. */
#define MULTIPLY(to, from, tap)                                                                    \
  UNROLL for (int v = 0; v < 2; ++v) {                                                             \
    to[v] = _mm256_add_epi32(from[v], _mm256_madd_epi16(column[v], weights[4 * (tap) + v]));       \
    to[v] = _mm256_add_epi32(to[v], _mm256_madd_epi16(column[2 + v], weights[4 * (tap) + 2 + v])); \
    __asm__("" : "+x"(to[v]));                                                                     \
  }

/* One output line, stride 1 or 2: a column is interleaved once and feeds every pixel it touches. */
static ALWAYS_INLINE void run_quick(const block *b, const edge_conv *p,
                                    const depthwise_s8_lines *lines, int32_t offset,
                                    const int stride, int8_t *to) {
  const plain e = plain_of(b);
  const int64_t out_stride = p->out_stride;
  quick_cursor c = cursor_of(lines, -p->pad_left, offset);
  __m256i now[2], next[2], column[column_vectors], weights[quick_taps * column_vectors], words[2];
  const __m256i bias[2] = {b->bias[0], b->bias[1]};
  UNROLL for (int i = 0; i < quick_taps * column_vectors; ++i) weights[i] = b->quick_weights[i];
  next_column(&c, column);
  MULTIPLY(now, bias, 0);
  if (stride == 1) {
    next_column(&c, column);
    MULTIPLY(now, now, 1);
    MULTIPLY(next, bias, 0);
  }
  for (int32_t left = p->out_w; left > 0; left -= 2, to += 2 * out_stride) {
    UNROLL for (int i = 0; i < 2; ++i) {
      next_column(&c, column);
      if (stride == 2) {
        MULTIPLY(now, now, 1);
        next_column(&c, column);
      }
      MULTIPLY(now, now, 2);
      words[i] = plain_words(&e, now);
      if (stride == 1) {
        MULTIPLY(now, next, 1);
        MULTIPLY(next, bias, 0);
      } else {
        MULTIPLY(now, bias, 0);
      }
    }
    plain_store(&e, words, to, out_stride, left);
  }
}
#undef MULTIPLY

static void run_quick_stride1(const block *b, const edge_conv *p, const depthwise_s8_lines *lines,
                              int32_t offset, int8_t *to) {
  run_quick(b, p, lines, offset, 1, to);
}

static void run_quick_stride2(const block *b, const edge_conv *p, const depthwise_s8_lines *lines,
                              int32_t offset, int8_t *to) {
  run_quick(b, p, lines, offset, 2, to);
}

static int is_plain(const edge_epilogue *e) {
  return !e->output_float && !e->residual && e->slope == 1.0f;
}

static int is_quick(const edge_conv *p) {
  return p->kernel_h <= 3 && p->kernel_w == quick_taps && p->dilation_w == 1 && p->stride_w <= 2 &&
         is_plain(&p->epilogue);
}

static void run_quick_unit(const edge_conv *p, const int8_t *x, int8_t *y,
                           const depthwise_s8_scratch *s, const depthwise_s8_unit *u) {
  block blocks[4];
  int32_t count = (u->channel_end - u->channel_begin + 15) / 16;
  for (int32_t i = 0; i < count; ++i)
    set_block(&blocks[i], p, u->channel_begin + 16 * i, blocks[i].quick_weights);
  for (int32_t line = u->line_begin; line < u->line_end; ++line) {
    edge_depthwise_s8_find_lines(p, x, line, u->channel_begin, s);
    int8_t *to = y + (int64_t)line * p->out_w * p->out_stride + u->channel_begin;
    for (int32_t i = 0; i < count; ++i)
      (p->stride_w == 1 ? run_quick_stride1 : run_quick_stride2)(&blocks[i], p, s->lines, 16 * i,
                                                                 to + 16 * i);
  }
}

/* ---- any kernel ------------------------------------------------------------------------------ */

/* Interleaves columns [x, x + count) of one group of four kernel rows, stride vectors apart. */
static void fill_columns(const depthwise_s8_lines *in, int32_t x, int32_t count, int32_t stride,
                         __m256i *to) {
  for (int32_t end = x + count; x < end; ++x, to += stride) {
    int inside = (uint32_t)x < (uint32_t)in->width;
    __m256i row[4], column[column_vectors];
    UNROLL for (int i = 0; i < 4; ++i) row[i] =
        widen(inside ? in->line[i] + x * in->step[i] : in->zero);
    interleave(row[0], row[2], column);
    interleave(row[1], row[3], column + 2);
    UNROLL for (int v = 0; v < column_vectors; ++v) _mm256_storeu_si256(to + v, column[v]);
  }
}

static ALWAYS_INLINE void run_pixels(const edge_conv *p, const block *b, const __m256i *columns,
                                     const int count, void *y, int64_t index) {
  int32_t vectors = (p->kernel_h + 3) / 4 * column_vectors;
  /* Of the last group's four rows the first may be the only one. */
  int32_t used = p->kernel_h % 4 == 1 ? vectors - 2 : vectors;
  const __m256i *weights = b->weights;
  __m256i sum[4][2];
  UNROLL for (int i = 0; i < count; ++i) UNROLL for (int v = 0; v < 2; ++v) sum[i][v] = b->bias[v];
  for (int32_t kx = 0; kx < p->kernel_w; ++kx, weights += vectors) {
    const __m256i *from = columns + (int64_t)kx * p->dilation_w * vectors;
    for (int32_t j = 0; j < used; j += 2) {
      UNROLL for (int v = 0; v < 2; ++v) {
        __m256i w = _mm256_loadu_si256(weights + j + v);
        UNROLL for (int i = 0; i < count; ++i) {
          __m256i column = _mm256_loadu_si256(from + (int64_t)i * p->stride_w * vectors + j + v);
          sum[i][v] = _mm256_add_epi32(sum[i][v], _mm256_madd_epi16(column, w));
        }
      }
    }
  }
  if (is_plain(&p->epilogue)) {
    const plain e = plain_of(b);
    UNROLL for (int i = 0; i < count; i += 2) {
      __m256i words[2] = {plain_words(&e, sum[i])};
      words[1] = count > 1 ? plain_words(&e, sum[i + 1]) : words[0];
      plain_store(&e, words, (int8_t *)y + index + i * (int64_t)p->out_stride, p->out_stride,
                  count - i);
    }
    return;
  }
  int32_t sums[4][16];
  UNROLL for (int i = 0; i < count; ++i) {
    __m256i low = _mm256_permute2x128_si256(sum[i][0], sum[i][1], 0x20);
    __m256i high = _mm256_permute2x128_si256(sum[i][0], sum[i][1], 0x31);
    _mm256_storeu_si256((__m256i *)sums[i], low);
    _mm256_storeu_si256((__m256i *)(sums[i] + 8), high);
  }
  epilogue_store(&p->epilogue, sums[0], count, b->channel, b->channels, y, index, p->out_stride);
}

static void run_line(const edge_conv *p, const block *b, const depthwise_s8_scratch *s, void *y,
                     int64_t index) {
  int32_t run = edge_depthwise_s8_run(p), groups = (p->kernel_h + 3) / 4;
  int32_t vectors = groups * column_vectors, pixel = p->stride_w * vectors;
  __m256i *columns = (__m256i *)s->columns;
  for (int32_t first = 0; first < p->out_w; first += run) {
    int32_t count = p->out_w - first < run ? p->out_w - first : run, i = 0;
    int32_t reach = (count - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    for (int32_t g = 0; g < groups; ++g)
      fill_columns(s->lines + g, first * p->stride_w - p->pad_left, reach, vectors,
                   columns + g * column_vectors);
    for (; i + 4 <= count; i += 4, index += 4 * (int64_t)p->out_stride)
      run_pixels(p, b, columns + i * pixel, 4, y, index);
    for (; i + 2 <= count; i += 2, index += 2 * (int64_t)p->out_stride)
      run_pixels(p, b, columns + i * pixel, 2, y, index);
    for (; i < count; ++i, index += p->out_stride)
      run_pixels(p, b, columns + i * pixel, 1, y, index);
  }
}

static void run_unit(const edge_conv *p, const int8_t *x, void *y, const depthwise_s8_scratch *s,
                     const depthwise_s8_unit *u) {
  block b;
  for (int32_t c = u->channel_begin; c < u->channel_end; c += 16) {
    set_block(&b, p, c, (__m256i *)s->weights);
    for (int32_t line = u->line_begin; line < u->line_end; ++line) {
      edge_depthwise_s8_find_lines(p, x, line, c, s);
      run_line(p, &b, s, y, (int64_t)line * p->out_w * p->out_stride + c);
    }
  }
}

void edge_s8_depthwise__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end) {
  depthwise_s8_scratch s = edge_depthwise_s8_carve(p, scratch);
  int quick = is_quick(p);
  for (int32_t unit = begin; unit < end; ++unit) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    if (quick)
      run_quick_unit(p, x, y, &s, &u);
    else
      run_unit(p, x, y, &s, &u);
  }
}

#pragma clang attribute pop
#endif
