/*
 * The register tile under float convolutions and products; one ISA each time it is included.
 * EDGE_VECTOR floats fill a register, EDGE_TILE_ROWS rows fill the register file with EDGE_TILE_PANELS
 * panels of 16 columns. Fewer rows take more panels, up to EDGE_THIN_PANELS for one, so that enough sums are under
 * way to hide what one takes. Without EDGE_TILE_ROWS > 1 there is no register tile but plain loops. EDGE_TILE_LANES: the
 * ISA multiplies by one of 4 floats of a register, so that four k of a row are one load.
 */

struct EDGE_NAME(tile) {
  const float *const *rows; /* [segments][row_stride]: a pointer for each row of each segment */
  int32_t segments, segment, row_stride;
  const float *b;           /* k-th row of panel j: b + j * panel_stride + k * k_stride */
  int64_t k_stride, panel_stride;
  const float *start;       /* where the sums begin: 16 per panel, or NULL for 0 */
};

/* The sums of a row: 16 a panel. */
typedef float EDGE_NAME(sums)[16 * EDGE_THIN_PANELS];

/* Panels that are best taken at once for so many rows. */
EDGE_INLINE int32_t EDGE_NAME(tile_panels)(int64_t rows) {
  int32_t thin = rows == 1 ? EDGE_THIN_PANELS : rows == 2 ? EDGE_THIN_PANELS / 2 : 1;
  return thin > EDGE_TILE_PANELS ? thin : EDGE_TILE_PANELS;
}

#if EDGE_TILE_ROWS == 1
#include "tile_f32_plain.inc.h"
#else

#ifdef EDGE_TILE_LANES

#define EDGE_LANE(lane)                                                                            \
  _Pragma("clang loop unroll(full)") for (int32_t j = 0; j < 4; j++) {                              \
    EDGE_NAME(vector) w = *(const EDGE_NAME(vector) *)(b + lane * k_stride + j * 4);                \
    _Pragma("clang loop unroll(full)") for (int32_t r = 0; r < height; r++) acc[r][j] =            \
        __builtin_elementwise_fma(__builtin_shufflevector(x[r], x[r], lane, lane, lane, lane), w,  \
                                  acc[r][j]);                                                      \
  }

/* The whole fours of a segment over one panel. */
EDGE_INLINE int64_t EDGE_NAME(add_fours)(EDGE_NAME(vector) acc[][EDGE_THIN_PANELS * 4],
                                         int32_t height, const float **a, const float *b,
                                         int64_t k_stride, int64_t segment) {
  int64_t k = 0;
#pragma clang loop unroll(disable)
  for (; k + 4 <= segment; k += 4, b += 4 * k_stride) {
    EDGE_NAME(vector) x[EDGE_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int32_t r = 0; r < height; r++) {
      x[r] = *(const EDGE_NAME(vector) *)a[r];
      a[r] += 4;
    }
    EDGE_LANE(0)
    EDGE_LANE(1)
    EDGE_LANE(2)
    EDGE_LANE(3)
  }
  return k;
}

#undef EDGE_LANE
#endif

/* Panels [panel, panel + panels): sums[row][panel * 16 + column]; every k in order, one fma each. */
EDGE_INLINE void EDGE_NAME(tile_run)(const struct EDGE_NAME(tile) *t, int32_t height, int32_t panel,
                                     int32_t panels, EDGE_NAME(sums) * sums) {
  EDGE_NAME(vector) acc[EDGE_TILE_ROWS][EDGE_THIN_PANELS * EDGE_NAME(PARTS)];
  int32_t parts = panels * EDGE_NAME(PARTS);
#pragma clang loop unroll(full)
  for (int32_t r = 0; r < height; r++)
#pragma clang loop unroll(full)
    for (int32_t j = 0; j < parts; j++)
      acc[r][j] = t->start ? *(const EDGE_NAME(vector) *)(t->start + panel * 16 + j * EDGE_VECTOR)
                           : (EDGE_NAME(vector)){0};
  const float *b = t->b + panel * t->panel_stride;
  const float *const *pointers = t->rows;
  for (int32_t s = 0; s < t->segments; s++, pointers += t->row_stride) {
    const float *a[EDGE_TILE_ROWS];
#pragma clang loop unroll(full)
    for (int32_t r = 0; r < height; r++)
      a[r] = pointers[r];
    int64_t k = 0;
#ifdef EDGE_TILE_LANES
    if (panels == 1) {
      k = EDGE_NAME(add_fours)(acc, height, a, b, t->k_stride, t->segment);
      b += k * t->k_stride;
#pragma clang loop unroll(full)
      for (int32_t r = 0; r < height; r++)
        a[r] -= k;
    }
#pragma clang loop unroll(disable)
#else
#pragma clang loop unroll_count(2)
#endif
    for (; k < t->segment; k++, b += t->k_stride) {
      EDGE_NAME(vector) w[EDGE_THIN_PANELS * EDGE_NAME(PARTS)];
#pragma clang loop unroll(full)
      for (int32_t j = 0; j < parts; j++)
        w[j] = *(const EDGE_NAME(vector) *)(b + j / EDGE_NAME(PARTS) * t->panel_stride +
                                            j % EDGE_NAME(PARTS) * EDGE_VECTOR);
#pragma clang loop unroll(full)
      for (int32_t r = 0; r < height; r++) {
        EDGE_NAME(vector) v = a[r][k] - (EDGE_NAME(vector)){0};
#pragma clang loop unroll(full)
        for (int32_t j = 0; j < parts; j++)
          acc[r][j] = __builtin_elementwise_fma(v, w[j], acc[r][j]);
      }
    }
  }
#pragma clang loop unroll(full)
  for (int32_t r = 0; r < height; r++)
#pragma clang loop unroll(full)
    for (int32_t j = 0; j < parts; j++)
      *(EDGE_NAME(vector) *)(sums[r] + panel * 16 + j * EDGE_VECTOR) = acc[r][j];
}

/* Runs 1 to EDGE_TILE_ROWS rows over 1 to EDGE_THIN_PANELS panels; rows past `height` need readable pointers too. */
static __attribute__((noinline)) void EDGE_NAME(tile_sums)(const struct EDGE_NAME(tile) *t,
                                                           int32_t height, int32_t panels,
                                                           EDGE_NAME(sums) * sums) {
#define EDGE_TILE(rows, columns)                                                                   \
  {                                                                                                \
    EDGE_NAME(tile_run)(t, rows, panel, columns, sums);                                            \
    step = columns;                                                                                \
  }
  for (int32_t panel = 0, step; panel < panels; panel += step) {
    int32_t left = panels - panel;
    if (height == 1 && left >= EDGE_THIN_PANELS)
      EDGE_TILE(1, EDGE_THIN_PANELS)
    else if (height == 1)
      EDGE_TILE(1, 1)
    else if (height == 2 && left >= EDGE_THIN_PANELS / 2)
      EDGE_TILE(2, EDGE_THIN_PANELS / 2)
#if EDGE_TILE_PANELS > 1
    else if (height <= EDGE_HALF_ROWS && left >= EDGE_TILE_PANELS)
      EDGE_TILE(EDGE_HALF_ROWS, EDGE_TILE_PANELS)
    else if (left >= EDGE_TILE_PANELS)
      EDGE_TILE(EDGE_TILE_ROWS, EDGE_TILE_PANELS)
#endif
    else if (height <= EDGE_HALF_ROWS)
      EDGE_TILE(EDGE_HALF_ROWS, 1)
    else
      EDGE_TILE(EDGE_TILE_ROWS, 1)
  }
#undef EDGE_TILE
}

#endif
