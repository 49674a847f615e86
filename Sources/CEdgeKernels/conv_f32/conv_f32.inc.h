/* Float convolution; one ISA each time it is included. */

struct EDGE_NAME(store) {
  float slope, low, high;
  const float *residual;
};

/* The epilogue on up to 16 sums. */
EDGE_INLINE void EDGE_NAME(store_16)(const struct EDGE_NAME(store) *e, const float *sums,
                                     const float *residual, float *y, int32_t width) {
  float v[16], r[16] = {0};
  memcpy(v, sums, sizeof v);
  if (e->slope != 1.0f)
    for (int l = 0; l < 16; l++)
      v[l] = v[l] < 0.0f ? v[l] * e->slope : v[l];
  if (residual) {
    memcpy(r, residual, (size_t)width * sizeof *r);
    for (int l = 0; l < 16; l++)
      v[l] += r[l];
  }
  for (int l = 0; l < 16; l++)
    v[l] = edge_one_nan(edge_at_least(edge_at_most(v[l], e->high), e->low));
  if (width == 16)
    memcpy(y, v, sizeof v);
  else
    memcpy(y, v, (size_t)width * sizeof *y);
}

/* The input pixel under a tap, or NULL in the padding. */
EDGE_INLINE const float *EDGE_NAME(pixel_at)(const edge_conv *p, const float *image, int32_t iy,
                                             int32_t ix) {
  if (iy < 0 || iy >= p->in_h || ix < 0 || ix >= p->in_w)
    return 0;
  return image + ((int64_t)iy * p->in_w + ix) * p->in_stride;
}

/* rows[tap][i] for the pixels first .. first + count, the last one repeated up to the block's end. */
static void EDGE_NAME(point_rows)(const edge_conv *p, const struct edge_conv_f32_plan *plan,
                                  const float *x, int64_t first, int32_t count, float *room,
                                  const float **rows) {
  if (!plan->staged)
    memset(room, 0, (size_t)plan->segment * sizeof *room);
  for (int32_t i = 0; i < count; i++) {
    int64_t pixel = first + i;
    int32_t ox = (int32_t)(pixel % p->out_w), oy = (int32_t)(pixel / p->out_w % p->out_h);
    const float *image =
        x + pixel / p->out_w / p->out_h * p->in_h * (int64_t)p->in_w * p->in_stride;
    for (int32_t tap = 0; tap < plan->taps; tap++) {
      int32_t iy = oy * p->stride_h - p->pad_top + tap / p->kernel_w * p->dilation_h;
      int32_t ix = ox * p->stride_w - p->pad_left + tap % p->kernel_w * p->dilation_w;
      const float *in = EDGE_NAME(pixel_at)(p, image, iy, ix);
      if (!plan->staged) {
        rows[(int64_t)tap * plan->block + i] = in ? in : room;
        continue;
      }
      float *out = room + (int64_t)i * plan->segment + (int64_t)tap * p->in_c;
      for (int32_t c = 0; c < p->in_c; c++)
        out[c] = in ? in[c] : 0.0f;
    }
    if (plan->staged)
      rows[i] = room + (int64_t)i * plan->segment;
  }
  for (int32_t s = 0; s < plan->segments; s++)
    for (int32_t i = count; i < plan->block; i++)
      rows[(int64_t)s * plan->block + i] = rows[(int64_t)s * plan->block + count - 1];
}

/* Panels [panel, panel + panels) of the pixels first .. first + count. */
static void EDGE_NAME(conv_panels)(const edge_conv *p, const struct edge_conv_f32_plan *plan,
                                   const float **rows, int64_t first, int32_t count, int32_t panel,
                                   int32_t panels, float *y) {
  const edge_epilogue *e = &p->epilogue;
  struct EDGE_NAME(store) store = {e->slope, e->low_f, e->high_f, e->residual};
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
  float sums[EDGE_TILE_ROWS][16 * EDGE_TILE_PANELS];
  for (int32_t i = 0; i < count; i += EDGE_TILE_ROWS) {
    int32_t height = count - i < EDGE_TILE_ROWS ? count - i : EDGE_TILE_ROWS;
    t.rows = rows + i;
    EDGE_NAME(tile_sums)(&t, height, panels, sums);
    for (int32_t r = 0; r < height; r++)
      for (int32_t j = 0; j < panels; j++) {
        int32_t n = (panel + j) * 16;
        int32_t width = p->out_c - n < 16 ? p->out_c - n : 16;
        int64_t offset = (first + i + r) * p->out_stride + n;
        EDGE_NAME(store_16)(&store, sums[r] + j * 16, store.residual ? store.residual + offset : 0,
                            y + offset, width);
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
    for (; panel < last; panel += EDGE_TILE_PANELS) {
      int32_t panels = last - panel < EDGE_TILE_PANELS ? last - panel : EDGE_TILE_PANELS;
      EDGE_NAME(conv_panels)(p, &plan, rows, first, count, panel, panels, y);
    }
  }
}
