/*
 * Products of one row with block-sparse weights, four dwords at a time: blocks lie in the vector lanes. Included once per ISA,
 * which defines
 *
 *   row_sum, row_sum_of_none(), row_add(sum, x, w), row_join(sum)   four sums of products of a dword each
 */

typedef int32_t quad __attribute__((vector_size(16)));

EDGE_ALWAYS quad load_quad(const void *from) {
  quad q;
  memcpy(&q, from, sizeof q);
  return q;
}

/* Four dwords of a row: of one block's inputs repeated, of two or of four. */
EDGE_ALWAYS quad row_inputs(const int8_t *row, const uint16_t *columns, const int n) {
  int32_t x[4];
  UNROLL for (int b = 0; b < 4 / n; b++) memcpy(x + b, row + 4 * (int64_t)columns[b], 4);
  return n == 4 ? (quad){x[0], x[0], x[0], x[0]}
                : n == 2 ? (quad){x[0], x[0], x[1], x[1]} : (quad){x[0], x[1], x[2], x[3]};
}

EDGE_ALWAYS void row_sums_of(const conv_s8_tile *t, const edge_sparse *blocks, const int8_t *values,
                             const int8_t *row, int32_t *to, const int n) {
  const int32_t *bias = t->epilogue->bias + t->channel;
  const uint32_t *starts = blocks->starts + t->channel / n;
  for (int i = 0; i < 16; i += n, starts++) {
    const uint16_t *columns = blocks->columns + starts[0];
    const int8_t *w = values + (int64_t)starts[0] * 4 * n;
    int32_t count = (int32_t)(starts[1] - starts[0]);
    row_sum sum = row_sum_of_none();
    for (; count >= 4 / n; count -= 4 / n, columns += 4 / n, w += 16)
      row_add(&sum, row_inputs(row, columns, n), load_quad(w));
    if (n < 4 && count > 0) {
      uint16_t last[4] = {0};
      quad part = {0};
      UNROLL for (int b = 0; b < 4 / n; b++) if (b < count) {
        last[b] = columns[b];
        memcpy((char *)&part + 4 * n * b, w + 4 * n * b, 4 * n);
      }
      row_add(&sum, row_inputs(row, last, n), part);
    }
    quad four = row_join(&sum);
    UNROLL for (int h = 0; h < n; h++) {
      int32_t all = bias[i + h];
      UNROLL for (int b = h; b < 4; b += n) all += four[b];
      to[i + h] = all;
    }
  }
}

/* Sums of the tile's 16 channels of one row, its inputs side by side. */
EDGE_ROW_LINKAGE void EDGE_ROW_SUMS(const conv_s8_tile *t, const edge_sparse *blocks,
                                    const int8_t *values, const int8_t *row, int32_t *to) {
  if (blocks->outputs == 4)
    row_sums_of(t, blocks, values, row, to, 4);
  else if (blocks->outputs == 2)
    row_sums_of(t, blocks, values, row, to, 2);
  else
    row_sums_of(t, blocks, values, row, to, 1);
}
