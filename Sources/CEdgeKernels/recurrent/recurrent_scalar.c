#include "recurrent.h"
#include "../elementwise/math_f32.h"

/* The largest code for which no sum of k products leaves 32 bits, within what two signed bytes of 7 bits below
 * the upper one hold. */
int32_t edge_product_limit_s16(int32_t k) {
  int32_t limit = 16777215 / (k > 0 ? k : 1);
  return limit < 16256 ? limit : 16256;
}

#define EDGE_ISA scalar
#include "../compact.h"
#define EDGE_BLOCKS 1

static int32_t EDGE_NAME(block_sums)(const int8_t *w, int32_t quads, int32_t left,
                                     const int16_t *codes, int32_t *sums) {
  (void)left;
  memset(sums, 0, 16 * sizeof *sums);
  for (int32_t q = 0; q < quads; q++, w += 64, codes += 4)
    for (int32_t l = 0; l < 64; l++)
      sums[l / 4] += w[l] * codes[l % 4];
  return 16;
}

#include "cell_f32.inc.h"
#include "product_s16.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
