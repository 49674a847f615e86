#include "../include/edge_kernels.h"
#include "../elementwise/numeric.h"

/* Query rows that are computed together. */
enum { block_rows = 48 };

static const float infinite = __builtin_inff();

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }
static int32_t block_of(const edge_attention *p) {
  return p->rows < block_rows ? p->rows : block_rows;
}

/* The parts of scratch, each a multiple of 64 bytes. */
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

static void *take(attention_scratch *s, int8_t *base, int64_t bytes) {
  void *part = base ? base + s->bytes : NULL; /* NULL: only the size is asked */
  s->bytes += (size_t)round_up(bytes, 64);
  return part;
}

/* One product of codes as a fully connected layer over the rows of a block. */
static edge_conv product(int32_t rows, int32_t inputs, int64_t input_bytes, int32_t outputs) {
  edge_conv c = {.batch = 1, .in_h = 1, .in_w = rows, .in_c = inputs, .in_stride = (int32_t)input_bytes};
  c.out_h = 1;
  c.out_w = rows;
  c.out_c = c.out_stride = outputs;
  c.kernel_h = c.kernel_w = c.stride_h = c.stride_w = c.dilation_h = c.dilation_w = 1;
  c.epilogue.slope = 1.0f;
  c.epilogue.output_float = 1;
  c.epilogue.low_f = -infinite;
  c.epilogue.high_f = infinite;
  return c;
}

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
  int64_t block = block_of(p), size4 = round_up(p->size, 4), keys4 = round_up(p->keys, 4);
  int64_t keys16 = round_up(p->keys, 16), values16 = round_up(p->value_size, 16);
  s.scores = take(&s, scratch, block * p->keys * 4);
  if (!p->is_s8) {
    edge_matmul_f32 a = scores_of(p), b = sums_of(p);
    s.kernel = take(&s, scratch, (int64_t)larger(edge_matmul_scratch_f32(&a), edge_matmul_scratch_f32(&b)));
    return s;
  }
  s.sums = take(&s, scratch, block * p->value_size * 4);
  s.query_step = take(&s, scratch, block * 4);
  s.query_sum = take(&s, scratch, block * 4);
  s.key_step = take(&s, scratch, keys16 * 4);
  s.key_bias = take(&s, scratch, keys16 * 4);
  s.key_bias_u8 = take(&s, scratch, keys16 * 4);
  s.value_step = take(&s, scratch, values16 * 4);
  s.value_bias = take(&s, scratch, values16 * 4);
  s.value_bias_u8 = take(&s, scratch, values16 * 4);
  s.keys = take(&s, scratch, keys16 * size4);
  s.values = take(&s, scratch, values16 * keys4);
  s.queries = take(&s, scratch, (block > 16 ? block : 16) * size4 + EDGE_OVERREAD);
  s.weights = take(&s, scratch, block * keys4 + EDGE_OVERREAD);
  edge_conv a = product((int32_t)block, p->size, size4, p->keys);
  edge_conv b = product((int32_t)block, p->keys, keys4, p->value_size);
  s.kernel = take(&s, scratch, (int64_t)larger(edge_conv_scratch_s8(&a), edge_conv_scratch_s8(&b)));
  return s;
}

size_t edge_attention_scratch(const edge_attention *p) { return lay_out(p, NULL).bytes; }

/* Keys as the packed weights of a layer, 16 of them at a time through `queries`. */
static void pack_keys(const edge_kernels *kernels, const edge_attention *p, const float *k,
                      const attention_scratch *s) {
  int64_t size4 = round_up(p->size, 4);
  int8_t *to = s->keys;
  for (int32_t first = 0; first < p->keys; first += 16, to += 16 * size4) {
    int32_t count = p->keys - first < 16 ? p->keys - first : 16;
    memset(s->queries, 0, (size_t)(16 * size4));
    kernels->code_rows(k + first * p->k_row, p->k_row, s->queries, size4, s->key_step + first,
                       s->key_bias_u8 + first, count, p->size);
    for (int32_t j = 0; j < 16; j++)
      for (int64_t i = 0; i < size4; i += 4)
        memcpy(to + i * 16 + j * 4, s->queries + j * size4 + i, 4);
  }
  for (int64_t i = 0; i < round_up(p->keys, 16); i++) {
    s->key_bias[i] = 0;
    s->key_bias_u8[i] *= -128;
  }
}

/* Values likewise. Attention weights are codes from -128 on, so that 128 is added to each. */
static void pack_values(const edge_kernels *kernels, const edge_attention *p, const float *v,
                        const attention_scratch *s) {
  kernels->code_columns(v, p->v_row, s->values, s->value_step, s->value_bias, p->keys,
                        p->value_size);
  for (int64_t i = 0; i < round_up(p->value_size, 16); i++) {
    s->value_bias[i] *= 128;
    s->value_bias_u8[i] = 0;
  }
}

static void multiply(const edge_kernels *kernels, edge_conv *c, const int8_t *x, float *y,
                     void *scratch) {
  kernels->conv_s8(c, x, y, scratch, 0, edge_conv_units(c));
}

static void head_s8(const edge_kernels *kernels, const edge_attention *p, const float *q,
                    const float *k, const float *v, const float *mask, float *y, void *scratch) {
  attention_scratch s = lay_out(p, scratch);
  int64_t size4 = round_up(p->size, 4), keys4 = round_up(p->keys, 4);
  memset(s.key_bias_u8, 0, (size_t)round_up(p->keys, 16) * 4);
  pack_keys(kernels, p, k, &s);
  pack_values(kernels, p, v, &s);
  for (int32_t first = 0, rows; first < p->rows; first += rows) {
    rows = p->rows - first < block_rows ? p->rows - first : block_rows;
    kernels->code_rows(q + first * p->q_row, p->q_row, s.queries, size4, s.query_step, s.query_sum,
                       rows, p->size);
    edge_conv c = product(rows, p->size, size4, p->keys);
    c.weights = s.keys;
    c.epilogue.bias = s.key_bias;
    c.epilogue.bias_u8 = s.key_bias_u8;
    c.epilogue.multiplier = s.key_step;
    multiply(kernels, &c, s.queries, s.scores, s.kernel);
    for (int32_t r = 0; r < rows; r++)
      s.query_sum[r] = kernels->softmax_codes(
          s.scores + (int64_t)r * p->keys, mask ? mask + (first + r) * p->mask_row : NULL,
          s.weights + r * keys4, p->keys, s.query_step[r] * p->scale);
    c = product(rows, p->keys, keys4, p->value_size);
    c.weights = s.values;
    c.input_zero = -128;
    c.epilogue.bias = s.value_bias;
    c.epilogue.bias_u8 = s.value_bias_u8;
    c.epilogue.multiplier = s.value_step;
    multiply(kernels, &c, s.weights, s.sums, s.kernel);
    for (int32_t r = 0; r < rows; r++) {
      float inverse = 1.0f / (float)s.query_sum[r];
      float *to = y + (first + r) * p->y_row;
      for (int32_t i = 0; i < p->value_size; i++)
        to[i] = edge_one_nan(s.sums[(int64_t)r * p->value_size + i] * inverse);
    }
  }
}

static void head_f32(const edge_kernels *kernels, const edge_attention *p, const float *q,
                     const float *k, const float *v, const float *mask, float *y, void *scratch) {
  attention_scratch s = lay_out(p, scratch);
  edge_matmul_f32 a = scores_of(p), b = sums_of(p);
  for (int32_t first = 0, rows; first < p->rows; first += rows) {
    rows = p->rows - first < block_rows ? p->rows - first : block_rows;
    int64_t count = (int64_t)rows * p->keys;
    kernels->matmul_f32(&a, q + first * p->q_row, k, s.scores, s.kernel, 0, rows);
    if (p->scale != 1.0f)
      kernels->binary_f32(EDGE_BINARY_MUL, s.scores, 1, &p->scale, 0, s.scores, count);
    for (int32_t r = 0; r < rows && mask; r++) {
      float *row = s.scores + (int64_t)r * p->keys;
      kernels->binary_f32(EDGE_BINARY_ADD, row, 1, mask + (first + r) * p->mask_row, 1, row, p->keys);
    }
    kernels->softmax_f32(s.scores, s.scores, rows, p->keys);
    kernels->matmul_f32(&b, s.scores, v, y + first * p->y_row, s.kernel, 0, rows);
  }
}

void edge_attention_head(const edge_kernels *kernels, const edge_attention *p, const float *q,
                         const float *k, const float *v, const float *mask, float *y,
                         void *scratch) {
  (p->is_s8 ? head_s8 : head_f32)(kernels, p, q, k, v, mask, y, scratch);
}
