#include "../elementwise/numeric.h"
#include "../include/edge_kernels.h"
#include "../compact.h"

/* Beyond this a coordinate is far outside of every image. */
static const float farthest = EDGE_SAMPLE_LIMIT;

/* The elements of one axis that make a sample, and their weights; -1 stands for a zero. */
struct taps {
  int32_t count, index[4];
  float weight[4];
};

/* v mirrored at low and high until it lies between them. */
static float reflected(float v, float low, float high) {
  float range = high - low, beyond = v < low ? low - v : v > high ? v - high : 0;
  if (range <= 0)
    return low;
  if (beyond == 0)
    return v;
  int32_t turns = (int32_t)(beyond / range);
  float rest = beyond - (float)turns * range;
  return (v < low) == (turns % 2 == 0) ? low + rest : high - rest;
}

/* The element that stands for one at index, of an axis from low to high. */
static int32_t inside(const edge_grid_sample *p, int32_t index, int32_t size, float low,
                      float high) {
  if (index >= 0 && index < size)
    return index;
  if (p->padding == EDGE_SAMPLE_ZEROS)
    return -1;
  if (p->padding == EDGE_SAMPLE_REFLECTION)
    index = (int32_t)reflected((float)index, low, high);
  return index < 0 ? 0 : index < size ? index : size - 1;
}

/* Weights of the elements at -1, 0, 1 and 2 for a place t from 0, a cubic of A = -0.75. */
static void cubic_weights(float t, float *weight) {
  const float a = -0.75f;
  float s = 1 - t, u = 1 + t, v = 2 - t;
  weight[0] = ((a * u - 5 * a) * u + 8 * a) * u - 4 * a;
  weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weight[2] = ((a + 2) * s - (a + 3)) * s * s + 1;
  weight[3] = ((a * v - 5 * a) * v + 8 * a) * v - 4 * a;
}

static void find_taps(const edge_grid_sample *p, int32_t size, float place, struct taps *t) {
  float low = -0.5f, high = (float)size - 0.5f, last = (float)size - 1;
  if (p->coordinates == EDGE_SAMPLE_CORNERS) {
    low = 0, high = last;
    place = (place + 1) / 2 * last;
  } else if (p->coordinates == EDGE_SAMPLE_HALF_PIXELS) {
    place = ((place + 1) * (float)size - 1) / 2;
  }
  /* A NaN is far outside. */
  place = place > -farthest ? place : -farthest;
  place = place < farthest ? place : farthest;
  if (p->mode == EDGE_SAMPLE_NEAREST)
    place = edge_rne_small(place);
  if (p->padding == EDGE_SAMPLE_BORDER)
    place = place < 0 ? 0 : place < last ? place : last;
  else if (p->padding == EDGE_SAMPLE_REFLECTION)
    place = reflected(place, low, high);
  int32_t first = (int32_t)place;
  first -= (float)first > place;
  float rest = place - (float)first;
  t->count = 1;
  t->weight[0] = 1;
  if (p->mode == EDGE_SAMPLE_LINEAR) {
    t->count = 2;
    t->weight[0] = 1 - rest;
    t->weight[1] = rest;
  } else if (p->mode == EDGE_SAMPLE_CUBIC) {
    t->count = 4;
    cubic_weights(rest, t->weight);
    first--;
  }
  for (int32_t i = 0; i < t->count; i++)
    t->index[i] = inside(p, first + i, size, low, high);
}

/* y += w * x; y and x do not overlap. */
static void add_scaled(float *restrict y, const float *restrict x, float w, int32_t n) {
  for (int32_t i = 0; i < n; i++)
    y[i] += w * x[i];
}

void edge_grid_sample_f32(const edge_grid_sample *p, const float *x, const float *grid, float *y,
                          int64_t begin, int64_t end) {
  int64_t image = (int64_t)p->size[0] * p->size[1] * p->size[2] * p->channels;
  int32_t lead = 3 - p->rank;
  struct taps t[3] = {{.count = 1, .index = {0}, .weight = {1}}};
  for (int64_t point = begin; point < end; point++) {
    for (int32_t axis = lead; axis < 3; axis++)
      find_taps(p, p->size[axis], grid[point * p->rank + 2 - axis], &t[axis]);
    const float *from = x + point / p->points * image;
    float *to = y + point * p->channels;
    memset(to, 0, (size_t)p->channels * sizeof *to);
    for (int32_t i = 0; i < t[0].count; i++)
      for (int32_t j = 0; j < t[1].count; j++)
        for (int32_t k = 0; k < t[2].count; k++) {
          if ((t[0].index[i] | t[1].index[j] | t[2].index[k]) < 0)
            continue;
          int64_t row = (int64_t)t[0].index[i] * p->size[1] + t[1].index[j];
          int64_t element = row * p->size[2] + t[2].index[k];
          add_scaled(to, from + element * p->channels,
                     t[0].weight[i] * t[1].weight[j] * t[2].weight[k], p->channels);
        }
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
