#include "depthwise_s8.h"

#if defined(__x86_64__)
#include "../conv_s8/epilogue_s8_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

/*
 * 16 channels at a time, widened to 16 bits. Four kernel rows of a column are four vectors of row
 * pairs: rows 0 and 1 of channels 0-3 and 8-11, of channels 4-7 and 12-15, then rows 2 and 3 alike.
 */
enum { column_bytes = 128 };

static void arrange_weights(const edge_conv *p, int32_t channel, int16_t *to) {
  int32_t taps = p->kernel_w * ((p->kernel_h + 3) / 4);
  const int8_t *from = (const int8_t *)p->weights + (int64_t)channel / 16 * taps * 64;
  for (int32_t i = 0; i < taps; ++i, from += 64)
    for (int32_t v = 0; v < 4; ++v)
      for (int32_t j = 0; j < 8; ++j, to += 2) {
        const int8_t *pair = from + 4 * (j + j / 4 * 4 + v % 2 * 4) + v / 2 * 2;
        to[0] = pair[0];
        to[1] = pair[1];
      }
}

/* Interleaves columns [x, x + count) of one group of four kernel rows. */
static void fill_columns(const depthwise_s8_lines *in, int32_t x, int32_t count, int64_t stride,
                         int8_t *to) {
  for (int32_t end = x + count; x < end; ++x, to += stride) {
    int inside = (uint32_t)x < (uint32_t)in->width;
    __m256i row[4];
    UNROLL for (int i = 0; i < 4; ++i) row[i] = _mm256_cvtepi8_epi16(
        _mm_loadu_si128((const __m128i *)(inside ? in->line[i] + x * in->step[i] : in->zero)));
    __m256i *pairs = (__m256i *)to;
    _mm256_storeu_si256(pairs, _mm256_unpacklo_epi16(row[0], row[1]));
    _mm256_storeu_si256(pairs + 1, _mm256_unpackhi_epi16(row[0], row[1]));
    _mm256_storeu_si256(pairs + 2, _mm256_unpacklo_epi16(row[2], row[3]));
    _mm256_storeu_si256(pairs + 3, _mm256_unpackhi_epi16(row[2], row[3]));
  }
}

static ALWAYS_INLINE void run_pixels(const edge_conv *p, int32_t channel, const int8_t *columns,
                                     const int8_t *weights, const int count, void *y,
                                     int64_t index) {
  int32_t groups = (p->kernel_h + 3) / 4, channels = p->out_c - channel;
  __m256i sum[4][2];
  UNROLL for (int i = 0; i < count; ++i) sum[i][0] = sum[i][1] = _mm256_setzero_si256();
  for (int32_t kx = 0; kx < p->kernel_w; ++kx) {
    const int8_t *from = columns + (int64_t)kx * p->dilation_w * groups * column_bytes;
    for (int32_t v = 0; v < groups * 4; v += 2, from += 64, weights += 64) {
      __m256i w0 = _mm256_loadu_si256((const __m256i *)weights);
      __m256i w1 = _mm256_loadu_si256((const __m256i *)(weights + 32));
      UNROLL for (int i = 0; i < count; ++i) {
        const __m256i *pairs =
            (const __m256i *)(from + (int64_t)i * p->stride_w * groups * column_bytes);
        sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(_mm256_loadu_si256(pairs), w0));
        sum[i][1] =
            _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(_mm256_loadu_si256(pairs + 1), w1));
      }
    }
  }
  const int32_t *bias = p->epilogue.bias + channel;
  __m256i bias0 = _mm256_loadu_si256((const __m256i *)bias);
  __m256i bias1 = _mm256_loadu_si256((const __m256i *)(bias + 8));
  int32_t sums[4][16];
  UNROLL for (int i = 0; i < count; ++i) {
    __m256i low = _mm256_permute2x128_si256(sum[i][0], sum[i][1], 0x20);
    __m256i high = _mm256_permute2x128_si256(sum[i][0], sum[i][1], 0x31);
    _mm256_storeu_si256((__m256i *)sums[i], _mm256_add_epi32(low, bias0));
    _mm256_storeu_si256((__m256i *)(sums[i] + 8), _mm256_add_epi32(high, bias1));
  }
  epilogue_store(&p->epilogue, sums[0], 16, count, channel, channels < 16 ? channels : 16, y, index,
                 p->out_stride);
}

static void run_line(const edge_conv *p, int32_t channel, const depthwise_s8_scratch *s, void *y,
                     int64_t index) {
  int32_t run = edge_depthwise_s8_run(p), groups = (p->kernel_h + 3) / 4;
  int64_t pixel_bytes = (int64_t)p->stride_w * groups * column_bytes;
  for (int32_t first = 0; first < p->out_w; first += run) {
    int32_t count = p->out_w - first < run ? p->out_w - first : run, i = 0;
    int32_t reach = (count - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    for (int32_t g = 0; g < groups; ++g)
      fill_columns(s->lines + g, first * p->stride_w - p->pad_left, reach,
                   (int64_t)groups * column_bytes, s->columns + g * column_bytes);
    for (; i + 4 <= count; i += 4, index += 4 * (int64_t)p->out_stride)
      run_pixels(p, channel, s->columns + i * pixel_bytes, s->weights, 4, y, index);
    for (; i < count; ++i, index += p->out_stride)
      run_pixels(p, channel, s->columns + i * pixel_bytes, s->weights, 1, y, index);
  }
}

void edge_s8_depthwise__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end) {
  depthwise_s8_scratch s = edge_depthwise_s8_carve(p, scratch);
  for (int32_t unit = begin; unit < end; ++unit) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    for (int32_t c = u.channel_begin; c < u.channel_end; c += 16) {
      arrange_weights(p, c, (int16_t *)s.weights);
      for (int32_t line = u.line_begin; line < u.line_end; ++line) {
        edge_depthwise_s8_find_lines(p, x, line, c, &s);
        run_line(p, c, &s, y, (int64_t)line * p->out_w * p->out_stride + c);
      }
    }
  }
}

#pragma clang attribute pop
#endif
