/* Codes of queries, keys, values and attention weights; one ISA each time it is included, after reduce_f32.inc.h. */

/* What turns the largest magnitude into 127. */
EDGE_INLINE float EDGE_NAME(inverse_step)(float largest) {
  return largest > 0.0f ? 127.0f / largest : 0.0f;
}

EDGE_INLINE int32_t EDGE_NAME(code)(float x, float inverse) {
  return edge_requantize(x * inverse, 0, -127, 127);
}

void EDGE_NAME(edge_s8_code_rows)(const float *x, int64_t x_row, int8_t *codes, int64_t row_bytes,
                                  float *step, int32_t *sum, int32_t rows, int32_t n) {
  for (int32_t r = 0; r < rows; r++, x += x_row, codes += row_bytes) {
    float largest[16] = {0};
    for (int32_t i = 0; i < n; i += 16) {
      float v[16] = {0};
      edge_copy_chunk(v, x + i, (size_t)(n - i < 16 ? n - i : 16) * sizeof *x, sizeof v);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++)
        largest[l] = edge_abs(v[l]) > largest[l] ? edge_abs(v[l]) : largest[l];
    }
    float most = 0.0f;
    for (int l = 0; l < 16; l++)
      most = largest[l] > most ? largest[l] : most;
    float inverse = EDGE_NAME(inverse_step)(most);
    int32_t sums[16] = {0};
    for (int32_t i = 0; i < row_bytes; i += 16) {
      float v[16] = {0};
      int8_t q[16];
      if (i < n)
        edge_copy_chunk(v, x + i, (size_t)(n - i < 16 ? n - i : 16) * sizeof *x, sizeof v);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++) {
        int32_t c = EDGE_NAME(code)(v[l], inverse);
        q[l] = (int8_t)c;
        sums[l] += c;
      }
      edge_copy_chunk(codes + i, q, (size_t)(row_bytes - i < 16 ? row_bytes - i : 16), sizeof q);
    }
    step[r] = most / 127.0f;
    sum[r] = 0;
    for (int l = 0; l < 16; l++)
      sum[r] += sums[l];
  }
}

/* 16 columns from `from` on of a row; zeros past the last row and column. */
EDGE_INLINE void EDGE_NAME(columns_of)(const float *x, int64_t x_row, int32_t row, int32_t rows,
                                       int32_t count, float v[16]) {
  if (row < rows)
    edge_copy_chunk(v, x + row * x_row, (size_t)count * sizeof *x, 16 * sizeof *x);
}

void EDGE_NAME(edge_s8_code_columns)(const float *x, int64_t x_row, int8_t *packed, float *step,
                                     int32_t *sum, int32_t rows, int32_t n) {
  for (int32_t c = 0; c < n; c += 16, x += 16, step += 16, sum += 16) {
    int32_t count = n - c < 16 ? n - c : 16;
    float largest[16] = {0}, inverse[16];
    for (int32_t r = 0; r < rows; r++) {
      float v[16] = {0};
      EDGE_NAME(columns_of)(x, x_row, r, rows, count, v);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++)
        largest[l] = edge_abs(v[l]) > largest[l] ? edge_abs(v[l]) : largest[l];
    }
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++) {
      step[l] = largest[l] / 127.0f;
      inverse[l] = EDGE_NAME(inverse_step)(largest[l]);
    }
    int32_t sums[16] = {0};
    for (int32_t r = 0; r < rows; r += 4, packed += 64) {
      uint32_t words[16] = {0};
      for (int32_t t = 0; t < 4; t++) {
        float v[16] = {0};
        EDGE_NAME(columns_of)(x, x_row, r + t, rows, count, v);
        EDGE_CHUNK_LOOP
        for (int l = 0; l < 16; l++) {
          int32_t q = EDGE_NAME(code)(v[l], inverse[l]);
          sums[l] += q;
          words[l] |= ((uint32_t)q & 255u) << (8 * t);
        }
      }
      memcpy(packed, words, sizeof words);
    }
    memcpy(sum, sums, sizeof sums);
  }
}

int32_t EDGE_NAME(edge_s8_softmax_codes)(float *x, const float *mask, int8_t *codes, int32_t n,
                                         float factor) {
  for (int32_t i = 0; i < n; i += 16) {
    size_t bytes = (size_t)(n - i < 16 ? n - i : 16) * sizeof *x;
    float v[16] = {0}, m[16] = {0};
    edge_copy_chunk(v, x + i, bytes, sizeof v);
    if (mask)
      edge_copy_chunk(m, mask + i, bytes, sizeof m);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++)
      v[l] = mask ? v[l] * factor + m[l] : v[l] * factor;
    edge_copy_chunk(x + i, v, bytes, sizeof v);
  }
  float max = EDGE_NAME(row_max)(x, n);
  int32_t sums[16] = {0}, total = 0;
  for (int32_t i = 0; i < n; i += 16) {
    int32_t count = n - i < 16 ? n - i : 16;
    float v[16];
    int8_t q[16];
    for (int l = 0; l < 16; l++)
      v[l] = -EDGE_INFINITY;
    edge_copy_chunk(v, x + i, (size_t)count * sizeof *x, sizeof v);
    EDGE_CHUNK_LOOP
    for (int l = 0; l < 16; l++) {
      float e = edge_exp(v[l] - max) * 255.0f;
      int32_t c = (int32_t)edge_rne_small(edge_is_nan(e) ? 0.0f : e);
      sums[l] += c;
      q[l] = (int8_t)(c - 128);
    }
    edge_copy_chunk(codes + i, q, (size_t)count, sizeof q);
  }
  for (int l = 0; l < 16; l++)
    total += sums[l];
  return total;
}
