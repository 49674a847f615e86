#include "conv_s8.h"

#include <string.h>
#include "../compact.h"

/* How the output of a convolution is cut: row parts outside, panels of up to 64 channels inside. */
typedef struct conv_s8_split {
  int32_t direct; /* no tap falls outside the image: the input is read in place */
  int32_t
      span; /* rows of output per part: pixels of the batch if direct, lines of an image if not */
  int32_t total;  /* of these, in the batch if direct, in an image if not */
  int32_t parts;  /* per batch if direct, per image if not */
  int32_t panels; /* units that a part is cut into */
} conv_s8_split;

/* Where staged lines lie. Tap row ky begins ky*tap_lines lines below tap row 0. */
typedef struct conv_s8_stage {
  int32_t tap_lines;
  int32_t lines;
  int64_t width; /* pixels of a line */
} conv_s8_stage;

enum { direct_pixels = 256, staged_bytes_limit = 98304, unit_macs = 131072, useful_units = 8, pairs_pixels = 4, sparse_pixels = 32 };

static int32_t ceil_div(int64_t a, int64_t b) { return (int32_t)((a + b - 1) / b); }
static int32_t min_of(int32_t a, int32_t b) { return a < b ? a : b; }
static int32_t max_of(int32_t a, int32_t b) { return a > b ? a : b; }

static int whole_rows(const edge_conv *p) { return p->dilation_w == 1 && p->in_stride == p->in_c; }

static int32_t segment_count(const edge_conv *p) {
  return whole_rows(p) ? p->kernel_h : p->kernel_h * p->kernel_w;
}

static int32_t segment_k4(const edge_conv *p) {
  return ceil_div(whole_rows(p) ? (int64_t)p->kernel_w * p->in_c : p->in_c, 4);
}

int32_t edge_conv_k4(const edge_conv *p) { return segment_count(p) * segment_k4(p); }

static conv_s8_stage stage_of(const edge_conv *p, int32_t lines) {
  conv_s8_stage s;
  int32_t reach = (lines - 1) * p->stride_h + 1;
  /* Dilated taps stage their own lines, so that lines between taps are not copied. */
  s.tap_lines = p->dilation_h > 1 ? reach : 1;
  s.lines = p->dilation_h > 1 ? reach * p->kernel_h : reach + p->kernel_h - 1;
  s.width = (int64_t)(p->out_w - 1) * p->stride_w + (int64_t)(p->kernel_w - 1) * p->dilation_w + 1;
  return s;
}

static int64_t stage_bytes(const edge_conv *p, int32_t lines) {
  conv_s8_stage s = stage_of(p, lines);
  return s.lines * s.width * p->in_c;
}

static int is_direct(const edge_conv *p) {
  return p->pad_top == 0 && p->pad_left == 0 &&
         (p->out_h - 1) * p->stride_h + (p->kernel_h - 1) * p->dilation_h < p->in_h &&
         (p->out_w - 1) * p->stride_w + (p->kernel_w - 1) * p->dilation_w < p->in_w;
}

static conv_s8_split split_of(const edge_conv *p) {
  conv_s8_split s;
  int32_t blocks = ceil_div(p->out_c, 16), panels = ceil_div(blocks, 4);
  s.direct = is_direct(p);
  s.total = s.direct ? p->batch * p->out_h * p->out_w : p->out_h;
  int64_t pixels = (int64_t)s.total * (s.direct ? 1 : p->out_w);
  int64_t macs = pixels * blocks * 64 * edge_conv_k4(p);
  int32_t wanted =
      macs > (int64_t)unit_macs * useful_units ? useful_units : (int32_t)(macs / unit_macs);
  int by_channel = wanted > 1 && panels > 1 && pixels <= direct_pixels;
  s.panels = by_channel ? panels : 1;
  int32_t parts = by_channel ? ceil_div(wanted, panels) : max_of(wanted, ceil_div(pixels, 192));
  parts = max_of(1, min_of(parts, ceil_div(pixels, 24)));
  if (p->sparse.outputs) {
    /* Every part transposes its inputs, so panels are few. */
    parts = max_of(1, min_of(max_of(wanted, ceil_div(pixels, 192)), (int32_t)(pixels / sparse_pixels)));
    s.panels = max_of(1, min_of(panels, wanted / parts));
  }
  s.span = ceil_div(s.total, min_of(parts, s.total));
  if (s.direct)
    s.span = min_of(s.span, direct_pixels);
  while (!s.direct && s.span > 1 && stage_bytes(p, s.span) > staged_bytes_limit)
    --s.span;
  s.parts = ceil_div(s.total, s.span);
  return s;
}

int32_t edge_conv_units(const edge_conv *p) {
  conv_s8_split s = split_of(p);
  return s.parts * (s.direct ? 1 : p->batch) * s.panels;
}

static conv_s8_unit unit_of(const edge_conv *p, const conv_s8_split *s, int32_t unit) {
  conv_s8_unit u;
  int32_t part = unit / s->panels, panel = unit % s->panels, first = 0, width = 1;
  if (!s->direct) {
    first = part / s->parts * p->out_h;
    part %= s->parts;
    width = p->out_w;
  }
  u.pixel_begin = (first + part * s->span) * width;
  u.pixel_end = (first + min_of(s->total, (part + 1) * s->span)) * width;
  int32_t blocks = ceil_div(p->out_c, 16);
  u.channel_begin = panel * blocks / s->panels * 16;
  u.channel_end = min_of(p->out_c, (panel + 1) * blocks / s->panels * 16);
  return u;
}

conv_s8_unit edge_conv_s8_unit(const edge_conv *p, int32_t unit) {
  conv_s8_split s = split_of(p);
  return unit_of(p, &s, unit);
}

static size_t round_up(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t stage_size(const edge_conv *p, const conv_s8_split *s) {
  return s->direct ? 0 : round_up((size_t)stage_bytes(p, s->span) + EDGE_OVERREAD);
}

static size_t offsets_size(const edge_conv *p, size_t pixels) {
  return round_up((pixels + (size_t)segment_count(p)) * sizeof(int64_t));
}

static size_t strip_size(const edge_conv *p) {
  return p->sparse.outputs ? (size_t)edge_conv_k4(p) * sparse_strip_bytes : 0;
}

size_t edge_conv_scratch_s8(const edge_conv *p) {
  conv_s8_split s = split_of(p);
  size_t pixels = s.direct ? direct_pixels : (size_t)s.span * (size_t)p->out_w;
  return strip_size(p) + stage_size(p, &s) + offsets_size(p, pixels);
}

/* Staged lines fit their limit unless there is one only; a part has direct_pixels at most, or 192
 * rounded up to a line. */
size_t edge_conv_scratch_limit_s8(const edge_conv *p) {
  int64_t line = stage_bytes(p, 1), all = stage_bytes(p, p->out_h);
  int64_t most = line > staged_bytes_limit ? line : staged_bytes_limit;
  size_t stage = round_up((size_t)(all < most ? all : most) + EDGE_OVERREAD);
  return strip_size(p) + stage + offsets_size(p, direct_pixels + (size_t)p->out_w);
}

int32_t edge_sparse_is_valid(const edge_sparse *p, int64_t bands, int64_t blocks, int32_t k4) {
  int32_t valid = p->starts[0] == 0 && p->starts[bands] == blocks;
  for (int64_t b = 0; valid && b < bands; ++b) {
    int64_t end = p->starts[b + 1], last = -1;
    valid = p->starts[b] <= end && end <= blocks;
    for (int64_t i = p->starts[b]; valid && i < end; last = p->columns[i++])
      valid = p->columns[i] > last && p->columns[i] < k4;
  }
  return valid;
}

static void stage_line(const edge_conv *p, const int8_t *line, int64_t width, int8_t *to) {
  int32_t from = min_of(p->pad_left, (int32_t)width),
          inside = min_of(p->in_w, (int32_t)width - from);
  size_t pixel = (size_t)p->in_c;
  memset(to, p->input_zero, (size_t)from * pixel);
  to += from * pixel;
  if (p->in_stride == p->in_c)
    memcpy(to, line, (size_t)inside * pixel);
  else
    for (int32_t i = 0; i < inside; ++i)
      memcpy(to + i * pixel, line + (int64_t)i * p->in_stride, pixel);
  memset(to + inside * pixel, p->input_zero, (size_t)(width - from - inside) * pixel);
}

/* Copies what output lines [oy, oy + lines) of an image read, with padding made explicit. */
static void stage(const edge_conv *p, const int8_t *image, int32_t oy, int32_t lines, int8_t *to) {
  conv_s8_stage s = stage_of(p, lines);
  size_t bytes = (size_t)(s.width * p->in_c);
  int32_t tap_lines = p->dilation_h > 1 ? s.tap_lines : s.lines;
  for (int32_t i = 0; i < s.lines; ++i, to += bytes) {
    int32_t iy = oy * p->stride_h - p->pad_top + i / tap_lines * p->dilation_h + i % tap_lines;
    if (iy < 0 || iy >= p->in_h)
      memset(to, p->input_zero, bytes);
    else
      stage_line(p, image + (int64_t)iy * p->in_w * p->in_stride, s.width, to);
  }
}

/* Byte offsets of segments; line and pixel are the bytes from one to the next. */
static void set_segments(const edge_conv *p, int64_t tap_line, int64_t pixel, int64_t *segment) {
  int32_t columns = whole_rows(p) ? 1 : p->kernel_w;
  for (int32_t ky = 0; ky < p->kernel_h; ++ky)
    for (int32_t kx = 0; kx < columns; ++kx)
      *segment++ = ky * tap_line + (int64_t)kx * p->dilation_w * pixel;
}

/* Bytes from one image, line and pixel of the input to the next. */
typedef struct conv_s8_pitch {
  int64_t image, line, pixel;
} conv_s8_pitch;

/* Byte offsets of output pixels [begin, end) of the batch from the input of pixel 0. */
static void set_pixels(const edge_conv *p, int32_t begin, int32_t end, conv_s8_pitch pitch,
                       int64_t *offset) {
  int64_t step = p->stride_w * pitch.pixel, line = p->stride_h * pitch.line;
  /* Output lines that follow each other in the input as pixels do are one run. */
  int joined = line == p->out_w * step && pitch.image == p->out_h * line;
  for (int32_t i = begin; i < end;) {
    int32_t row = i / p->out_w, ox = i % p->out_w;
    int32_t run = joined ? end - i : min_of(p->out_w - ox, end - i);
    int64_t first = row / p->out_h * pitch.image + row % p->out_h * line + ox * step;
    for (int32_t j = 0; j < run; ++j)
      *offset++ = first + j * step;
    i += run;
  }
}

/* The parts of scratch. */
typedef struct conv_s8_scratch {
  int8_t *staged;
  int64_t *segment, *pixel;
} conv_s8_scratch;

/* Makes the unit's input readable through segment and pixel offsets; returns what they count from.
 */
static const int8_t *prepare(const edge_conv *p, const int8_t *x, const conv_s8_unit *u, int direct,
                             const conv_s8_scratch *to) {
  int64_t line = (int64_t)p->in_w * p->in_stride;
  if (direct) {
    set_segments(p, line * p->dilation_h, p->in_stride, to->segment);
    set_pixels(p, u->pixel_begin, u->pixel_end, (conv_s8_pitch){line * p->in_h, line, p->in_stride},
               to->pixel);
    return x;
  }
  int32_t row = u->pixel_begin / p->out_w, lines = (u->pixel_end - u->pixel_begin) / p->out_w;
  conv_s8_stage g = stage_of(p, lines);
  stage(p, x + row / p->out_h * p->in_h * line, row % p->out_h, lines, to->staged);
  line = g.width * p->in_c;
  set_segments(p, line * g.tap_lines, p->in_c, to->segment);
  set_pixels(p, 0, u->pixel_end - u->pixel_begin, (conv_s8_pitch){0, line, p->in_c}, to->pixel);
  return to->staged;
}

/* Pixels of the next tile: full tiles, then two halves rather than a full one and a sliver. */
static int32_t next_rows(int32_t left, int32_t most) {
  if (left <= most)
    return left;
  return left >= 2 * most ? most : (left + 1) / 2;
}

static void run_unit(const edge_conv *p, const conv_s8_isa *isa, const conv_s8_unit *u,
                     conv_s8_tile tile) {
  int32_t end_block = ceil_div(u->channel_end, 16), wide, rows;
  int32_t pixels = u->pixel_end - u->pixel_begin;
  const int8_t *weights = p->weights;
  const int64_t *pixel = tile.pixel;
  for (int32_t b = u->channel_begin / 16; b < end_block; b += wide) {
    wide = min_of(isa->max_blocks, end_block - b);
    tile.channel = b * 16;
    tile.channels = min_of(wide * 16, u->channel_end - tile.channel);
    tile.weights = weights + tile.block_bytes * b;
    if (isa->pairs_fit && pixels >= pairs_pixels)
      tile.pairs_fit = isa->pairs_fit(tile.weights, tile.block_bytes * wide);
    for (int32_t m = 0; m < pixels; m += rows) {
      rows = next_rows(pixels - m, isa->max_rows[wide]);
      tile.pixel = pixel + m;
      tile.index = (int64_t)(u->pixel_begin + m) * p->out_stride + tile.channel;
      isa->run(&tile, rows, wide);
    }
  }
}

void edge_conv_s8_drive(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end, const conv_s8_isa *isa) {
  conv_s8_split s = split_of(p);
  conv_s8_scratch to = {.staged = (int8_t *)scratch + strip_size(p)};
  to.segment = (int64_t *)(to.staged + stage_size(p, &s));
  to.pixel = to.segment + segment_count(p);
  conv_s8_tile tile = {.pixel = to.pixel,
                       .segment = to.segment,
                       .segments = segment_count(p),
                       .segment_k4 = segment_k4(p),
                       .block_bytes = (int64_t)edge_conv_k4(p) * 64,
                       .epilogue = &p->epilogue,
                       .output = y,
                       .stride = p->out_stride};
  int32_t prepared = -1;
  for (int32_t unit = begin; unit < end; ++unit) {
    conv_s8_unit u = unit_of(p, &s, unit);
    if (u.pixel_begin != prepared)
      tile.input = prepare(p, x, &u, s.direct, &to);
    prepared = u.pixel_begin;
    if (!p->sparse.outputs) {
      run_unit(p, isa, &u, tile);
      continue;
    }
    /* Units that share pixels are one, so that these are transposed once. */
    int32_t rest = min_of(end - unit, s.panels - unit % s.panels) - 1;
    unit += rest;
    tile.channel = u.channel_begin;
    tile.index = (int64_t)u.pixel_begin * p->out_stride + tile.channel;
    isa->run_sparse(&tile, &p->sparse, p->weights, u.pixel_end - u.pixel_begin,
                    unit_of(p, &s, unit).channel_end, scratch);
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
