/* Float depthwise convolution; one ISA each time it is included. */

enum { EDGE_NAME(DEPTHWISE_PIXELS) = 4 };

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

/* rows[tap][pixel] under the output pixels ox .. of one row; the last one is repeated. */
static void EDGE_NAME(depthwise_rows)(const edge_conv *p, const float *image, int32_t oy,
                                      int32_t ox, const float *zeros, const float **rows) {
  for (int32_t ky = 0; ky < p->kernel_h; ky++)
    for (int32_t kx = 0; kx < p->kernel_w; kx++)
      for (int32_t i = 0; i < EDGE_NAME(DEPTHWISE_PIXELS); i++) {
        int32_t o = ox + i < p->out_w ? ox + i : p->out_w - 1;
        const float *in = EDGE_NAME(pixel_at)(
            p, image, oy * p->stride_h - p->pad_top + ky * p->dilation_h,
            o * p->stride_w - p->pad_left + kx * p->dilation_w);
        *rows++ = in ? in : zeros;
      }
}

void EDGE_NAME(edge_f32_depthwise)(const edge_conv *p, const float *x, float *y, void *scratch,
                                   int32_t begin, int32_t end) {
  const edge_epilogue *e = &p->epilogue;
  struct EDGE_NAME(store) store = {e->slope, e->low_f, e->high_f, e->residual};
  int32_t taps = p->kernel_h * p->kernel_w, group = edge_depthwise_f32_channels(p);
  int32_t groups = (p->out_c + group - 1) / group;
  size_t pointers = (size_t)taps * EDGE_NAME(DEPTHWISE_PIXELS) * sizeof(float *);
  const float **rows = scratch;
  float *zeros = (float *)((char *)scratch + (pointers + 63) / 64 * 64);
  float sums[EDGE_NAME(DEPTHWISE_PIXELS)][16];
  memset(zeros, 0, ((size_t)p->in_c + 16) * sizeof *zeros);
  for (int32_t unit = begin; unit < end; unit++) {
    int32_t row = unit / groups, from = unit % groups * group;
    int32_t to = from + group < p->out_c ? from + group : p->out_c;
    const float *image = x + (int64_t)(row / p->out_h) * p->in_h * p->in_w * p->in_stride;
    for (int32_t ox = 0; ox < p->out_w; ox += EDGE_NAME(DEPTHWISE_PIXELS)) {
      EDGE_NAME(depthwise_rows)(p, image, row % p->out_h, ox, zeros, rows);
      int32_t count = p->out_w - ox;
      count = count < EDGE_NAME(DEPTHWISE_PIXELS) ? count : EDGE_NAME(DEPTHWISE_PIXELS);
      for (int32_t c = from; c < to; c += 16) {
        EDGE_NAME(depthwise_sums)(rows, taps, c, (const float *)p->weights + (int64_t)c * taps,
                                  e->bias_f + c, sums);
        int64_t offset = ((int64_t)row * p->out_w + ox) * p->out_stride + c;
        for (int32_t i = 0; i < count; i++, offset += p->out_stride)
          EDGE_NAME(store_16)(&store, sums[i], store.residual ? store.residual + offset : 0,
                              y + offset, p->out_c - c < 16 ? p->out_c - c : 16);
      }
    }
  }
}
