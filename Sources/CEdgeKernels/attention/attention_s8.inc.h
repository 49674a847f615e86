/* Codes of queries, keys, values and attention weights; one ISA each time it is included, after linear_s8.inc.h. */

/* A row of a block of weights: 16 columns. */
#define EDGE_WIDE __attribute__((vector_size(64), aligned(4)))
typedef float EDGE_NAME(wide) EDGE_WIDE;
typedef int32_t EDGE_NAME(wide_i) EDGE_WIDE;
#undef EDGE_WIDE

/* What turns the largest magnitude into 127. */
EDGE_INLINE float EDGE_NAME(inverse_step)(float largest) {
  return largest > 0.0f ? 127.0f / largest : 0.0f;
}

/* The largest magnitude, NaN apart. */
EDGE_INLINE float EDGE_NAME(row_magnitude)(const float *x, int32_t n) {
  EDGE_NAME(lanes) most = {0};
  for (int32_t i = 0; i < n; i += EDGE_REDUCE_LANES) {
    EDGE_NAME(lanes) v = {0};
    size_t bytes = (size_t)(n - i < EDGE_REDUCE_LANES ? n - i : EDGE_REDUCE_LANES) * sizeof *x;
    edge_copy_chunk(&v, x + i, bytes, sizeof v);
    v = (EDGE_NAME(lanes))((EDGE_NAME(lanes_i))v & 0x7fffffff);
    EDGE_NAME(lanes_i) above = v > most;
    EDGE_NAME(replace)(&most, &above, &v);
  }
  for (int l = 1; l < EDGE_REDUCE_LANES; l++)
    most[0] = most[l] > most[0] ? most[l] : most[0];
  return most[0];
}

/* Codes of whole chunks of 16, and their sum. */
static __attribute__((noinline)) int32_t EDGE_NAME(even_codes)(const float *x, int8_t *codes,
                                                               int32_t chunks, float inverse) {
  int32_t count = chunks * 16, sum = 0;
  _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
  for (int32_t i = 0; i < count; i++) {
    int32_t code = edge_requantize(x[i] * inverse, 0, -127, 127);
    codes[i] = (int8_t)code;
    sum += code;
  }
  return sum;
}

void EDGE_NAME(edge_s8_code_rows)(const float *x, int64_t x_row, int8_t *codes, int64_t row_bytes,
                                  float *step, int32_t *sum, int32_t rows, int32_t n) {
  int32_t whole = n / 16 * 16;
  float end[16] = {0}; /* the short end */
  for (int32_t r = 0; r < rows; r++, x += x_row, codes += row_bytes) {
    int8_t end_codes[16];
    float largest = EDGE_NAME(row_magnitude)(x, n), inverse = EDGE_NAME(inverse_step)(largest);
    sum[r] = EDGE_NAME(even_codes)(x, codes, whole / 16, inverse);
    if (row_bytes > whole) {
      edge_copy_part(end, x + whole, (size_t)(n - whole) * sizeof *x);
      sum[r] += EDGE_NAME(even_codes)(end, end_codes, 1, inverse);
      edge_copy_part(codes + whole, end_codes, (size_t)(row_bytes - whole));
    }
    step[r] = largest / 127.0f;
  }
}

/* 16 columns of a row; zeros past the last row and column. */
EDGE_INLINE void EDGE_NAME(columns_of)(const float *x, int64_t x_row, int32_t row, int32_t rows,
                                       int32_t count, EDGE_NAME(wide) * v) {
  *v = (EDGE_NAME(wide)){0};
  if (row < rows)
    edge_copy_chunk(v, x + row * x_row, (size_t)count * sizeof *x, sizeof *v);
}

/* As edge_requantize does it between -127 and 127. */
EDGE_INLINE void EDGE_NAME(wide_codes)(const EDGE_NAME(wide) *v, EDGE_NAME(wide_i) *codes) {
  EDGE_NAME(wide_i) inside = *v > -127.0f;
  EDGE_NAME(wide_i) bits = (inside & (EDGE_NAME(wide_i))*v) | (~inside & (int32_t)0xc2fe0000); /* -127, of NaN too */
  inside = (EDGE_NAME(wide))bits < 127.0f;
  bits = (inside & bits) | (~inside & 0x42fe0000); /* 127 */
  *codes = __builtin_convertvector(((EDGE_NAME(wide))bits + 12582912.0f) - 12582912.0f,
                                   EDGE_NAME(wide_i));
}

void EDGE_NAME(edge_s8_code_columns)(const float *x, int64_t x_row, int8_t *packed, float *step,
                                     int32_t *sum, int32_t rows, int32_t n) {
  for (int32_t c = 0; c < n; c += 16, x += 16, step += 16, sum += 16) {
    int32_t count = n - c < 16 ? n - c : 16;
    EDGE_NAME(wide_i) most = {0}, sums = {0}; /* magnitudes as bits, which order alike */
    for (int32_t r = 0; r < rows; r++) {
      EDGE_NAME(wide) v;
      EDGE_NAME(columns_of)(x, x_row, r, rows, count, &v);
      EDGE_NAME(wide_i) bits = (EDGE_NAME(wide_i))v & 0x7fffffff;
      EDGE_NAME(wide_i) take = (bits > most) & (bits <= 0x7f800000);
      most = (take & bits) | (~take & most);
    }
    EDGE_NAME(wide) inverse, largest = (EDGE_NAME(wide))most;
    for (int l = 0; l < 16; l++) {
      step[l] = largest[l] / 127.0f;
      inverse[l] = EDGE_NAME(inverse_step)(largest[l]);
    }
    for (int32_t r = 0; r < rows; r += 4, packed += 64) {
      EDGE_NAME(wide_i) words = {0};
      for (int32_t t = 0; t < 4; t++) {
        EDGE_NAME(wide) v;
        EDGE_NAME(wide_i) codes;
        EDGE_NAME(columns_of)(x, x_row, r + t, rows, count, &v);
        v *= inverse;
        EDGE_NAME(wide_codes)(&v, &codes);
        sums += codes;
        words |= (codes & 255) << (8 * t);
      }
      memcpy(packed, &words, sizeof words);
    }
    memcpy(sum, &sums, sizeof sums);
  }
}

/* exp(x - max) of whole chunks of 16 as codes, and the sum of codes + 128. */
static __attribute__((noinline)) int32_t EDGE_NAME(weight_codes)(const float *x, int8_t *codes,
                                                                 int32_t chunks, float max) {
  int32_t count = chunks * 16, sum = 0;
  _Pragma("clang loop vectorize(assume_safety) interleave_count(1) unroll(disable)")
  for (int32_t i = 0; i < count; i++) {
    float e = edge_exp(x[i] - max) * 255.0f;
    int32_t code = (int32_t)edge_rne_small(edge_is_nan(e) ? 0.0f : e);
    codes[i] = (int8_t)(code - 128);
    sum += code;
  }
  return sum;
}

int32_t EDGE_NAME(edge_s8_softmax_codes)(float *x, const float *mask, int8_t *codes, int32_t n,
                                         float factor) {
  int32_t whole = n / 16 * 16, sum;
  if (mask)
    for (int32_t i = 0; i < n; i++)
      x[i] = x[i] * factor + mask[i];
  else
    for (int32_t i = 0; i < n; i++)
      x[i] *= factor;
  float max = EDGE_NAME(row_max)(x, n);
  sum = EDGE_NAME(weight_codes)(x, codes, whole / 16, max);
  if (n > whole) {
    float end[16]; /* the short end */
    int8_t end_codes[16];
    for (int l = 0; l < 16; l++)
      end[l] = -EDGE_INFINITY;
    edge_copy_part(end, x + whole, (size_t)(n - whole) * sizeof *x);
    sum += EDGE_NAME(weight_codes)(end, end_codes, 1, max);
    edge_copy_part(codes + whole, end_codes, (size_t)(n - whole));
  }
  return sum;
}
