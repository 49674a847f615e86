#include "../row_product.h"

#include <string.h>
#include "../compact.h"

/* Channels of a unit of work, and units of one call of the kernel that multiplies: more where that arranges its rows first. */
enum { unit_channels = 64, panel_units = 2, sparse_panel_units = 4, sparse_block_rows = 64 };

static int32_t units_together(const edge_linear *p) {
  return p->sparse.outputs ? sparse_panel_units : panel_units;
}

static int32_t rows_together(const edge_linear *p) {
  return edge_least(p->rows, p->sparse.outputs ? sparse_block_rows : edge_block_rows);
}

/* The products of a panel over a block. */
static edge_conv product(const edge_linear *p, int32_t rows, int32_t channel, int32_t channels,
                         const int32_t *zeros) {
  edge_conv c = edge_row_product(rows, p->inputs, channels, units_together(p) * unit_channels);
  c.input_zero = -128;
  c.sparse = p->sparse;
  if (c.sparse.outputs)
    c.sparse.starts += channel / c.sparse.outputs;
  c.weights = p->weights + (c.sparse.outputs ? 0 : (int64_t)channel * c.in_stride);
  c.epilogue.bias = p->sum128 + channel;
  c.epilogue.bias_u8 = zeros;
  c.epilogue.multiplier = p->multiplier + channel;
  return c;
}

/* The parts of scratch. */
typedef struct linear_scratch {
  float *sums, *low, *step;
  int32_t *zeros; /* what kernels that read codes as unsigned start from */
  int8_t *codes;
  void *kernel;
  size_t bytes;
} linear_scratch;

static linear_scratch lay_out(const edge_linear *p, void *scratch) {
  linear_scratch s = {0};
  int64_t block = rows_together(p), channels = units_together(p) * unit_channels;
  s.sums = edge_take(scratch, &s.bytes, block * channels * 4);
  s.zeros = edge_take(scratch, &s.bytes, channels * 4);
  s.low = edge_take(scratch, &s.bytes, block * 4);
  s.step = edge_take(scratch, &s.bytes, block * 4);
  s.codes = edge_take(scratch, &s.bytes, block * edge_round_up(p->inputs, 4) + EDGE_OVERREAD);
  edge_conv c = product(p, (int32_t)block, 0, (int32_t)channels, NULL);
  s.kernel = edge_take(scratch, &s.bytes, (int64_t)edge_conv_scratch_s8(&c));
  return s;
}

size_t edge_linear_scratch(const edge_linear *p) { return lay_out(p, NULL).bytes; }

int32_t edge_linear_units(const edge_linear *p) {
  return (int32_t)(edge_round_up(p->outputs, unit_channels) / unit_channels);
}

static void run_panel(const edge_kernels *kernels, const edge_linear *p, const linear_scratch *s,
                      int32_t row, int32_t rows, int32_t channel, int32_t channels, float *y,
                      const float *residual) {
  edge_conv c = product(p, rows, channel, channels, s->zeros);
  kernels->conv_s8(&c, s->codes, s->sums, s->kernel, 0, edge_conv_units(&c));
  int64_t at = (int64_t)row * p->outputs + channel;
  kernels->finish_rows(s->sums, c.out_stride, y + at, p->outputs, s->low, s->step,
                       p->offset + channel, p->bias + channel, rows, channels);
  if (!p->function && !residual)
    return;
  for (int32_t r = 0; r < rows; r++, at += p->outputs) {
    if (p->function)
      kernels->unary_f32(p->function, y + at, y + at, channels, p->alpha, p->beta);
    if (residual)
      kernels->binary_f32(EDGE_BINARY_ADD, y + at, 1, residual + at, 1, y + at, channels);
  }
}

void edge_linear_run(const edge_kernels *kernels, const edge_linear *p, const float *x, float *y,
                     const float *residual, void *scratch, int32_t begin, int32_t end) {
  linear_scratch s = lay_out(p, scratch);
  int64_t inputs4 = edge_round_up(p->inputs, 4);
  memset(s.zeros, 0, (size_t)(units_together(p) * unit_channels) * sizeof *s.zeros);
  for (int32_t row = 0, rows; row < p->rows; row += rows) {
    rows = edge_least(p->rows - row, rows_together(p));
    kernels->code_ranges(x + (int64_t)row * p->inputs, p->inputs, p->factor, s.codes, inputs4, s.low,
                         s.step, rows, p->inputs);
    for (int32_t unit = begin, units; unit < end; unit += units) {
      units = edge_least(end - unit, units_together(p));
      int32_t channel = unit * unit_channels;
      int32_t channels = edge_least(p->outputs - channel, units * unit_channels);
      run_panel(kernels, p, &s, row, rows, channel, channels, y, residual);
    }
  }
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
