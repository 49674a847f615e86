/* Block-sparse weights out of packed dense ones, for the property tests. */
#ifndef SPARSE_BLOCKS_H
#define SPARSE_BLOCKS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edge_kernels.h"

/* Keeps each 4 x n block of dense weights [n16/16][k4][16][4] with a chance of `density` percent and zeroes the others; free()
 * *values, and the starts and columns of what is returned. */
static inline edge_sparse sparse_blocks(int8_t *dense, int64_t n16, int64_t k4, int32_t n, int32_t density,
                                        int32_t (*random)(int32_t low, int32_t high), int8_t **values) {
  int64_t bands = n16 / n, blocks = 0;
  size_t bytes = (size_t)n * 4;
  int8_t *kept = malloc((size_t)(bands * k4) * bytes + EDGE_OVERREAD);
  uint32_t *starts = malloc((size_t)(bands + 1) * sizeof *starts);
  uint16_t *columns = malloc((size_t)(bands * k4) * sizeof *columns + 1);
  for (int64_t band = 0; band < bands; ++band) {
    starts[band] = (uint32_t)blocks;
    for (int64_t k = 0; k < k4; ++k) {
      int8_t *block = dense + (band * n / 16 * k4 + k) * 64 + band * n % 16 * 4;
      if (random(1, 100) <= density) {
        memcpy(kept + blocks * n * 4, block, bytes);
        columns[blocks++] = (uint16_t)k;
      } else {
        memset(block, 0, bytes);
      }
    }
  }
  starts[bands] = (uint32_t)blocks;
  edge_sparse sparse = {n, starts, columns};
  if (!edge_sparse_is_valid(&sparse, bands, blocks, (int32_t)k4)) {
    printf("valid blocks are refused\n");
    exit(1);
  }
  *values = kept;
  return sparse;
}

#endif
