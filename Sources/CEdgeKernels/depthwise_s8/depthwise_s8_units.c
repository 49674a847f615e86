#include "depthwise_s8.h"

enum { most_lines = 8, run_pixels = 32, useful_units = 8 };

static int32_t ceil_div(int32_t a, int32_t b) { return (a + b - 1) / b; }

/* Lines of a unit: few enough to share the work, enough to pay for arranging the weights. */
static int32_t lines_of(const edge_conv *p) {
  int32_t lines = p->batch * p->out_h, blocks = ceil_div(p->out_c, 64);
  int32_t parts = ceil_div(useful_units, blocks);
  int32_t span = ceil_div(lines, parts);
  int32_t least = ceil_div(32, p->out_w);
  span = span > least ? span : least;
  return span < most_lines ? span : most_lines;
}

int32_t edge_depthwise_units(const edge_conv *p) {
  return ceil_div(p->batch * p->out_h, lines_of(p)) * ceil_div(p->out_c, 64);
}

depthwise_s8_unit edge_depthwise_s8_unit(const edge_conv *p, int32_t unit) {
  int32_t blocks = ceil_div(p->out_c, 64), span = lines_of(p), lines = p->batch * p->out_h;
  depthwise_s8_unit u;
  u.line_begin = unit / blocks * span;
  u.line_end = u.line_begin + span < lines ? u.line_begin + span : lines;
  u.channel_begin = unit % blocks * 64;
  u.channel_end = u.channel_begin + 64 < p->out_c ? u.channel_begin + 64 : p->out_c;
  return u;
}

int32_t edge_depthwise_s8_run(const edge_conv *p) {
  return p->out_w < run_pixels ? p->out_w : run_pixels;
}

int32_t edge_depthwise_s8_columns(const edge_conv *p) {
  return (edge_depthwise_s8_run(p) - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w + 1;
}

size_t edge_depthwise_scratch_s8(const edge_conv *p) {
  size_t groups = (size_t)ceil_div(p->kernel_h, 4);
  return 64 + 256 * groups * (size_t)edge_depthwise_s8_columns(p);
}
