/* Max and average pools; one ISA each time it is included. */

/* The valid taps of one output pixel: rows and columns of the input, stepped by the dilation. */
struct EDGE_NAME(window) {
  int64_t first;            /* elements from the batch's start to the first tap */
  int32_t rows, columns;    /* valid taps */
  int64_t row_step, column_step;
};

/* Taps k in [begin, begin + count) of an axis hit the input. */
EDGE_INLINE int32_t EDGE_NAME(valid_taps)(int32_t origin, int32_t kernel, int32_t dilation,
                                          int32_t size, int32_t *begin) {
  int32_t first = origin < 0 ? (-origin + dilation - 1) / dilation : 0;
  int32_t last = size - 1 - origin < 0 ? -1 : (size - 1 - origin) / dilation;
  last = last < kernel - 1 ? last : kernel - 1;
  *begin = first;
  return last < first ? 0 : last - first + 1;
}

EDGE_INLINE struct EDGE_NAME(window) EDGE_NAME(window_at)(const edge_pool *p, int32_t oy,
                                                          int32_t ox) {
  struct EDGE_NAME(window) w;
  int32_t ky, kx;
  int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
  w.rows = EDGE_NAME(valid_taps)(y0, p->kernel_h, p->dilation_h, p->in_h, &ky);
  w.columns = EDGE_NAME(valid_taps)(x0, p->kernel_w, p->dilation_w, p->in_w, &kx);
  int64_t row = (int64_t)p->in_w * p->channels;
  w.first = (y0 + ky * p->dilation_h) * row + (int64_t)(x0 + kx * p->dilation_w) * p->channels;
  w.row_step = p->dilation_h * row;
  w.column_step = (int64_t)p->dilation_w * p->channels;
  return w;
}

/* Chunks of EDGE_POOL_LANES channels; the last one of a pixel may be shorter. */
#define EDGE_POOL_LANES 32

#define EDGE_FOR_EACH_TAP(x, type, c, body)                                                        \
  for (int32_t r = 0; r < w.rows; r++)                                                             \
    for (int32_t s = 0; s < w.columns; s++) {                                                      \
      type v[EDGE_POOL_LANES] = {0};                                                               \
      edge_copy_chunk(v, (x) + w.first + r * w.row_step + s * w.column_step + (c),                 \
                      width * sizeof(type), sizeof v);                                             \
      for (int l = 0; l < EDGE_POOL_LANES; l++)                                                    \
        body;                                                                                      \
    }

EDGE_INLINE void EDGE_NAME(max_s8)(const edge_pool *p, struct EDGE_NAME(window) w, const int8_t *x,
                                   int8_t *y) {
  for (int32_t c = 0; c < p->channels; c += EDGE_POOL_LANES) {
    size_t width = (size_t)(p->channels - c < EDGE_POOL_LANES ? p->channels - c : EDGE_POOL_LANES);
    int8_t max[EDGE_POOL_LANES];
    memset(max, -128, sizeof max);
    EDGE_FOR_EACH_TAP(x, int8_t, c, max[l] = v[l] > max[l] ? v[l] : max[l])
    edge_copy_chunk(y + c, max, width, sizeof max);
  }
}

EDGE_INLINE void EDGE_NAME(max_f32)(const edge_pool *p, struct EDGE_NAME(window) w, const float *x,
                                    float *y) {
  for (int32_t c = 0; c < p->channels; c += EDGE_POOL_LANES) {
    size_t width = (size_t)(p->channels - c < EDGE_POOL_LANES ? p->channels - c : EDGE_POOL_LANES);
    float max[EDGE_POOL_LANES];
    for (int l = 0; l < EDGE_POOL_LANES; l++)
      max[l] = -EDGE_INFINITY;
    EDGE_FOR_EACH_TAP(x, float, c, max[l] = ((v[l] > max[l]) | edge_is_nan(v[l])) ? v[l] : max[l])
    for (int l = 0; l < EDGE_POOL_LANES; l++)
      max[l] = edge_one_nan(max[l]);
    edge_copy_chunk(y + c, max, width * sizeof *y, sizeof max);
  }
}

EDGE_INLINE void EDGE_NAME(average_s8)(const edge_pool *p, struct EDGE_NAME(window) w,
                                       const int8_t *x, int8_t *y) {
  int32_t valid = w.rows * w.columns;
  int32_t count = p->count_include_pad ? p->kernel_h * p->kernel_w : valid;
  float multiplier = p->ratio / (float)count;
  for (int32_t c = 0; c < p->channels; c += EDGE_POOL_LANES) {
    size_t width = (size_t)(p->channels - c < EDGE_POOL_LANES ? p->channels - c : EDGE_POOL_LANES);
    int32_t sum[EDGE_POOL_LANES] = {0};
    int8_t q[EDGE_POOL_LANES];
    EDGE_FOR_EACH_TAP(x, int8_t, c, sum[l] += v[l])
    for (int l = 0; l < EDGE_POOL_LANES; l++)
      q[l] = edge_requantize((float)(sum[l] - valid * p->in_zero) * multiplier, p->out_zero, -128,
                             127);
    edge_copy_chunk(y + c, q, width, sizeof q);
  }
}

EDGE_INLINE void EDGE_NAME(average_f32)(const edge_pool *p, struct EDGE_NAME(window) w,
                                        const float *x, float *y) {
  int32_t count = p->count_include_pad ? p->kernel_h * p->kernel_w : w.rows * w.columns;
  for (int32_t c = 0; c < p->channels; c += EDGE_POOL_LANES) {
    size_t width = (size_t)(p->channels - c < EDGE_POOL_LANES ? p->channels - c : EDGE_POOL_LANES);
    float sum[EDGE_POOL_LANES] = {0};
    EDGE_FOR_EACH_TAP(x, float, c, sum[l] += v[l])
    for (int l = 0; l < EDGE_POOL_LANES; l++)
      sum[l] = edge_one_nan(sum[l] / (float)count);
    edge_copy_chunk(y + c, sum, width * sizeof *y, sizeof sum);
  }
}

#define EDGE_POOL(kernel, type, pixel)                                                             \
  void EDGE_NAME(kernel)(const edge_pool *p, const type *x, type *y, int32_t begin, int32_t end) { \
    for (int32_t row = begin; row < end; row++) {                                                  \
      const type *image = x + (int64_t)(row / p->out_h) * p->in_h * p->in_w * p->channels;         \
      type *out = y + (int64_t)row * p->out_w * p->channels;                                       \
      for (int32_t ox = 0; ox < p->out_w; ox++, out += p->channels)                                \
        EDGE_NAME(pixel)(p, EDGE_NAME(window_at)(p, row % p->out_h, ox), image, out);              \
    }                                                                                              \
  }

EDGE_POOL(edge_s8_max_pool, int8_t, max_s8)
EDGE_POOL(edge_f32_max_pool, float, max_f32)
EDGE_POOL(edge_s8_average_pool, int8_t, average_s8)
EDGE_POOL(edge_f32_average_pool, float, average_f32)

#undef EDGE_POOL
#undef EDGE_FOR_EACH_TAP
#undef EDGE_POOL_LANES
