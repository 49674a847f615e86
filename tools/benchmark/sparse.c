/*
 * Block-sparse INT8 layers against the same layers dense, one thread, in turns in one run: least processor time of many rounds, the
 * kept blocks at random. Then one row times 256 MB of weights, which come from memory.
 *
 * clang -O2 -fno-unroll-loops -ffp-contract=off -ISources/CEdgeKernels/include $(find Sources/CEdgeKernels -name '*.c') \
 *     tools/benchmark/sparse.c -lm -o sparse
 * usage: sparse [isa] [rounds]      pin it to a core
 */
#include "allocate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge_kernels.h"

static uint64_t state = 1;

static uint32_t next_u32(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33);
}

/* Of this thread: what others take from the processor does not count. */
static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A fully connected layer with dense weights. */
static edge_conv layer(int32_t rows, int32_t outputs, int32_t inputs) {
  edge_conv p = {.batch = 1, .in_h = 1, .in_w = rows, .in_c = inputs, .in_stride = inputs, .out_h = 1, .out_w = rows,
                 .out_c = outputs, .out_stride = outputs, .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1,
                 .dilation_h = 1, .dilation_w = 1};
  size_t padded = (size_t)(outputs + 15) / 16 * 16;
  int8_t *weights = allocate(padded * (size_t)(inputs + 3));
  for (size_t i = 0; i < padded * (size_t)inputs; i += 7)
    weights[i] = (int8_t)(next_u32() % 255 - 127);
  p.weights = weights;
  int32_t *bias = allocate(padded * 4);
  float *multiplier = allocate(padded * 4);
  for (size_t i = 0; i < padded; i++)
    bias[i] = 3, multiplier[i] = 0.001f;
  p.epilogue = (edge_epilogue){.bias = bias, .bias_u8 = bias, .multiplier = multiplier, .slope = 1, .low = -128, .high = 127};
  return p;
}

/* The same with blocks of 4 x n at random. */
static edge_conv thinned(edge_conv p, int32_t n, double density) {
  int64_t bands = (p.out_c + 15) / 16 * 16 / n, k4 = edge_conv_k4(&p), blocks = 0;
  uint32_t *starts = allocate((size_t)(bands + 1) * 4);
  uint16_t *columns = allocate((size_t)((double)(bands * k4) * density * 1.1 + 65536) * 2);
  for (int64_t b = 0; b < bands; b++) {
    starts[b] = (uint32_t)blocks;
    for (int32_t k = 0; k < k4; k++)
      if (next_u32() % 10000 < density * 10000)
        columns[blocks++] = (uint16_t)k;
  }
  starts[bands] = (uint32_t)blocks;
  int8_t *values = allocate((size_t)blocks * 4 * (size_t)n);
  for (int64_t i = 0; i < blocks * 4 * n; i++)
    values[i] = (int8_t)(i % 255 - 127);
  p.weights = values;
  p.sparse = (edge_sparse){n, starts, columns};
  return p;
}

static void release(edge_conv *p) {
  free((void *)p->weights);
  free((void *)p->sparse.starts);
  free((void *)p->sparse.columns);
}

static double once(const edge_kernels *k, const edge_conv *p, const int8_t *x, int8_t *y, void *scratch) {
  double start = seconds();
  k->conv_s8(p, x, y, scratch, 0, edge_conv_units(p));
  return seconds() - start;
}

enum { kinds = 16 };

/* Times layers in turns; the first one is dense. */
static void compare(const edge_kernels *k, const edge_conv *layers, int32_t count, int rounds, double best[kinds]) {
  int8_t *x = allocate((size_t)layers->in_w * (size_t)layers->in_c), *y = allocate((size_t)layers->in_w * (size_t)layers->out_c);
  size_t bytes = 0;
  for (int32_t i = 0; i < count; i++) {
    size_t need = edge_conv_scratch_s8(layers + i);
    bytes = need > bytes ? need : bytes;
    best[i] = 1e9;
  }
  void *scratch = allocate(bytes);
  for (int r = 0; r < rounds; r++)
    for (int32_t i = 0; i < count; i++) {
      double t = once(k, layers + i, x, y, scratch);
      best[i] = t < best[i] ? t : best[i];
    }
  free(x), free(y), free(scratch);
}

int main(int argc, char **argv) {
  const edge_kernels *k = argc > 1 ? edge_kernels_named(argv[1]) : edge_kernels_select();
  int rounds = argc > 2 ? atoi(argv[2]) : 40;
  if (!k) {
    printf("no table %s on this machine\n", argv[1]);
    return 2;
  }
  static const int32_t shapes[][3] = {{128, 768, 3072}, {128, 3072, 768}, {128, 768, 768}, {196, 256, 2304}, {784, 128, 512}};
  static const double densities[] = {0.5, 0.4, 0.3, 0.2, 0.1};
  printf("%s; x: times as fast as dense\nrows outputs inputs   dense us |", k->isa);
  for (int d = 0; d < 5; d++)
    printf("  %2.0f %%", 100 - 100 * densities[d]);
  printf("  of zeros\n");
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    for (int32_t n = 4; n >= 1; n /= 2) {
      edge_conv layers[kinds];
      double best[kinds];
      layers[0] = layer(shapes[s][0], shapes[s][1], shapes[s][2]);
      for (int d = 0; d < 5; d++)
        layers[1 + d] = thinned(layers[0], n, densities[d]);
      compare(k, layers, 6, rounds, best);
      printf("%4d %6d %6d  4x%d %8.1f |", shapes[s][0], shapes[s][1], shapes[s][2], n, best[0] * 1e6);
      for (int d = 0; d < 5; d++)
        printf(" %5.2f", best[0] / best[1 + d]);
      printf("\n");
      for (int i = 0; i < 6; i++)
        release(layers + i);
    }
  printf("one row, 65536 outputs, 4096 inputs (256 MB of dense weights)\n");
  for (int32_t n = 4; n >= 1; n /= 2) {
    edge_conv layers[3] = {layer(1, 65536, 4096)};
    double best[kinds];
    layers[1] = thinned(layers[0], n, 0.4), layers[2] = thinned(layers[0], n, 0.2);
    compare(k, layers, 3, rounds / 5 + 3, best);
    printf("4x%d dense %.1f ms, 60 %%: %.2f, 80 %%: %.2f\n", n, best[0] * 1e3, best[0] / best[1], best[0] / best[2]);
    for (int i = 0; i < 3; i++)
      release(layers + i);
  }
  return 0;
}
