/*
 * Products with block-sparse weights; included once per ISA, which defines
 *
 *   EDGE_LANES, EDGE_VECTORS          pixels of a vector; vectors of a strip of pixels
 *   EDGE_FLIPPED                      whether strips hold unsigned inputs, so that sums start at bias_u8
 *   EDGE_FEW_PIXELS                   pixels that are rather computed one by one than as a strip
 *   strip_vector, strip_put(to, v, x) an input dword of every pixel of a strip; x are those of vector v
 *   strip_sum, strip_sum_of(bias), strip_join(sum)   partial sums of a vector of pixels
 *   add_blocks(sum, strip, columns, values, count, n)   adds the products of `count` blocks with a strip to sum[n][]
 *   EDGE_ROW_SUMS(t, blocks, values, row, sums)   the same of one row: row_sums of sparse_row_s8.inc.h
 *   store_sums(t, sums, rows)         the epilogue of sums [rows][16], bias included
 *
 * Pixels lie in the vector lanes: a strip of them is transposed once, after which a block costs one broadcast of its
 * weights an output and one load of its inputs. Where there are too few pixels, blocks lie in the lanes instead.
 */

typedef int32_t lanes __attribute__((vector_size(4 * EDGE_LANES)));
typedef int64_t halves __attribute__((vector_size(4 * EDGE_LANES)));

enum { strip_pixels = EDGE_LANES * EDGE_VECTORS };

#if EDGE_LANES == 4
#define EDGE_LOW_DWORDS 0, 4, 1, 5
#define EDGE_HIGH_DWORDS 2, 6, 3, 7
#define EDGE_LOW_HALVES 0, 2
#define EDGE_HIGH_HALVES 1, 3
#elif EDGE_LANES == 8
#define EDGE_LOW_DWORDS 0, 8, 1, 9, 4, 12, 5, 13
#define EDGE_HIGH_DWORDS 2, 10, 3, 11, 6, 14, 7, 15
#define EDGE_LOW_HALVES 0, 4, 2, 6
#define EDGE_HIGH_HALVES 1, 5, 3, 7
#else
#define EDGE_LOW_DWORDS 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29
#define EDGE_HIGH_DWORDS 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31
#define EDGE_LOW_HALVES 0, 8, 2, 10, 4, 12, 6, 14
#define EDGE_HIGH_HALVES 1, 9, 3, 11, 5, 13, 7, 15
#endif

/* Transposes the 4x4 matrices that four vectors hold in each of their 16-byte parts. */
EDGE_ALWAYS void transpose(lanes v[4]) {
  halves low[2], high[2];
  UNROLL for (int i = 0; i < 2; i++) {
    low[i] = (halves)__builtin_shufflevector(v[2 * i], v[2 * i + 1], EDGE_LOW_DWORDS);
    high[i] = (halves)__builtin_shufflevector(v[2 * i], v[2 * i + 1], EDGE_HIGH_DWORDS);
  }
  v[0] = (lanes)__builtin_shufflevector(low[0], low[1], EDGE_LOW_HALVES);
  v[1] = (lanes)__builtin_shufflevector(low[0], low[1], EDGE_HIGH_HALVES);
  v[2] = (lanes)__builtin_shufflevector(high[0], high[1], EDGE_LOW_HALVES);
  v[3] = (lanes)__builtin_shufflevector(high[0], high[1], EDGE_HIGH_HALVES);
}

/* Up to four dwords of EDGE_LANES rows: row 4*q + i in part q of vector i becomes dword i of row 4*q... in order. */
EDGE_ALWAYS void load_rows(const int8_t *const *row, int64_t at, lanes v[4]) {
  UNROLL for (int i = 0; i < 4; i++) {
#if EDGE_LANES == 4
    v[i] = load_quad(row[i] + at);
#elif EDGE_LANES == 8
    v[i] = __builtin_shufflevector(load_quad(row[i] + at), load_quad(row[4 + i] + at), 0, 1, 2, 3,
                                   4, 5, 6, 7);
#else
    quad part[4];
    UNROLL for (int q = 0; q < 4; q++) part[q] = load_quad(row[4 * q + i] + at);
    v[i] = __builtin_shufflevector(
        __builtin_shufflevector(part[0], part[1], 0, 1, 2, 3, 4, 5, 6, 7),
        __builtin_shufflevector(part[2], part[3], 0, 1, 2, 3, 4, 5, 6, 7), 0, 1, 2, 3, 4, 5, 6, 7,
        8, 9, 10, 11, 12, 13, 14, 15);
#endif
  }
  transpose(v);
}

/* Transposes the inputs of up to strip_pixels pixels; the last one fills what is left. */
static void fill_strip(const conv_s8_tile *t, int32_t rows, strip_vector *strip) {
  for (int32_t s = 0; s < t->segments; s++, strip += t->segment_k4) {
    for (int32_t v = 0; v < EDGE_VECTORS; v++) {
      const int8_t *row[EDGE_LANES];
      for (int32_t r = 0; r < EDGE_LANES; r++) {
        int32_t from = v * EDGE_LANES + r;
        row[r] = t->input + t->pixel[from < rows ? from : rows - 1] + t->segment[s];
      }
      int32_t k = 0;
      lanes x[4];
      for (; k + 4 <= t->segment_k4; k += 4) {
        load_rows(row, 4 * (int64_t)k, x);
        UNROLL for (int i = 0; i < 4; i++) strip_put(strip + k + i, v, x[i]);
      }
      if (k < t->segment_k4)
        load_rows(row, 4 * (int64_t)k, x);
      for (int i = 0; k < t->segment_k4; k++, i++)
        strip_put(strip + k, v, x[i]);
    }
  }
}

/* Sums of the tile's 16 channels. */
EDGE_ALWAYS void strip_sums(const conv_s8_tile *t, const edge_sparse *blocks, const int8_t *values,
                            const strip_vector *strip, lanes totals[16][EDGE_VECTORS], const int n) {
  const int32_t *bias = (EDGE_FLIPPED ? t->epilogue->bias_u8 : t->epilogue->bias) + t->channel;
  const uint32_t *starts = blocks->starts + t->channel / n;
  for (int i = 0; i < 16; i += n, starts++, totals += n) {
    strip_sum sum[4][EDGE_VECTORS];
    UNROLL for (int h = 0; h < n; h++) UNROLL for (int v = 0; v < EDGE_VECTORS; v++) sum[h][v] =
        strip_sum_of(bias[i + h]);
    add_blocks(sum, strip, blocks->columns + starts[0], values + (int64_t)starts[0] * 4 * n,
               (int32_t)(starts[1] - starts[0]), n);
    UNROLL for (int h = 0; h < n; h++) UNROLL for (int v = 0; v < EDGE_VECTORS; v++) totals[h][v] =
        (lanes)strip_join(sum[h][v]);
  }
}

#define EDGE_SPARSE_STRIP(n)                                                                       \
  static void strip_sums_##n(const conv_s8_tile *t, const edge_sparse *blocks,                     \
                             const int8_t *values, const strip_vector *strip,                      \
                             lanes totals[16][EDGE_VECTORS]) {                                     \
    strip_sums(t, blocks, values, strip, totals, n);                                               \
  }
EDGE_SPARSE_STRIP(1)
EDGE_SPARSE_STRIP(2)
EDGE_SPARSE_STRIP(4)

/* The inputs of one pixel, side by side. */
static void copy_row(const conv_s8_tile *t, int8_t *to) {
  size_t bytes = 4 * (size_t)t->segment_k4;
  for (int32_t s = 0; s < t->segments; s++, to += bytes)
    memcpy(to, t->input + t->pixel[0] + t->segment[s], bytes);
}

/* [16 channels][pixels] as [pixels][16 channels]. */
static void untangle(const lanes totals[16][EDGE_VECTORS], int32_t *to) {
  for (int v = 0; v < EDGE_VECTORS; v++)
    for (int i = 0; i < 16; i += 4) {
      lanes four[4];
      UNROLL for (int r = 0; r < 4; r++) four[r] = totals[i + r][v];
      transpose(four);
      UNROLL for (int r = 0; r < 4; r++) UNROLL for (int q = 0; q < EDGE_LANES / 4; q++)
          memcpy(to + (v * EDGE_LANES + 4 * q + r) * 16 + i, (const char *)&four[r] + 16 * q, 16);
    }
}

static void run_sparse(const conv_s8_tile *tile, const edge_sparse *blocks, const int8_t *values,
                       int32_t pixels, int32_t channel_end, void *strip) {
  conv_s8_tile t = *tile;
  lanes totals[16][EDGE_VECTORS];
  int32_t sums[strip_pixels * 16];
  for (int32_t rows; pixels > 0; pixels -= rows) {
    rows = pixels < strip_pixels ? pixels : strip_pixels;
    int is_row = rows <= EDGE_FEW_PIXELS;
    if (is_row) {
      rows = 1;
      copy_row(&t, strip);
    } else {
      fill_strip(&t, rows, strip);
    }
    int64_t first = t.index;
    for (t.channel = tile->channel; t.channel < channel_end; t.channel += 16, t.index += 16) {
      int32_t left = channel_end - t.channel, n = blocks->outputs;
      t.channels = left < 16 ? left : 16;
      if (is_row) {
        EDGE_ROW_SUMS(&t, blocks, values, strip, sums);
      } else {
        (n == 4 ? strip_sums_4 : n == 2 ? strip_sums_2 : strip_sums_1)(&t, blocks, values, strip,
                                                                       totals);
        untangle(totals, sums);
      }
      store_sums(&t, sums, rows);
    }
    t.index = first + rows * t.stride;
    t.pixel += rows;
  }
}
