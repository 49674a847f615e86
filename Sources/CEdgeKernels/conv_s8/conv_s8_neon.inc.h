/* INT8 convolution tiles of EDGE_TILE_ROWS rows by 16 channels; included once per NEON flavour. */

EDGE_ALWAYS int8x16_t broadcast_4(const int8_t *x) {
  int32_t dword;
  memcpy(&dword, x, sizeof dword);
  return vreinterpretq_s8_s32(vdupq_n_s32(dword));
}

EDGE_ALWAYS void run_rows(const conv_s8_tile *t, const int rows) {
  const int8_t *row[EDGE_TILE_ROWS], *w = t->weights;
  int32x4_t sum[EDGE_TILE_ROWS][product_parts];
  EDGE_UNROLL for (int r = 0; r < rows; r++) {
    row[r] = t->input + t->pixel[r];
    EDGE_UNROLL for (int i = 0; i < product_parts; i++) sum[r][i] = vdupq_n_s32(0);
  }
  for (int32_t s = 0; s < t->segments; s++) {
    int64_t end = t->segment[s] + 4 * (int64_t)t->segment_k4;
    for (int64_t k = t->segment[s]; k < end; k += 4, w += 64) {
      int8x16_t x[EDGE_TILE_ROWS];
      EDGE_UNROLL for (int r = 0; r < rows; r++) x[r] = broadcast_4(row[r] + k);
      EDGE_UNROLL for (int i = 0; i < 4; i++) {
        int8x16_t v = vld1q_s8(w + 16 * i);
        EDGE_UNROLL for (int r = 0; r < rows; r++) product_add(sum[r], i, x[r], v);
      }
    }
  }
  EDGE_UNROLL for (int r = 0; r < rows; r++) product_store(
      t->epilogue, sum[r], t->channel, t->output, t->index + r * t->stride, t->channels);
}

static void run_tile(const conv_s8_tile *tile, int32_t rows, int32_t blocks) {
  (void)blocks;
  switch (rows) {
  case 1:
    run_rows(tile, 1);
    return;
  case 2:
    run_rows(tile, 2);
    return;
  case 3:
    run_rows(tile, 3);
    return;
#if EDGE_TILE_ROWS > 3
  case 4:
    run_rows(tile, 4);
    return;
  case 5:
    run_rows(tile, 5);
    return;
  case 6:
    run_rows(tile, 6);
    return;
#endif
  }
}

static const conv_s8_isa isa = {1, {0, EDGE_TILE_ROWS}, run_tile};

void EDGE_NAME(edge_s8_conv)(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end) {
  edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa);
}
