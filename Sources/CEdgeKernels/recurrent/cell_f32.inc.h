/* What follows the products of a step; one ISA each time it is included. */

/* z: what states and inputs give to the gates i, o, f, c. */
EDGE_INLINE void EDGE_NAME(lstm_unit)(const float z[4], float *c, float *h) {
  float cell = *c * edge_sigmoid(z[2]) + edge_tanh(z[3]) * edge_sigmoid(z[0]);
  *c = edge_one_nan(cell);
  *h = edge_one_nan(edge_tanh(cell) * edge_sigmoid(z[1]));
}

/* z: what states give to the gates z, r, h, and x what inputs do. */
EDGE_INLINE void EDGE_NAME(gru_unit)(const float z[3], const float x[3], float *h) {
  float update = edge_sigmoid(z[0] + x[0]), reset = edge_sigmoid(z[1] + x[1]);
  float candidate = edge_tanh(z[2] * reset + x[2]);
  *h = edge_one_nan(*h * update + candidate * (1.0f - update));
}

#ifdef EDGE_COMPACT

void EDGE_NAME(edge_f32_cell)(int32_t kind, const float *x, const float *z, int64_t z_gate,
                              float *c, float *h, int64_t n) {
#pragma clang loop vectorize(disable)
  for (int64_t i = 0; i < n; i++) {
    float a[4], b[4];
    for (int64_t g = 0; g < (kind == EDGE_CELL_LSTM ? 4 : 3); g++)
      a[g] = z[g * z_gate + i], b[g] = x[g * n + i];
    if (kind == EDGE_CELL_LSTM) {
      for (int g = 0; g < 4; g++)
        a[g] += b[g];
      EDGE_NAME(lstm_unit)(a, c + i, h + i);
    } else {
      EDGE_NAME(gru_unit)(a, b, h + i);
    }
  }
}

#else

void EDGE_NAME(edge_f32_cell)(int32_t kind, const float *x, const float *z, int64_t z_gate,
                              float *c, float *h, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) {
    size_t bytes = n - i < 16 ? (size_t)(n - i) * sizeof *x : 16 * sizeof *x;
    float a[4][16] = {{0}}, b[4][16] = {{0}}, state[16] = {0}, cells[16] = {0};
    for (int64_t g = 0; g < (kind == EDGE_CELL_LSTM ? 4 : 3); g++) {
      edge_copy_chunk(a[g], z + g * z_gate + i, bytes, sizeof a[g]);
      edge_copy_chunk(b[g], x + g * n + i, bytes, sizeof b[g]);
    }
    if (kind == EDGE_CELL_LSTM) {
      edge_copy_chunk(cells, c + i, bytes, sizeof cells);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++) {
        float sums[4] = {a[0][l] + b[0][l], a[1][l] + b[1][l], a[2][l] + b[2][l], a[3][l] + b[3][l]};
        EDGE_NAME(lstm_unit)(sums, &cells[l], &state[l]);
      }
      edge_copy_chunk(c + i, cells, bytes, sizeof cells);
    } else {
      edge_copy_chunk(state, h + i, bytes, sizeof state);
      EDGE_CHUNK_LOOP
      for (int l = 0; l < 16; l++) {
        float sums[3] = {a[0][l], a[1][l], a[2][l]}, inputs[3] = {b[0][l], b[1][l], b[2][l]};
        EDGE_NAME(gru_unit)(sums, inputs, &state[l]);
      }
    }
    edge_copy_chunk(h + i, state, bytes, sizeof state);
  }
}

#endif
