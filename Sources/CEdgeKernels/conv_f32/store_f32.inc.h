/* The epilogue of float convolutions and products; one ISA each time it is included. */

typedef float EDGE_NAME(vector)
    __attribute__((vector_size(EDGE_VECTOR * sizeof(float)), aligned(4)));
typedef int32_t EDGE_NAME(vector_i)
    __attribute__((vector_size(EDGE_VECTOR * sizeof(float)), aligned(4)));

enum { EDGE_NAME(PARTS) = 16 / EDGE_VECTOR };

struct EDGE_NAME(store) {
  float slope, low, high;
  const float *residual; /* at the output's first element */
  float *y;
};

#define EDGE_SPLAT(x) ((x) - (EDGE_NAME(vector)){0})
#define EDGE_SELECT(mask, a, b)                                                                    \
  ((EDGE_NAME(vector))(((mask) & (EDGE_NAME(vector_i))(a)) |                                       \
                       (~(mask) & (EDGE_NAME(vector_i))(b))))

EDGE_INLINE void EDGE_NAME(finish)(const struct EDGE_NAME(store) *e, const float *sums,
                                   const float *residual, float *y) {
  EDGE_NAME(vector) v = *(const EDGE_NAME(vector) *)sums;
  if (e->slope != 1.0f) {
    EDGE_NAME(vector) scaled = v * EDGE_SPLAT(e->slope);
    v = EDGE_SELECT(v < EDGE_SPLAT(0.0f), scaled, v);
  }
  if (residual)
    v += *(const EDGE_NAME(vector) *)residual;
  EDGE_NAME(vector) low = EDGE_SPLAT(e->low), high = EDGE_SPLAT(e->high);
  v = EDGE_SELECT(v > high, high, v);
  v = EDGE_SELECT(v < low, low, v);
  EDGE_NAME(vector_i) bits = (EDGE_NAME(vector_i))v;
  EDGE_NAME(vector_i) nan = (bits & 0x7fffffff) > 0x7f800000;
  *(EDGE_NAME(vector) *)y = EDGE_SELECT(nan, (nan & 0) | 0x7fc00000, v);
}

static __attribute__((noinline)) void
EDGE_NAME(store_some)(const struct EDGE_NAME(store) *e, const float *sums, int64_t offset,
                      int32_t width) {
  float y[16], residual[16] = {0};
  size_t bytes = (size_t)width * sizeof *y;
  if (e->residual)
    memcpy(residual, e->residual + offset, bytes);
  for (int32_t j = 0; j < 16; j += EDGE_VECTOR)
    EDGE_NAME(finish)(e, sums + j, e->residual ? residual + j : 0, y + j);
  memcpy(e->y + offset, y, bytes);
}

/* Finishes 16 sums; stores the first `width` of them, or all. */
EDGE_INLINE void EDGE_NAME(store_16)(const struct EDGE_NAME(store) *e, const float *sums,
                                     int64_t offset, int32_t width) {
  if (width < 16) {
    EDGE_NAME(store_some)(e, sums, offset, width);
    return;
  }
  const float *residual = e->residual ? e->residual + offset : 0;
#pragma clang loop unroll(full)
  for (int32_t j = 0; j < 16; j += EDGE_VECTOR)
    EDGE_NAME(finish)(e, sums + j, residual ? residual + j : 0, e->y + offset + j);
}

#undef EDGE_SPLAT
#undef EDGE_SELECT
