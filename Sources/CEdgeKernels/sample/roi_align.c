#include "../elementwise/numeric.h"
#include "../include/edge_kernels.h"
#include "../compact.h"

/* One axis of a region: where its bins begin, and how each is sampled. */
struct bins {
  float start, size;
  int32_t samples;
};

/* Two neighbouring elements and their weights; both 0 outside of the image. */
struct pair {
  int32_t index[2];
  float weight[2];
};

static struct bins find_bins(const edge_roi_align *p, float from, float to, int32_t count,
                             int32_t extent) {
  struct bins b = {.start = from * p->scale - p->offset};
  float length = to * p->scale - p->offset - b.start;
  if (p->offset == 0 && !(length > 1))
    length = 1;
  b.size = length / (float)count;
  b.samples = p->samples;
  if (p->samples == 0) {
    /* One a pixel, of an image that is not left. */
    float most = (float)extent + 1;
    float wanted = b.size > 0 ? b.size : 0;
    wanted = wanted < most ? wanted : most;
    b.samples = (int32_t)wanted;
    b.samples += (float)b.samples < wanted;
  }
  return b;
}

static struct pair find_pair(const struct bins *b, int32_t bin, int32_t sample, int32_t extent) {
  struct pair pair = {{0, 0}, {0, 0}};
  float step = ((float)sample + 0.5f) * b->size / (float)b->samples;
  float place = b->start + (float)bin * b->size + step;
  if (!(place >= -1 && place <= (float)extent))
    return pair;
  place = place > 0 ? place : 0;
  int32_t low = (int32_t)place, last = extent - 1;
  pair.index[0] = low < last ? low : last;
  pair.index[1] = low < last ? low + 1 : last;
  pair.weight[1] = low < last ? place - (float)low : 0;
  pair.weight[0] = 1 - pair.weight[1];
  return pair;
}

/* Takes a sample into y; the first one of a maximum replaces it. */
static void take(const edge_roi_align *p, const float *image, const struct pair *row,
                 const struct pair *column, int32_t is_first, float *restrict y) {
  const float *x[4];
  float w[4];
  for (int32_t i = 0; i < 4; i++) {
    int64_t element = (int64_t)row->index[i / 2] * p->in_w + column->index[i % 2];
    x[i] = image + element * p->channels;
    w[i] = row->weight[i / 2] * column->weight[i % 2];
  }
  for (int32_t c = 0; c < p->channels; c++) {
    float v[4] = {w[0] * x[0][c], w[1] * x[1][c], w[2] * x[2][c], w[3] * x[3][c]};
    if (p->is_max) {
      float a = v[0] > v[1] ? v[0] : v[1], b = v[2] > v[3] ? v[2] : v[3];
      float most = a > b ? a : b;
      y[c] = is_first || most > y[c] ? most : y[c];
    } else {
      y[c] += v[0] + v[1] + v[2] + v[3];
    }
  }
}

void edge_roi_align_f32(const edge_roi_align *p, const float *image, const float *region,
                        float *y) {
  struct bins rows = find_bins(p, region[1], region[3], p->out_h, p->in_h);
  struct bins columns = find_bins(p, region[0], region[2], p->out_w, p->in_w);
  int32_t count = rows.samples * columns.samples;
  memset(y, 0, (size_t)p->out_h * (size_t)p->out_w * (size_t)p->channels * sizeof *y);
  for (int32_t bin = 0; bin < p->out_h * p->out_w; bin++, y += p->channels) {
    for (int32_t sample = 0; sample < count; sample++) {
      struct pair row = find_pair(&rows, bin / p->out_w, sample / columns.samples, p->in_h);
      struct pair column = find_pair(&columns, bin % p->out_w, sample % columns.samples, p->in_w);
      take(p, image, &row, &column, sample == 0, y);
    }
    for (int32_t c = 0; c < p->channels && !p->is_max && count > 1; c++)
      y[c] /= (float)count;
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
