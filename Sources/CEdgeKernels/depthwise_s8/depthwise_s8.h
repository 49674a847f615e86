/* INT8 depthwise convolution inside CEdgeKernels: how the work is cut, and the entry point of each
 * ISA. */
#ifndef EDGE_DEPTHWISE_S8_H
#define EDGE_DEPTHWISE_S8_H

#include "../include/edge_kernels.h"

/*
 * What one unit of work computes: output lines (batch*out_h of them, image by image) and channels
 * from a multiple of 64.
 */
typedef struct depthwise_s8_unit {
  int32_t line_begin, line_end;
  int32_t channel_begin, channel_end;
} depthwise_s8_unit;

depthwise_s8_unit edge_depthwise_s8_unit(const edge_conv *p, int32_t unit);

/* Four input lines under four kernel rows; a line of padding is one pixel of zeros with step 0. */
typedef struct depthwise_s8_lines {
  const int8_t *line[4]; /* at column 0 and the unit's first channel */
  int64_t step[4];       /* bytes from one column to the next */
  const int8_t *zero;    /* 64 bytes of input_zero, for columns outside [0, width) */
  int32_t width;
} depthwise_s8_lines;

/* A column buffer holds one group of 4 kernel rows and 64 channels in 256 bytes. */
typedef struct depthwise_s8_scratch {
  int8_t *zero;              /* [64] */
  int8_t *weights;           /* [kernel_w*groups][256], for an ISA's own order of them */
  depthwise_s8_lines *lines; /* [groups] */
  int8_t *columns;           /* [columns of edge_depthwise_s8_run pixels][groups][256] */
} depthwise_s8_scratch;

/* Output pixels whose columns fit into scratch at a time. */
int32_t edge_depthwise_s8_run(const edge_conv *p);

/* Carves scratch and fills zero. */
depthwise_s8_scratch edge_depthwise_s8_carve(const edge_conv *p, void *scratch);

/* Points s->lines at what output line `line` (of batch*out_h) reads. */
void edge_depthwise_s8_find_lines(const edge_conv *p, const int8_t *x, int32_t line,
                                  int32_t channel, const depthwise_s8_scratch *s);

void edge_s8_depthwise__scalar(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                               int32_t begin, int32_t end);
#if defined(__x86_64__)
void edge_s8_depthwise__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end);
void edge_s8_depthwise__avx512vnni(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                                   int32_t begin, int32_t end);
#elif defined(__aarch64__)
void edge_s8_depthwise__neon(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end);
#endif

#endif /* EDGE_DEPTHWISE_S8_H */
