/*
 * INT8 convolution tiles of up to EDGE_TILE_ROWS rows by 16 channels; included once per NEON flavour, which defines
 *
 *   sums                              the partial sums of a row
 *   add_4(sum, rows, x, w)            adds 4 dwords of every row, and moves x[0..rows) and w on by them
 *   add_some(sum, rows, x, w, count, pairs_fit)  adds 1 to 3 dwords; any number unless EDGE_QUADS
 *   start(sum, bias)                  sums of nothing but the bias of 16 channels
 *   join(sum, joined)                 the sums of 16 channels
 *   EDGE_QUADS(tile)                  whether add_4 is right for these weights
 */

/* What is the same for every row: a copy of the tile, and what its results start with and are stored with. */
typedef struct block {
  conv_s8_tile tile;
  int32_t is_plain, is_scale;
  epilogue_clamp clamp;
  sums bias;
} block;

EDGE_ALWAYS void store_rows(const block *b, const sums *sum, const int rows, int64_t index) {
  const edge_epilogue *e = b->tile.epilogue;
  int32x4_t joined[EDGE_TILE_ROWS][4];
  EDGE_UNROLL for (int r = 0; r < rows; r++) join(sum + r, joined[r]);
  int64_t stride = b->tile.stride;
  float32x4_t multiplier[4];
  EDGE_UNROLL for (int i = 0; i < 4; i++) multiplier[i] =
      vld1q_f32(e->multiplier + b->tile.channel + 4 * i);
  if (b->is_scale) {
    float *to = (float *)b->tile.output + index;
    EDGE_UNROLL for (int r = 0; r < rows; r++)
        epilogue_store_scaled_16(joined[r], multiplier, to + r * stride);
    return;
  }
  if (b->is_plain) {
    int8_t *to = (int8_t *)b->tile.output + index;
    epilogue_clamp clamp = b->clamp;
    EDGE_UNROLL for (int r = 0; r < rows; r++) epilogue_store_plain_16(joined[r], multiplier, clamp,
                                                                       to + r * stride);
    return;
  }
  int32x4_t room[EDGE_TILE_ROWS][4]; /* or the plain sums would pass through memory too */
  EDGE_UNROLL for (int r = 0; r < rows; r++) EDGE_UNROLL for (int i = 0; i < 4; i++) room[r][i] =
      joined[r][i];
  EDGE_UNROLL for (int r = 0; r < rows; r++) epilogue_store_16(
      e, room[r], b->tile.channel, b->tile.output, index + r * stride, b->tile.channels);
}

EDGE_ALWAYS void run_rows(const block *b, const int rows, const int64_t *pixel, int64_t index) {
  const conv_s8_tile *t = &b->tile;
  const int8_t *w = t->weights;
  sums sum[EDGE_TILE_ROWS];
  EDGE_UNROLL for (int r = 0; r < rows; r++) sum[r] = b->bias;
  for (int32_t s = 0; s < t->segments; s++) {
    const int8_t *x[EDGE_TILE_ROWS];
    EDGE_UNROLL for (int r = 0; r < rows; r++) x[r] = t->input + pixel[r] + t->segment[s];
    int32_t left = t->segment_k4;
    if (EDGE_QUADS(t))
      _Pragma("clang loop unroll(disable)") for (; left >= 4; left -= 4)
          w = add_4(sum, rows, x, w);
    w = add_some(sum, rows, x, w, left, t->pairs_fit);
  }
  store_rows(b, sum, rows, index);
}

/* Rows of the next tile: full ones, then two halves rather than a full one and a sliver. */
static int32_t next_rows(int32_t left) {
  if (left <= EDGE_TILE_ROWS)
    return left;
  return left >= 2 * EDGE_TILE_ROWS ? EDGE_TILE_ROWS : (left + 1) / 2;
}

static void run_tile(const conv_s8_tile *tile, int32_t rows, int32_t blocks) {
  (void)blocks;
  const edge_epilogue *e = tile->epilogue;
  block b = {*tile, epilogue_is_plain(e, tile->channels), epilogue_is_scale(e, tile->channels),
             epilogue_clamp_of(e), {{0}}};
  start(&b.bias, e->bias + tile->channel);
  const int64_t *pixel = tile->pixel;
  int64_t index = tile->index;
  for (int32_t count; rows > 0; rows -= count, pixel += count, index += count * tile->stride) {
    count = next_rows(rows);
    switch (count) {
    case 1:
      run_rows(&b, 1, pixel, index);
      break;
    case 2:
      run_rows(&b, 2, pixel, index);
      break;
#if EDGE_TILE_ROWS > 2
    case 3:
      run_rows(&b, 3, pixel, index);
      break;
    case 4:
      run_rows(&b, 4, pixel, index);
      break;
    case 5:
      run_rows(&b, 5, pixel, index);
      break;
    case 6:
      run_rows(&b, 6, pixel, index);
      break;
#endif
    }
  }
}

/* Tiles of any number of rows: cut here, where they share what they store with. */
static const conv_s8_isa isa = {1, {0, 1 << 20}, run_tile, EDGE_PAIRS_FIT, run_sparse};

void EDGE_NAME(edge_s8_conv)(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}
