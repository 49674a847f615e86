/*
 * Depthwise over one vector of channels (VECTOR_BYTES of them), included once for zmm and once for
 * ymm.
 *
 * Four lines of a column are interleaved into quads: dword j of a quad holds the four bytes of one
 * channel. Quad q has in each 128-bit lane l the channels 16*l + 4*q + (0..3); narrowing undoes
 * that order, so that only weights, bias and multipliers are arranged (once a unit), never the
 * data.
 */

typedef struct NAME(block) {
  const int8_t *weights; /* [kernel_w][groups][4] quads */
  vector_i bias[4];
  vector_f multiplier[4];
  const edge_conv *conv;
  int32_t channel, channels;
} NAME(block);

/* Lane l of quad q takes lane q of block l, blocks being 64 bytes of 16 dwords; missing blocks are
 * zero. */
static __attribute__((noinline)) void NAME(arrange)(const void *blocks, int64_t block_bytes,
                                                    int32_t count, void *quads) {
  ROLLED for (int32_t q = 0; q < 4; ++q) ROLLED for (int32_t l = 0; l < VECTOR_BYTES / 16; ++l) {
    __m128i lane = _mm_setzero_si128();
    if (l < count)
      lane = _mm_loadu_si128((const __m128i *)((const char *)blocks + l * block_bytes + 16 * q));
    _mm_storeu_si128((__m128i *)((char *)quads + q * VECTOR_BYTES + 16 * l), lane);
  }
}

static __attribute__((noinline)) void NAME(set_block)(NAME(block) * b, const edge_conv *p,
                                                      int32_t channel, int32_t channels,
                                                      int8_t *weights) {
  int32_t groups = (p->kernel_h + 3) / 4, count = (channels + 15) / 16;
  int64_t block_bytes = (int64_t)p->kernel_w * groups * 64;
  const int8_t *from = (const int8_t *)p->weights + channel / 16 * block_bytes;
  for (int32_t i = 0; i < p->kernel_w * groups; ++i)
    NAME(arrange)(from + 64 * i, block_bytes, count, weights + 4 * VECTOR_BYTES * i);
  NAME(arrange)(p->epilogue.bias_u8 + channel, 64, count, b->bias);
  NAME(arrange)(p->epilogue.multiplier + channel, 64, count, b->multiplier);
  b->weights = weights;
  b->conv = p;
  b->channel = channel;
  b->channels = channels;
}

static ALWAYS_INLINE void NAME(interleave)(vector_i r0, vector_i r1, vector_i r2, vector_i r3,
                                           vector_i quad[4]) {
  vector_i a = OP(unpacklo_epi8)(r0, r1), b = OP(unpackhi_epi8)(r0, r1);
  vector_i c = OP(unpacklo_epi8)(r2, r3), d = OP(unpackhi_epi8)(r2, r3);
  quad[0] = OP(unpacklo_epi16)(a, c);
  quad[1] = OP(unpackhi_epi16)(a, c);
  quad[2] = OP(unpacklo_epi16)(b, d);
  quad[3] = OP(unpackhi_epi16)(b, d);
}

static ALWAYS_INLINE vector_i NAME(load_flipped)(const int8_t *from) {
  return LOAD(from) ^ OP(set1_epi8)(-128);
}

static __attribute__((noinline)) void NAME(store_any)(const NAME(block) * b, const vector_i sum[4],
                                                      void *y, int64_t index) {
  int32_t natural[VECTOR_BYTES];
  for (int32_t q = 0; q < 4; ++q)
    for (int32_t l = 0; l < VECTOR_BYTES / 16; ++l)
      memcpy(natural + 16 * l + 4 * q, (const char *)&sum[q] + 16 * l, 16);
  __m512i blocks[4];
  for (int32_t i = 0; i < 4; ++i)
    blocks[i] = _mm512_loadu_si512(natural + 16 * i % VECTOR_BYTES);
  conv_s8_tile tile = {.epilogue = &b->conv->epilogue,
                       .output = y,
                       .index = index,
                       .channel = b->channel,
                       .channels = b->channels};
  store_tile_any(&tile, blocks, 1, (b->channels + 15) / 16);
}

/* The plain epilogue's constants, copied so that stores of bytes cannot alias them. */
typedef struct NAME(finish) {
  vector_f multiplier[4], high;
  vector_i zero, low;
  vector_mask mask;
} NAME(finish);

static ALWAYS_INLINE NAME(finish) NAME(finish_of)(const NAME(block) * b) {
  const edge_epilogue *e = &b->conv->epilogue;
  NAME(finish)
  f = {.high = OP(set1_ps)((float)(e->high - e->zero)),
       .zero = OP(set1_epi16)((int16_t)e->zero),
       .low = OP(set1_epi8)((int8_t)e->low),
       .mask = (vector_mask)(~UINT64_C(0) >> (64 - b->channels))};
  UNROLL for (int q = 0; q < 4; ++q) f.multiplier[q] = b->multiplier[q];
  return f;
}

static ALWAYS_INLINE void NAME(store_plain)(const NAME(finish) * f, const vector_i sum[4],
                                            int8_t *to) {
  vector_i v[4];
  UNROLL for (int q = 0; q < 4; ++q) v[q] =
      OP(cvtps_epi32)(OP(min_ps)(OP(mul_ps)(OP(cvtepi32_ps)(sum[q]), f->multiplier[q]), f->high));
  vector_i low = OP(adds_epi16)(OP(packs_epi32)(v[0], v[1]), f->zero);
  vector_i high = OP(adds_epi16)(OP(packs_epi32)(v[2], v[3]), f->zero);
  vector_i byte = OP(max_epi8)(OP(packs_epi16)(low, high), f->low);
  OP(mask_storeu_epi8)(to, f->mask, byte);
}

/* Column x of up to three lines; outside the image every quad is the flipped zero. */
static ALWAYS_INLINE void NAME(column3)(const depthwise_s8_lines *in, int32_t x, vector_i quad[4]) {
  if ((uint32_t)x >= (uint32_t)in->width) {
    UNROLL for (int q = 0; q < 4; ++q) quad[q] = LOAD(in->zero) ^ OP(set1_epi8)(-128);
    return;
  }
  vector_i r0 = NAME(load_flipped)(in->line[0] + x * in->step[0]);
  vector_i r1 = NAME(load_flipped)(in->line[1] + x * in->step[1]);
  vector_i r2 = NAME(load_flipped)(in->line[2] + x * in->step[2]);
  NAME(interleave)(r0, r1, r2, r2, quad);
}

#define MULTIPLY(to, from, tap)                                                                    \
  UNROLL for (int q = 0; q < 4; ++q) to[q] =                                                       \
      OP(dpbusd_epi32)(from[q], quad[q], weights[4 * (tap) + q])

/*
 * One output line, kernel up to 3 high, 3 wide, stride 1 or 2: a column is interleaved once and
 * feeds every pixel it touches.
 */
static ALWAYS_INLINE void NAME(line3)(const NAME(block) * b, const depthwise_s8_lines *lines,
                                      const int stride, int8_t *to) {
  const NAME(finish) f = NAME(finish_of)(b);
  const depthwise_s8_lines in = *lines;
  int64_t out_stride = b->conv->out_stride;
  vector_i now[4], next[4], quad[4], weights[12];
  UNROLL for (int i = 0; i < 12; ++i) weights[i] = LOAD(b->weights + i * VECTOR_BYTES);
  int32_t x = -b->conv->pad_left;
  NAME(column3)(&in, x++, quad);
  MULTIPLY(now, b->bias, 0);
  if (stride == 1) {
    NAME(column3)(&in, x++, quad);
    MULTIPLY(now, now, 1);
    MULTIPLY(next, b->bias, 0);
  }
  for (int32_t left = b->conv->out_w; left > 0; --left, to += out_stride) {
    NAME(column3)(&in, x++, quad);
    if (stride == 2) {
      MULTIPLY(now, now, 1);
      NAME(column3)(&in, x++, quad);
    }
    MULTIPLY(now, now, 2);
    NAME(store_plain)(&f, now, to);
    if (stride == 1) {
      MULTIPLY(now, next, 1);
      MULTIPLY(next, b->bias, 0);
    } else {
      MULTIPLY(now, b->bias, 0);
    }
  }
}
#undef MULTIPLY

/* Interleaves columns [x, x + count) of one group of four kernel rows, stride_bytes from one to the
 * next. */
static void NAME(fill_columns)(const depthwise_s8_lines *in, int32_t x, int32_t count,
                               int64_t stride_bytes, int8_t *to) {
  for (int32_t end = x + count; x < end; ++x, to += stride_bytes) {
    vector_i row[4], quad[4];
    int inside = (uint32_t)x < (uint32_t)in->width;
    UNROLL for (int i = 0; i < 4; ++i) row[i] =
        NAME(load_flipped)(inside ? in->line[i] + x * in->step[i] : in->zero);
    NAME(interleave)(row[0], row[1], row[2], row[3], quad);
    UNROLL for (int q = 0; q < 4; ++q) STORE(to + q * VECTOR_BYTES, quad[q]);
  }
}

static ALWAYS_INLINE void NAME(pixels)(const NAME(block) * b, const int8_t *columns,
                                       const int count, int32_t groups, void *y, int64_t index) {
  const edge_conv *p = b->conv;
  vector_i sum[4][4];
  int64_t column_bytes = (int64_t)groups * 4 * VECTOR_BYTES;
  const int8_t *weights = b->weights;
  UNROLL for (int i = 0; i < count; ++i) UNROLL for (int q = 0; q < 4; ++q) sum[i][q] = b->bias[q];
  for (int32_t kx = 0; kx < p->kernel_w; ++kx) {
    const int8_t *from = columns + kx * p->dilation_w * column_bytes;
    for (int32_t g = 0; g < groups; ++g, weights += 4 * VECTOR_BYTES, from += 4 * VECTOR_BYTES)
      UNROLL for (int i = 0; i < count; ++i) UNROLL for (int q = 0; q < 4; ++q) sum[i][q] = OP(
          dpbusd_epi32)(sum[i][q], LOAD(from + i * p->stride_w * column_bytes + q * VECTOR_BYTES),
                        LOAD(weights + q * VECTOR_BYTES));
  }
  if (epilogue_is_plain(&p->epilogue)) {
    const NAME(finish) f = NAME(finish_of)(b);
    int8_t *to = (int8_t *)y + index;
    UNROLL for (int i = 0; i < count; ++i) NAME(store_plain)(&f, sum[i], to + i * p->out_stride);
    return;
  }
  /* A copy, so that the sums themselves stay in registers. */
  vector_i spilled[4][4];
  UNROLL for (int i = 0; i < count; ++i) UNROLL for (int q = 0; q < 4; ++q) spilled[i][q] =
      sum[i][q];
  ROLLED for (int i = 0; i < count; ++i)
      NAME(store_any)(b, spilled[i], y, index + i * p->out_stride);
}

/* One output line of any kernel: columns of a run of pixels are interleaved to scratch, then
 * summed. */
static void NAME(line_any)(const NAME(block) * b, const depthwise_s8_lines *in, int8_t *columns,
                           void *y, int64_t index) {
  const edge_conv *p = b->conv;
  int32_t run = edge_depthwise_s8_run(p), groups = (p->kernel_h + 3) / 4;
  int64_t column_bytes = (int64_t)groups * 4 * VECTOR_BYTES;
  for (int32_t first = 0; first < p->out_w; first += run) {
    int32_t count = p->out_w - first < run ? p->out_w - first : run, i = 0;
    int32_t reach = (count - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    for (int32_t g = 0; g < groups; ++g)
      NAME(fill_columns)
    (in + g, first * p->stride_w - p->pad_left, reach, column_bytes,
     columns + g * 4 * VECTOR_BYTES);
    for (; i + 4 <= count; i += 4, index += 4 * p->out_stride)
      NAME(pixels)(b, columns + i * p->stride_w * column_bytes, 4, groups, y, index);
    for (; i < count; ++i, index += p->out_stride)
      NAME(pixels)(b, columns + i * p->stride_w * column_bytes, 1, groups, y, index);
  }
}

/* A table comes after everything else, so a line may be stored first and looked up then. */
static void NAME(look_up)(const NAME(block) * b, int8_t *to) {
  const edge_conv *p = b->conv;
  __mmask64 mask = ~UINT64_C(0) >> (64 - b->channels);
  for (int32_t left = p->out_w; left > 0; --left, to += p->out_stride) {
    __m512i q = _mm512_maskz_loadu_epi8(mask, to);
    _mm512_mask_storeu_epi8(to, mask, epilogue_lookup(p->epilogue.table, q));
  }
}

static void NAME(unit)(const edge_conv *p, const int8_t *x, void *y, const depthwise_s8_scratch *s,
                       const depthwise_s8_unit *u) {
  NAME(block) b;
  NAME(set_block)(&b, p, u->channel_begin, u->channel_end - u->channel_begin, s->weights);
  const edge_epilogue *e = &p->epilogue;
  int quick = p->kernel_h <= 3 && p->kernel_w == 3 && p->dilation_w == 1 && p->stride_w <= 2 &&
              !e->output_float && !e->residual && e->slope == 1.0f;
  for (int32_t line = u->line_begin; line < u->line_end; ++line) {
    int64_t index = (int64_t)line * p->out_w * p->out_stride + u->channel_begin;
    edge_depthwise_s8_find_lines(p, x, line, u->channel_begin, s);
    if (!quick) {
      NAME(line_any)(&b, s->lines, s->columns, y, index);
      continue;
    }
    if (p->stride_w == 1)
      NAME(line3)(&b, s->lines, 1, (int8_t *)y + index);
    else
      NAME(line3)(&b, s->lines, 2, (int8_t *)y + index);
    if (e->table)
      NAME(look_up)(&b, (int8_t *)y + index);
  }
}
