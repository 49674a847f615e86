/* Float convolution; one ISA each time it is included. */

/* The input pixel under a tap, or NULL in the padding. */
EDGE_INLINE const float *EDGE_NAME(pixel_at)(const edge_conv *p, const float *image, int32_t iy,
                                             int32_t ix) {
  if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
    return 0;
  return image + ((int64_t)iy * p->in_w + ix) * p->in_stride;
}

/* Copies whole vectors: both sides have room for one more. */
EDGE_INLINE void EDGE_NAME(copy_floats)(float *to, const float *from, int64_t count) {
  for (int64_t i = 0; i < count; i += EDGE_VECTOR)
    *(EDGE_NAME(vector) *)(to + i) = *(const EDGE_NAME(vector) *)(from + i);
}

/* Everything one output pixel reads, in the order of k. */
static __attribute__((noinline)) void EDGE_NAME(stage_pixel)(const edge_conv *p, const float *image,
                                                             int32_t y0, int32_t x0, float *to) {
  int32_t row = p->kernel_w * p->in_c;
  int32_t reach = x0 + (p->kernel_w - 1) * p->dilation_w;
  int together = p->dilation_w == 1 && p->in_stride == p->in_c && x0 >= 0 && reach < p->in_w;
  for (int32_t ky = 0; ky < p->kernel_h; ky++, to += row) {
    int32_t iy = y0 + ky * p->dilation_h;
    if (together && iy >= 0 && iy < p->in_h) {
      EDGE_NAME(copy_floats)(to, EDGE_NAME(pixel_at)(p, image, iy, x0), row);
      continue;
    }
    for (int32_t kx = 0; kx < p->kernel_w; kx++) {
      const float *in = EDGE_NAME(pixel_at)(p, image, iy, x0 + kx * p->dilation_w);
      for (int32_t c = 0; c < p->in_c; c++)
        to[kx * p->in_c + c] = in ? in[c] : 0.0f;
    }
  }
}

EDGE_INLINE void EDGE_NAME(point_pixel)(const edge_conv *p, const float *image, int32_t y0,
                                        int32_t x0, const float *zeros, const float **rows,
                                        int32_t row_stride) {
  for (int32_t ky = 0; ky < p->kernel_h; ky++)
    for (int32_t kx = 0; kx < p->kernel_w; kx++, rows += row_stride) {
      const float *in =
          EDGE_NAME(pixel_at)(p, image, y0 + ky * p->dilation_h, x0 + kx * p->dilation_w);
      *rows = in ? in : zeros;
    }
}

/* rows[segment][i] for the pixels first .. first + count, the last one repeated to a whole tile. */
static void EDGE_NAME(point_rows)(const edge_conv *p, const struct edge_conv_f32_plan *plan,
                                  const float *x, int64_t first, int32_t count, float *room,
                                  const float **rows) {
  int32_t ox = (int32_t)(first % p->out_w), oy = (int32_t)(first / p->out_w % p->out_h);
  int64_t image_size = (int64_t)p->in_h * p->in_w * p->in_stride;
  const float *image = x + first / p->out_w / p->out_h * image_size;
  if (!plan->staged)
    memset(room, 0, (size_t)plan->segment * sizeof *room);
  for (int32_t i = 0; i < count; i++) {
    int32_t y0 = oy * p->stride_h - p->pad_top, x0 = ox * p->stride_w - p->pad_left;
    if (plan->staged) {
      rows[i] = room + (int64_t)i * plan->segment;
      EDGE_NAME(stage_pixel)(p, image, y0, x0, room + (int64_t)i * plan->segment);
    } else {
      EDGE_NAME(point_pixel)(p, image, y0, x0, room, rows + i, plan->block);
    }
    if (++ox < p->out_w)
      continue;
    ox = 0;
    if (++oy == p->out_h) {
      oy = 0;
      image += image_size;
    }
  }
  int32_t whole = (count + EDGE_TILE_ROWS - 1) / EDGE_TILE_ROWS * EDGE_TILE_ROWS;
  for (int32_t s = 0; s < plan->segments; s++, rows += plan->block)
    for (int32_t i = count; i < whole && i < plan->block; i++)
      rows[i] = rows[count - 1];
}

/* Panels [panel, panel + panels) of the pixels first .. first + count. */
static void EDGE_NAME(conv_panels)(const edge_conv *p, const struct edge_conv_f32_plan *plan,
                                   const float **rows, int64_t first, int32_t count, int32_t panel,
                                   int32_t panels, float *y) {
  const edge_epilogue *e = &p->epilogue;
  struct EDGE_NAME(store) store = {e->slope, e->low_f, e->high_f, e->residual, y};
  int64_t k = (int64_t)plan->taps * p->in_c;
  struct EDGE_NAME(tile) t = {
      .segments = plan->segments,
      .segment = plan->segment,
      .row_stride = plan->block,
      .b = (const float *)p->weights + panel * k * 16,
      .k_stride = 16,
      .panel_stride = k * 16,
      .start = e->bias_f + panel * 16,
  };
  EDGE_NAME(sums) sums[EDGE_TILE_ROWS];
  for (int32_t i = 0; i < count; i += EDGE_TILE_ROWS) {
    int32_t height = count - i < EDGE_TILE_ROWS ? count - i : EDGE_TILE_ROWS;
    t.rows = rows + i;
    EDGE_NAME(tile_sums)(&t, height, panels, sums);
    for (int32_t r = 0; r < height; r++)
      for (int32_t j = 0; j < panels; j++) {
        int32_t n = (panel + j) * 16;
        int32_t width = p->out_c - n < 16 ? p->out_c - n : 16;
        int64_t offset = (first + i + r) * p->out_stride + n;
        EDGE_NAME(store_16)(&store, sums[r] + j * 16, offset, width);
      }
  }
}

void EDGE_NAME(edge_f32_conv)(const edge_conv *p, const float *x, float *y, void *scratch,
                              int32_t begin, int32_t end) {
  struct edge_conv_f32_plan plan = edge_conv_f32_plan_of(p);
  const float **rows = scratch;
  float *room = (float *)((char *)scratch + plan.rows_bytes);
  int32_t all_panels = (p->out_c + 15) / 16, unit_panels = plan.columns / 16;
  for (int32_t unit = begin; unit < end;) {
    int32_t block = unit / plan.column_units, column = unit % plan.column_units;
    int32_t columns = plan.column_units - column;
    columns = columns < end - unit ? columns : end - unit;
    unit += columns;
    int64_t first = (int64_t)block * plan.block;
    int64_t left = plan.pixels - first;
    int32_t count = left < plan.block ? (int32_t)left : plan.block;
    EDGE_NAME(point_rows)(p, &plan, x, first, count, room, rows);
    int32_t panel = column * unit_panels;
    int32_t last = panel + columns * unit_panels;
    last = last < all_panels ? last : all_panels;
    int32_t step = EDGE_NAME(tile_panels)(count);
    for (; panel < last; panel += step) {
      int32_t panels = last - panel < step ? last - panel : step;
      EDGE_NAME(conv_panels)(p, &plan, rows, first, count, panel, panels, y);
    }
  }
}
