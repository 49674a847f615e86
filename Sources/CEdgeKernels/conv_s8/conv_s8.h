/*
 * INT8 convolution inside CEdgeKernels: how the work is cut, and how an ISA plugs in its
 * micro-tile.
 *
 * An ISA writes one function that computes a tile of `rows` output pixels by `blocks` blocks of 16
 * channels, describes the tile shapes it has in a conv_s8_isa, and calls edge_conv_s8_drive:
 *
 *   static void run_tile(const conv_s8_tile *tile, int32_t rows, int32_t blocks);
 *   static const conv_s8_isa isa = {2, {0, 6, 3}, run_tile};   // 6x16 and 3x32
 *   void edge_s8_conv__neondot(...) { edge_conv_s8_drive(p, x, y, scratch, begin, end, &isa); }
 *
 * The tile is called with every rows in [1, max_rows[blocks]] and every blocks in [1, max_blocks].
 */
#ifndef EDGE_CONV_S8_H
#define EDGE_CONV_S8_H

#include "../include/edge_kernels.h"

/* What one unit of work computes: output pixels in (image, y, x) order, channels from a multiple
 * of 16. */
typedef struct conv_s8_unit {
  int32_t pixel_begin, pixel_end;
  int32_t channel_begin, channel_end;
} conv_s8_unit;

conv_s8_unit edge_conv_s8_unit(const edge_conv *p, int32_t unit);

/*
 * The accumulator of row r and channel j of block b is the bias plus, over segments s and k <
 * segment_k4, sum over t < 4 of input[pixel[r] + segment[s] + 4*k + t]
 *                   * weights[b*block_bytes + ((s*segment_k4 + k)*16 + j)*4 + t].
 * Dwords of the input are not aligned, and the last one of a segment may reach past it: those
 * weights are 0.
 */
typedef struct conv_s8_tile {
  const int8_t *input;
  const int64_t *pixel;   /* [rows] */
  const int64_t *segment; /* [segments] */
  int32_t segments, segment_k4;
  const int8_t *weights; /* of the first block */
  int64_t block_bytes;
  const edge_epilogue *epilogue;
  void *output;     /* the whole tensor, elements of the output type */
  int64_t index;    /* element of row 0, channel `channel` in output and residual */
  int64_t stride;   /* elements from one row to the next */
  int32_t channel;  /* first channel: index into bias, multiplier */
  int32_t channels; /* to store: 1..16*blocks */
  int32_t pairs_fit; /* what the ISA's pairs_fit says of these weights; 0 without one */
} conv_s8_tile;

typedef struct conv_s8_isa {
  int32_t max_blocks;  /* 1..4 */
  int32_t max_rows[5]; /* by blocks; [0] is unused */
  void (*run)(const conv_s8_tile *tile, int32_t rows, int32_t blocks);
  /* NULL, or whether two products of these weights with any input add up to 16 bits. */
  int32_t (*pairs_fit)(const int8_t *weights, int64_t bytes);
  /* Block-sparse weights: `pixels` output pixels from the tile's first, channels from the tile's to channel_end; strip
   * holds sparse_strip_bytes for every dword of K. */
  void (*run_sparse)(const conv_s8_tile *tile, const edge_sparse *blocks, const int8_t *values,
                     int32_t pixels, int32_t channel_end, void *strip);
} conv_s8_isa;

/* A dword of each pixel of the widest strip. */
enum { sparse_strip_bytes = 256 };

void edge_conv_s8_drive(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end, const conv_s8_isa *isa);

void edge_s8_conv__scalar(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                          int32_t begin, int32_t end);
#if defined(__x86_64__)
void edge_s8_conv__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end);
void edge_s8_conv__avx512vnni(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                              int32_t begin, int32_t end);
/* Block-sparse weights: the sums of the tile's 16 channels of one row, whose dwords lie side by side. */
void edge_s8_sparse_row__avx2(const conv_s8_tile *tile, const edge_sparse *blocks,
                              const int8_t *values, const int8_t *row, int32_t *sums);
#elif defined(__aarch64__)
void edge_s8_conv__neon(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end);
void edge_s8_conv__neondot(const edge_conv *p, const int8_t *x, void *y, void *scratch,
                           int32_t begin, int32_t end);
#endif

#endif /* EDGE_CONV_S8_H */
