/*
 * INT8 depthwise convolution over 16 channels at a time; included once per NEON flavour. Four lines
 * of a column are interleaved to scratch as the weights are: byte 4*c + i is channel c of line i.
 */

static void fill_columns(const depthwise_s8_lines *in, int32_t channel, int32_t x, int32_t count,
                         int64_t column_bytes, int8_t *to) {
  for (int32_t end = x + count; x < end; x++, to += column_bytes) {
    int8x16x4_t rows;
    int inside = (uint32_t)x < (uint32_t)in->width;
    EDGE_UNROLL for (int i = 0; i < 4; i++) rows.val[i] =
        vld1q_s8(inside ? in->line[i] + x * in->step[i] + channel : in->zero);
    vst4q_s8(to, rows);
  }
}

typedef struct depthwise_s8_block {
  const edge_conv *conv;
  const int8_t *weights; /* of 16 channels */
  int32_t channel, channels, groups;
} depthwise_s8_block;

EDGE_ALWAYS void run_pixels(const depthwise_s8_block *b, const int8_t *columns, const int count,
                            void *y, int64_t index) {
  const edge_conv *p = b->conv;
  int32x4_t sum[EDGE_PIXELS][product_parts];
  int64_t column_bytes = (int64_t)b->groups * 64;
  const int8_t *w = b->weights;
  EDGE_UNROLL for (int j = 0; j < count; j++) EDGE_UNROLL for (int i = 0; i < product_parts; i++)
      sum[j][i] = vdupq_n_s32(0);
  for (int32_t kx = 0; kx < p->kernel_w; kx++) {
    const int8_t *from = columns + kx * p->dilation_w * column_bytes;
    for (int32_t g = 0; g < b->groups; g++, w += 64, from += 64)
      EDGE_UNROLL for (int i = 0; i < 4; i++) {
        int8x16_t v = vld1q_s8(w + 16 * i);
        EDGE_UNROLL for (int j = 0; j < count; j++)
            product_add(sum[j], i, vld1q_s8(from + j * p->stride_w * column_bytes + 16 * i), v);
      }
  }
  EDGE_UNROLL for (int j = 0; j < count; j++)
      product_store(&p->epilogue, sum[j], b->channel, y, index + j * p->out_stride, b->channels);
}

/* One output line of 16 channels; `first_channel` counts from the unit's first. */
static void run_line(const depthwise_s8_block *b, const depthwise_s8_scratch *s,
                     int32_t first_channel, void *y, int64_t index) {
  const edge_conv *p = b->conv;
  int32_t run = edge_depthwise_s8_run(p);
  int64_t column_bytes = (int64_t)b->groups * 64;
  for (int32_t first = 0; first < p->out_w; first += run) {
    int32_t count = p->out_w - first < run ? p->out_w - first : run, i = 0;
    int32_t reach = (count - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
    for (int32_t g = 0; g < b->groups; g++)
      fill_columns(s->lines + g, first_channel, first * p->stride_w - p->pad_left, reach,
                   column_bytes, s->columns + 64 * g);
    for (; i + EDGE_PIXELS <= count; i += EDGE_PIXELS, index += EDGE_PIXELS * p->out_stride)
      run_pixels(b, s->columns + i * p->stride_w * column_bytes, EDGE_PIXELS, y, index);
    for (; i < count; i++, index += p->out_stride)
      run_pixels(b, s->columns + i * p->stride_w * column_bytes, 1, y, index);
  }
}

void EDGE_NAME(edge_s8_depthwise)(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                                  int32_t begin, int32_t end) {
  depthwise_s8_scratch s = edge_depthwise_s8_carve(p, scratch);
  depthwise_s8_block b = {.conv = p, .groups = (p->kernel_h + 3) / 4};
  for (int32_t unit = begin; unit < end; unit++) {
    depthwise_s8_unit u = edge_depthwise_s8_unit(p, unit);
    for (int32_t line = u.line_begin; line < u.line_end; line++) {
      edge_depthwise_s8_find_lines(p, x, line, u.channel_begin, &s);
      for (int32_t c = u.channel_begin; c < u.channel_end; c += 16) {
        b.channel = c;
        b.channels = u.channel_end - c;
        b.weights = (const int8_t *)p->weights + (int64_t)c * 4 * p->kernel_w * b.groups;
        run_line(&b, &s, c - u.channel_begin, y, (int64_t)line * p->out_w * p->out_stride + c);
      }
    }
  }
}
