/* Block-sparse weights on NEON: the rest of what sparse_s8.inc.h wants. */

#define EDGE_FLIPPED 0

static void store_sums(const conv_s8_tile *t, const int32_t *totals, int32_t rows) {
  int64_t index = t->index;
  for (; rows > 0; rows--, totals += 16, index += t->stride) {
    int32x4_t four[4];
    memcpy(four, totals, sizeof four);
    epilogue_store_16(t->epilogue, four, t->channel, t->output, index, t->channels);
  }
}

#define EDGE_ROW_SUMS row_sums
#define EDGE_ROW_LINKAGE static
#include "sparse_row_s8.inc.h"
#include "sparse_s8.inc.h"
