/* Float matrix product; one ISA each time it is included. */

/* panel[k][16] = B[k][n + 0 .. 15], zeros past the last column. */
static void EDGE_NAME(pack_panel)(const edge_matmul_f32 *p, const float *b, int32_t n,
                                  float *panel) {
  int32_t width = p->n - n < 16 ? p->n - n : 16;
  b += n * p->b_col;
  if (p->b_col == 1 && width == 16) {
    for (int64_t k = 0; k < p->k; k++)
      memcpy(panel + k * 16, b + k * p->b_row, 16 * sizeof *panel);
    return;
  }
  for (int64_t k = 0; k < p->k; k++)
    for (int32_t l = 0; l < 16; l++)
      panel[k * 16 + l] = l < width ? b[k * p->b_row + l * p->b_col] : 0.0f;
}

/* Rows of A as the tile wants them: in place when their elements are neighbours, else copied. */
EDGE_INLINE void EDGE_NAME(matmul_rows)(const edge_matmul_f32 *p, const float *a, int32_t row,
                                        int32_t height, float *room, const float **rows) {
  for (int32_t r = 0; r < EDGE_TILE_ROWS; r++) {
    int32_t m = row + (r < height ? r : height - 1);
    rows[r] = a + m * p->a_row;
    if (p->a_col == 1)
      continue;
    float *copy = room + (int64_t)r * p->k;
    for (int64_t k = 0; k < p->k && r < height; k++)
      copy[k] = rows[r][k * p->a_col];
    rows[r] = r < height ? copy : room;
  }
}

void EDGE_NAME(edge_f32_matmul)(const edge_matmul_f32 *p, const float *a, const float *b, float *c,
                                void *scratch, int32_t row_begin, int32_t row_end) {
  float *panel = scratch;
  float *room = panel + 32 * (((int64_t)p->k + 15) / 16 * 16);
  struct EDGE_NAME(store) store = {1.0f, -EDGE_INFINITY, EDGE_INFINITY, 0, c};
  const float *rows[EDGE_TILE_ROWS];
  EDGE_NAME(sums) sums[EDGE_TILE_ROWS];
  struct EDGE_NAME(tile) t = {
      .rows = rows, .segments = 1, .segment = p->k, .row_stride = EDGE_TILE_ROWS};
  /* Packing pays when a panel is read more than once; the last one may read past B's end. */
  int in_place = p->b_col == 1 && row_end - row_begin <= EDGE_TILE_ROWS;
  int32_t step = in_place ? EDGE_NAME(tile_panels)(row_end - row_begin) : EDGE_TILE_PANELS;
  for (int32_t n = 0; n < p->n; n += 16 * step) {
    int32_t panels = (p->n - n + 15) / 16;
    panels = panels < step ? panels : step;
    t.b = b + n;
    t.k_stride = p->b_row;
    t.panel_stride = 16;
    if (!in_place) {
      for (int32_t j = 0; j < panels; j++)
        EDGE_NAME(pack_panel)(p, b, n + j * 16, panel + j * 16 * (int64_t)p->k);
      t.b = panel;
      t.k_stride = 16;
      t.panel_stride = 16 * (int64_t)p->k;
    }
    for (int32_t m = row_begin; m < row_end; m += EDGE_TILE_ROWS) {
      int32_t height = row_end - m < EDGE_TILE_ROWS ? row_end - m : EDGE_TILE_ROWS;
      EDGE_NAME(matmul_rows)(p, a, m, height, room, rows);
      EDGE_NAME(tile_sums)(&t, height, panels, sums);
      for (int32_t r = 0; r < height; r++)
        for (int32_t j = 0; j < panels; j++) {
          int32_t left = p->n - n - j * 16;
          EDGE_NAME(store_16)(&store, sums[r] + j * 16, (m + r) * p->c_row + n + j * 16,
                              left < 16 ? left : 16);
        }
    }
  }
}
