#include "conv_f32.h"

enum { PIXELS = 144, COLUMNS = 64, STAGED_FLOATS = 16384, TILES = 24 };

static int32_t ceil_div(int64_t a, int64_t b) { return (int32_t)((a + b - 1) / b); }

static size_t rows_bytes(const struct edge_conv_f32_plan *plan, int32_t block) {
  return ((size_t)block * (size_t)plan->segments * sizeof(float *) + 63) / 64 * 64;
}

struct edge_conv_f32_plan edge_conv_f32_plan_of(const edge_conv *p) {
  struct edge_conv_f32_plan plan = {0};
  int32_t k = p->kernel_h * p->kernel_w * p->in_c;
  plan.taps = p->kernel_h * p->kernel_w;
  plan.staged = plan.taps > 1 && p->in_c < 16;
  plan.segments = plan.staged ? 1 : plan.taps;
  plan.segment = plan.staged ? k : p->in_c;
  plan.pixels = (int64_t)p->batch * p->out_h * p->out_w;
  plan.most = PIXELS;
  if (plan.staged) {
    int32_t rows = STAGED_FLOATS / k / TILES * TILES;
    plan.most = rows < TILES ? TILES : rows < PIXELS ? rows : PIXELS;
  }
  /* Blocks of about one size, a multiple of every tile's height. */
  plan.block = ceil_div(ceil_div(plan.pixels, ceil_div(plan.pixels, plan.most)), TILES) * TILES;
  plan.columns = COLUMNS;
  plan.column_units = ceil_div(p->out_c, COLUMNS);
  plan.rows_bytes = rows_bytes(&plan, plan.block);
  return plan;
}

int32_t edge_conv_units_f32(const edge_conv *p) {
  struct edge_conv_f32_plan plan = edge_conv_f32_plan_of(p);
  return ceil_div(plan.pixels, plan.block) * plan.column_units;
}

size_t edge_conv_scratch_f32(const edge_conv *p) {
  struct edge_conv_f32_plan plan = edge_conv_f32_plan_of(p);
  /* The largest block of as many pixels or fewer. */
  int64_t whole = (plan.pixels + TILES - 1) / TILES * TILES;
  int32_t block = whole < plan.most ? (int32_t)whole : plan.most;
  size_t floats = (size_t)plan.segment * (plan.staged ? (size_t)block : 1);
  /* Copies write whole vectors. */
  return rows_bytes(&plan, block) + (floats * sizeof(float) + 63) / 64 * 64 + 64;
}

int32_t edge_depthwise_f32_channels(const edge_conv *p) {
  int64_t rows = (int64_t)p->batch * p->out_h;
  return rows >= 16 ? (p->out_c + 15) / 16 * 16 : 64;
}

int32_t edge_depthwise_units_f32(const edge_conv *p) {
  return p->batch * p->out_h * ceil_div(p->out_c, edge_depthwise_f32_channels(p));
}

/* Four pixels' pointers to the taps, then a row of zeros for padding. */
size_t edge_depthwise_scratch_f32(const edge_conv *p) {
  size_t pointers = 4 * (size_t)p->kernel_h * (size_t)p->kernel_w * sizeof(float *);
  size_t zeros = ((size_t)p->in_c + 16) * sizeof(float);
  return (pointers + 63) / 64 * 64 + (zeros + 63) / 64 * 64;
}

/* A panel of 32 columns of B, then EDGE_MATMUL_ROWS rows of A. */
size_t edge_matmul_scratch_f32(const edge_matmul_f32 *p) {
  return (32 + EDGE_MATMUL_ROWS) * (((size_t)p->k + 15) / 16 * 16) * sizeof(float);
}
