#include "depthwise_s8.h"

#include <string.h>

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

static size_t groups_of(const edge_conv *p) { return (size_t)ceil_div(p->kernel_h, 4); }

static size_t line_bytes(const edge_conv *p) {
  return (groups_of(p) * sizeof(depthwise_s8_lines) + 63) / 64 * 64;
}

size_t edge_depthwise_scratch_s8(const edge_conv *p) {
  size_t run = (size_t)edge_depthwise_s8_run(p), width = (size_t)p->kernel_w;
  size_t columns = (run - 1) * (size_t)p->stride_w + (width - 1) * (size_t)p->dilation_w + 1;
  return 64 + 256 * groups_of(p) * (width + columns) + line_bytes(p);
}

depthwise_s8_scratch edge_depthwise_s8_carve(const edge_conv *p, void *scratch) {
  depthwise_s8_scratch s;
  s.zero = scratch;
  s.weights = s.zero + 64;
  s.lines = (depthwise_s8_lines *)(s.weights + 256 * groups_of(p) * (size_t)p->kernel_w);
  s.columns = (int8_t *)s.lines + line_bytes(p);
  memset(s.zero, p->input_zero, 64);
  return s;
}

void edge_depthwise_s8_find_lines(const edge_conv *p, const int8_t *x, int32_t line,
                                  int32_t channel, const depthwise_s8_scratch *s) {
  int64_t line_step = (int64_t)p->in_w * p->in_stride;
  const int8_t *image = x + line / p->out_h * p->in_h * line_step + channel;
  int32_t top = line % p->out_h * p->stride_h - p->pad_top;
  for (int32_t ky = 0; ky < (int32_t)groups_of(p) * 4; ++ky) {
    int32_t iy = top + ky * p->dilation_h;
    int inside = ky < p->kernel_h && iy >= 0 && iy < p->in_h;
    depthwise_s8_lines *group = &s->lines[ky / 4];
    group->line[ky % 4] = inside ? image + iy * line_step : s->zero;
    group->step[ky % 4] = inside ? p->in_stride : 0;
    group->zero = s->zero;
    group->width = p->in_w;
  }
}
