/* INT8 depthwise convolution inside CEdgeKernels: how the work is cut, and the entry point of each ISA. */
#ifndef EDGE_DEPTHWISE_S8_H
#define EDGE_DEPTHWISE_S8_H

#include "../include/edge_kernels.h"

/*
 * What one unit of work computes: output lines (batch*out_h of them, image by image) and channels from
 * a multiple of 64.
 */
typedef struct depthwise_s8_unit {
  int32_t line_begin, line_end;
  int32_t channel_begin, channel_end;
} depthwise_s8_unit;

depthwise_s8_unit edge_depthwise_s8_unit(const edge_conv *p, int32_t unit);

/*
 * Scratch: 64 bytes of input_zero for lines of padding, then columns for a run of
 * depthwise_s8_run(p) output pixels, 256 bytes a column and group of four kernel rows.
 */
int32_t edge_depthwise_s8_run(const edge_conv *p);
int32_t edge_depthwise_s8_columns(const edge_conv *p);

void edge_s8_depthwise__scalar(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                               int32_t begin, int32_t end);
#if defined(__x86_64__)
void edge_s8_depthwise__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                             int32_t begin, int32_t end);
void edge_s8_depthwise__avx512vnni(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                                   int32_t begin, int32_t end);
#endif

#endif /* EDGE_DEPTHWISE_S8_H */
