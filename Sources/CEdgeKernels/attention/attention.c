#include "../elementwise/numeric.h"
#include "../row_product.h"
#include "../compact.h"

static int32_t block_of(const edge_attention *p) { return edge_least(p->rows, edge_block_rows); }

/* The parts of scratch. */
typedef struct attention_scratch {
  float *scores;                 /* [block][keys] */
  float *sums;                   /* [block][value_size] */
  float *key_step, *value_step;  /* of codes; in 16s, like what follows */
  float *query_step;
  int32_t *key_bias, *key_bias_u8, *value_bias, *value_bias_u8, *query_sum;
  int8_t *queries, *keys, *values, *weights;
  void *kernel;                  /* of the kernels that multiply */
  size_t bytes;
} attention_scratch;

static edge_matmul_f32 scores_of(const edge_attention *p) {
  return (edge_matmul_f32){.m = block_of(p), .n = p->keys, .k = p->size, .a_row = p->q_row,
                           .a_col = 1, .b_row = 1, .b_col = p->k_row, .c_row = p->keys};
}

static edge_matmul_f32 sums_of(const edge_attention *p) {
  return (edge_matmul_f32){.m = block_of(p), .n = p->value_size, .k = p->keys, .a_row = p->keys,
                           .a_col = 1, .b_row = p->v_row, .b_col = 1, .c_row = p->y_row};
}

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static attention_scratch lay_out(const edge_attention *p, void *scratch) {
  attention_scratch s = {0};
  int64_t block = block_of(p), size4 = edge_round_up(p->size, 4), keys4 = edge_round_up(p->keys, 4);
  int64_t keys16 = edge_round_up(p->keys, 16), values16 = edge_round_up(p->value_size, 16);
  s.scores = edge_take(scratch, &s.bytes, block * p->keys * 4);
  if (!p->is_s8) {
    edge_matmul_f32 a = scores_of(p), b = sums_of(p);
    s.kernel = edge_take(scratch, &s.bytes, (int64_t)larger(edge_matmul_scratch_f32(&a), edge_matmul_scratch_f32(&b)));
    return s;
  }
  s.sums = edge_take(scratch, &s.bytes, block * p->value_size * 4);
  s.query_step = edge_take(scratch, &s.bytes, block * 4);
  s.query_sum = edge_take(scratch, &s.bytes, block * 4);
  s.key_step = edge_take(scratch, &s.bytes, keys16 * 4);
  s.key_bias = edge_take(scratch, &s.bytes, keys16 * 4);
  s.key_bias_u8 = edge_take(scratch, &s.bytes, keys16 * 4);
  s.value_step = edge_take(scratch, &s.bytes, values16 * 4);
  s.value_bias = edge_take(scratch, &s.bytes, values16 * 4);
  s.value_bias_u8 = edge_take(scratch, &s.bytes, values16 * 4);
  s.keys = edge_take(scratch, &s.bytes, keys16 * size4);
  s.values = edge_take(scratch, &s.bytes, values16 * keys4);
  s.queries = edge_take(scratch, &s.bytes, (block > 16 ? block : 16) * size4 + EDGE_OVERREAD);
  s.weights = edge_take(scratch, &s.bytes, block * keys4 + EDGE_OVERREAD);
  edge_conv a = edge_row_product((int32_t)block, p->size, p->keys, p->keys);
  edge_conv b = edge_row_product((int32_t)block, p->keys, p->value_size, p->value_size);
  s.kernel = edge_take(scratch, &s.bytes, (int64_t)larger(edge_conv_scratch_s8(&a), edge_conv_scratch_s8(&b)));
  return s;
}

size_t edge_attention_scratch(const edge_attention *p) { return lay_out(p, NULL).bytes; }

/* Keys as the packed weights of a layer, 16 of them at a time through `queries`. */
static void pack_keys(const edge_kernels *kernels, const edge_attention *p, const float *k,
                      const attention_scratch *s) {
  int64_t size4 = edge_round_up(p->size, 4);
  int8_t *to = s->keys;
  for (int32_t first = 0; first < p->keys; first += 16, to += 16 * size4) {
    int32_t count = edge_least(p->keys - first, 16);
    memset(s->queries, 0, (size_t)(16 * size4));
    kernels->code_rows(k + first * p->k_row, p->k_row, s->queries, size4, s->key_step + first,
                       s->key_bias_u8 + first, count, p->size);
    for (int32_t j = 0; j < 16; j++)
      for (int64_t i = 0; i < size4; i += 4)
        memcpy(to + i * 16 + j * 4, s->queries + j * size4 + i, 4);
  }
  for (int64_t i = 0; i < edge_round_up(p->keys, 16); i++) {
    s->key_bias[i] = 0;
    s->key_bias_u8[i] *= -128;
  }
}

/* Values likewise. Attention weights are codes from -128 on, so that 128 is added to each. */
static void pack_values(const edge_kernels *kernels, const edge_attention *p, const float *v,
                        const attention_scratch *s) {
  kernels->code_columns(v, p->v_row, s->values, s->value_step, s->value_bias, p->keys,
                        p->value_size);
  for (int64_t i = 0; i < edge_round_up(p->value_size, 16); i++) {
    s->value_bias[i] *= 128;
    s->value_bias_u8[i] = 0;
  }
}

/* Adds a query's weights to what keys have received. */
static void receive(float *received, const int8_t *codes, float inverse, int32_t keys) {
  for (int32_t i = 0; i < keys; i++)
    received[i] += (float)(codes[i] + 128) * inverse;
}

static void head_s8(const edge_kernels *kernels, const edge_attention *p, const float *q,
                    const float *k, const float *v, const float *mask, float *y, float *received,
                    void *scratch) {
  attention_scratch s = lay_out(p, scratch);
  int64_t size4 = edge_round_up(p->size, 4), keys4 = edge_round_up(p->keys, 4);
  memset(s.key_bias_u8, 0, (size_t)edge_round_up(p->keys, 16) * 4);
  pack_keys(kernels, p, k, &s);
  pack_values(kernels, p, v, &s);
  for (int32_t first = 0, rows; first < p->rows; first += rows) {
    rows = edge_least(p->rows - first, edge_block_rows);
    kernels->code_rows(q + first * p->q_row, p->q_row, s.queries, size4, s.query_step, s.query_sum,
                       rows, p->size);
    edge_conv c = edge_row_product(rows, p->size, p->keys, p->keys);
    c.weights = s.keys;
    c.epilogue.bias = s.key_bias;
    c.epilogue.bias_u8 = s.key_bias_u8;
    c.epilogue.multiplier = s.key_step;
    kernels->conv_s8(&c, s.queries, s.scores, s.kernel, 0, edge_conv_units(&c));
    for (int32_t r = 0; r < rows; r++)
      s.query_sum[r] = kernels->softmax_codes(
          s.scores + (int64_t)r * p->keys, mask ? mask + (first + r) * p->mask_row : NULL,
          s.weights + r * keys4, p->keys, s.query_step[r] * p->scale);
    c = edge_row_product(rows, p->keys, p->value_size, p->value_size);
    c.weights = s.values;
    c.input_zero = -128;
    c.epilogue.bias = s.value_bias;
    c.epilogue.bias_u8 = s.value_bias_u8;
    c.epilogue.multiplier = s.value_step;
    kernels->conv_s8(&c, s.weights, s.sums, s.kernel, 0, edge_conv_units(&c));
    for (int32_t r = 0; r < rows; r++) {
      float inverse = 1.0f / (float)s.query_sum[r];
      float *to = y + (first + r) * p->y_row;
      if (received)
        receive(received, s.weights + r * keys4, inverse, p->keys);
      for (int32_t i = 0; i < p->value_size; i++)
        to[i] = edge_one_nan(s.sums[(int64_t)r * p->value_size + i] * inverse);
    }
  }
}

static void head_f32(const edge_kernels *kernels, const edge_attention *p, const float *q,
                     const float *k, const float *v, const float *mask, float *y, float *received,
                     void *scratch) {
  attention_scratch s = lay_out(p, scratch);
  edge_matmul_f32 a = scores_of(p), b = sums_of(p);
  for (int32_t first = 0, rows; first < p->rows; first += rows) {
    rows = edge_least(p->rows - first, edge_block_rows);
    int64_t count = (int64_t)rows * p->keys;
    kernels->matmul_f32(&a, q + first * p->q_row, k, s.scores, s.kernel, 0, rows);
    if (p->scale != 1.0f)
      kernels->binary_f32(EDGE_BINARY_MUL, s.scores, 1, &p->scale, 0, s.scores, count);
    for (int32_t r = 0; r < rows && mask; r++) {
      float *row = s.scores + (int64_t)r * p->keys;
      kernels->binary_f32(EDGE_BINARY_ADD, row, 1, mask + (first + r) * p->mask_row, 1, row, p->keys);
    }
    kernels->softmax_f32(s.scores, s.scores, rows, p->keys);
    for (int32_t r = 0; r < rows && received; r++)
      kernels->binary_f32(EDGE_BINARY_ADD, received, 1, s.scores + (int64_t)r * p->keys, 1, received,
                          p->keys);
    kernels->matmul_f32(&b, s.scores, v, y + first * p->y_row, s.kernel, 0, rows);
  }
}

void edge_attention_head(const edge_kernels *kernels, const edge_attention *p, const float *q,
                         const float *k, const float *v, const float *mask, float *y,
                         float *received, void *scratch) {
  if (received)
    memset(received, 0, (size_t)p->keys * sizeof *received);
  (p->is_s8 ? head_s8 : head_f32)(kernels, p, q, k, v, mask, y, received, scratch);
}

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
