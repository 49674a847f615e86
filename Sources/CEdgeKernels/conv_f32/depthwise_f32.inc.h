/* Float depthwise convolution; one ISA each time it is included. */

enum { EDGE_NAME(DEPTHWISE_PIXELS) = 4 };

#if EDGE_TILE_ROWS == 1

/* sums[pixel][16]: taps in order, one fma each. */
static void EDGE_NAME(depthwise_sums)(const float *const *rows, int32_t taps, int32_t channel,
                                      const float *weights, const float *bias, float sums[][16]) {
  for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++) {
    memcpy(sums[i], bias, sizeof sums[i]);
    for (int32_t tap = 0; tap < taps; tap++) {
      const float *x = rows[tap * EDGE_NAME(DEPTHWISE_PIXELS) + i] + channel;
#pragma clang loop unroll(disable)
      for (int32_t l = 0; l < 16; l++)
        sums[i][l] = __builtin_fmaf(x[l], weights[tap * 16 + l], sums[i][l]);
    }
  }
}

#else

typedef float EDGE_NAME(channels) __attribute__((vector_size(16 * sizeof(float)), aligned(4)));

/* sums[pixel][16]: taps in order, one fma each. */
EDGE_INLINE void EDGE_NAME(depthwise_sums)(const float *const *rows, int32_t taps, int32_t channel,
                                           const float *weights, const float *bias,
                                           float sums[][16]) {
  EDGE_NAME(channels) acc[EDGE_NAME(DEPTHWISE_PIXELS)];
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++)
    acc[i] = *(const EDGE_NAME(channels) *)bias;
  for (int32_t tap = 0; tap < taps; tap++, rows += EDGE_NAME(DEPTHWISE_PIXELS)) {
    EDGE_NAME(channels) w = *(const EDGE_NAME(channels) *)(weights + tap * 16);
#pragma clang loop unroll(full)
    for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++)
      acc[i] = __builtin_elementwise_fma(*(const EDGE_NAME(channels) *)(rows[i] + channel), w,
                                         acc[i]);
  }
#pragma clang loop unroll(full)
  for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++)
    *(EDGE_NAME(channels) *)sums[i] = acc[i];
}

#endif

/* rows[tap][pixel] under the output pixels ox .. of one row; the last one is repeated. */
static void EDGE_NAME(depthwise_rows)(const edge_conv *p, const float *image, int32_t oy,
                                      int32_t ox, const float *zeros, const float **rows) {
  for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++) {
    int32_t o = ox + i < p->out_w ? ox + i : p->out_w - 1;
    EDGE_NAME(point_pixel)(p, image, oy * p->stride_h - p->pad_top, o * p->stride_w - p->pad_left,
                           zeros, rows + i, EDGE_NAME(DEPTHWISE_PIXELS));
  }
}

/* Whether the output pixels ox .. of a row and all their taps lie inside the image. */
EDGE_INLINE int EDGE_NAME(depthwise_inside)(const edge_conv *p, int32_t oy, int32_t ox) {
  int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
  int32_t last = ox + EDGE_NAME(DEPTHWISE_PIXELS) - 1;
  return y0 >= 0 && x0 >= 0 && last < p->out_w &&
         y0 + (p->kernel_h - 1) * p->dilation_h < p->in_h &&
         last * p->stride_w - p->pad_left + (p->kernel_w - 1) * p->dilation_w < p->in_w;
}

/* Channels [from, to) of one output row. */
static void EDGE_NAME(depthwise_row)(const edge_conv *p, const float *image, int32_t oy,
                                     int32_t from, int32_t to, const float *zeros,
                                     const float **rows, const struct EDGE_NAME(store) *store,
                                     int64_t offset) {
  int32_t taps = p->kernel_h * p->kernel_w, inside = 0;
  int64_t step = (int64_t)EDGE_NAME(DEPTHWISE_PIXELS) * p->stride_w * p->in_stride;
  float sums[EDGE_NAME(DEPTHWISE_PIXELS)][16];
  for (int32_t ox = 0; ox < p->out_w; ox += EDGE_NAME(DEPTHWISE_PIXELS)) {
    int32_t was_inside = inside;
    inside = EDGE_NAME(depthwise_inside)(p, oy, ox);
    if (inside && was_inside)
      for (int32_t i = 0; i < taps * EDGE_NAME(DEPTHWISE_PIXELS); i++)
        rows[i] += step;
    else
      EDGE_NAME(depthwise_rows)(p, image, oy, ox, zeros, rows);
    int32_t count = p->out_w - ox;
    count = count < EDGE_NAME(DEPTHWISE_PIXELS) ? count : EDGE_NAME(DEPTHWISE_PIXELS);
    for (int32_t c = from; c < to; c += 16) {
      EDGE_NAME(depthwise_sums)(rows, taps, c, (const float *)p->weights + (int64_t)c * taps,
                                p->epilogue.bias_f + c, sums);
      for (int32_t i = 0; i < count; i++)
        EDGE_NAME(store_16)(store, sums[i], offset + (ox + i) * (int64_t)p->out_stride + c,
                            p->out_c - c < 16 ? p->out_c - c : 16);
    }
  }
}

void EDGE_NAME(edge_f32_depthwise)(const edge_conv *p, const float *x, float *y, void *scratch,
                                   int32_t begin, int32_t end) {
  const edge_epilogue *e = &p->epilogue;
  struct EDGE_NAME(store) store = {e->slope, e->low_f, e->high_f, e->residual, y};
  int32_t taps = p->kernel_h * p->kernel_w, group = edge_depthwise_f32_channels(p);
  int32_t groups = (p->out_c + group - 1) / group;
  size_t pointers = (size_t)taps * EDGE_NAME(DEPTHWISE_PIXELS) * sizeof(float *);
  const float **rows = scratch;
  float *zeros = (float *)((char *)scratch + (pointers + 63) / 64 * 64);
  memset(zeros, 0, ((size_t)p->in_c + 16) * sizeof *zeros);
  for (int32_t unit = begin; unit < end; unit++) {
    int32_t row = unit / groups, from = unit % groups * group;
    int32_t to = from + group < p->out_c ? from + group : p->out_c;
    const float *image = x + (int64_t)(row / p->out_h) * p->in_h * p->in_w * p->in_stride;
    EDGE_NAME(depthwise_row)(p, image, row % p->out_h, from, to, zeros, rows, &store,
                             (int64_t)row * p->out_w * p->out_stride);
  }
}
