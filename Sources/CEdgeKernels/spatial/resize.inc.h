/* Nearest and linear resize; one ISA each time it is included. */

void EDGE_NAME(edge_any_resize_nearest)(const edge_resize *p, const void *x, void *y,
                                        int32_t element_bytes, int32_t begin, int32_t end) {
  size_t pixel = (size_t)p->channels * (size_t)element_bytes;
  size_t row_bytes = (size_t)p->in_w * pixel;
  char *out = (char *)y + (size_t)begin * (size_t)p->out_w * pixel;
  for (int32_t row = begin; row < end; row++) {
    size_t line = (size_t)(row / p->out_h) * (size_t)p->in_h + (size_t)p->row0[row % p->out_h];
    const char *in = (const char *)x + line * row_bytes;
    for (int32_t ox = 0; ox < p->out_w; ox++, out += pixel)
      memcpy(out, in + (size_t)p->col0[ox] * pixel, pixel);
  }
}

EDGE_INLINE float EDGE_NAME(linear)(float x00, float x01, float x10, float x11, float rw,
                                    float cw) {
  float top = x00 * (1.0f - cw) + x01 * cw;
  float bottom = x10 * (1.0f - cw) + x11 * cw;
  return top * (1.0f - rw) + bottom * rw;
}

#define EDGE_RESIZE_LINEAR(kernel, type, zero, finish)                                             \
  void EDGE_NAME(kernel)(const edge_resize *p, const type *x, type *y, int32_t begin,              \
                         int32_t end) {                                                            \
    int64_t row_size = (int64_t)p->in_w * p->channels;                                             \
    int32_t channels = p->channels, in_zero = p->in_zero;                                          \
    (void)in_zero;                                                                                 \
    for (int32_t row = begin; row < end; row++) {                                                  \
      int32_t oy = row % p->out_h;                                                                 \
      const type *image = x + row / p->out_h * p->in_h * row_size;                                 \
      const type *upper = image + p->row0[oy] * row_size, *lower = image + p->row1[oy] * row_size; \
      float rw = p->row_weight[oy];                                                                \
      for (int32_t ox = 0; ox < p->out_w; ox++) {                                                  \
        int64_t left = (int64_t)p->col0[ox] * channels, right = (int64_t)p->col1[ox] * channels;   \
        float cw = p->col_weight[ox];                                                              \
        type *out = y + ((int64_t)row * p->out_w + ox) * channels;                                 \
        for (int32_t c = 0; c < channels; c++) {                                                   \
          float v = EDGE_NAME(linear)(                                                             \
              (float)(upper[left + c] - zero), (float)(upper[right + c] - zero),                   \
              (float)(lower[left + c] - zero), (float)(lower[right + c] - zero), rw, cw);          \
          out[c] = finish;                                                                         \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }

EDGE_RESIZE_LINEAR(edge_s8_resize_linear, int8_t, in_zero, edge_requantize(v, in_zero, -128, 127))
EDGE_RESIZE_LINEAR(edge_f32_resize_linear, float, 0.0f, edge_one_nan(v))

#undef EDGE_RESIZE_LINEAR
