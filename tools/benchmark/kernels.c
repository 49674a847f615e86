/*
 * INT8 convolution and depthwise kernels on the layers of known networks, one thread, in network order with each
 * layer reading what the one before wrote. Minimum of many rounds; share of the measured rate of vpdpbusd, or of
 * vpmaddwd and vpaddd where that does not exist.
 *
 * clang -O3 -ffp-contract=off -ISources/CEdgeKernels/include $(find Sources/CEdgeKernels -name '*.c') \
 *     tools/benchmark/kernels.c -lm -o kernels
 * usage: kernels [-v] [isa] [rounds] [network...]      pin it to a core
 */
#include "allocate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "edge_kernels.h"

enum { most_layers = 96, most_channels = 4096 };

typedef struct layer {
  edge_conv conv;
  int depthwise;
  double macs, seconds;
} layer;

typedef struct network {
  const char *name;
  layer layers[most_layers];
  int32_t count, h, w, c;
} network;

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Appends a layer with "same" padding to what the network has so far. */
static edge_conv *add(network *n, int depthwise, int32_t kernel_h, int32_t kernel_w, int32_t stride,
                      int32_t out_c) {
  layer *l = &n->layers[n->count++];
  edge_conv *p = &l->conv;
  l->depthwise = depthwise;
  p->batch = p->dilation_h = p->dilation_w = 1;
  p->in_h = n->h, p->in_w = n->w, p->in_c = p->in_stride = n->c;
  p->out_h = (n->h + stride - 1) / stride, p->out_w = (n->w + stride - 1) / stride;
  p->out_c = p->out_stride = out_c;
  p->kernel_h = kernel_h, p->kernel_w = kernel_w, p->stride_h = p->stride_w = stride;
  p->pad_top = (kernel_h - 1) / 2, p->pad_left = (kernel_w - 1) / 2;
  int64_t fan = (int64_t)kernel_h * kernel_w * (depthwise ? 1 : n->c);
  l->macs = (double)fan * p->out_h * p->out_w * out_c;
  n->h = p->out_h, n->w = p->out_w, n->c = out_c;
  return p;
}

static void residual(edge_conv *p) { p->epilogue.residual_multiplier = 0.5f; }

static void mobilenet_v2(network *n) {
  static const int32_t blocks[7][4] = {{1, 16, 1, 1},  {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                                       {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  n->h = n->w = 224, n->c = 3;
  add(n, 0, 3, 3, 2, 32);
  for (int b = 0; b < 7; ++b)
    for (int i = 0; i < blocks[b][2]; ++i) {
      int32_t in = n->c, stride = i ? 1 : blocks[b][3];
      if (blocks[b][0] > 1)
        add(n, 0, 1, 1, 1, in * blocks[b][0]);
      add(n, 1, 3, 3, stride, n->c);
      edge_conv *p = add(n, 0, 1, 1, 1, blocks[b][1]);
      if (i)
        residual(p);
    }
  add(n, 0, 1, 1, 1, 1280);
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 1000);
}

static void stem(network *n) {
  n->h = n->w = 224, n->c = 3;
  add(n, 0, 7, 7, 2, 64);
  n->h = n->w = 56;
}

static void resnet18(network *n) {
  stem(n);
  for (int32_t s = 0, c = 64; s < 4; ++s, c *= 2)
    for (int i = 0; i < 2; ++i) {
      add(n, 0, 3, 3, s && !i ? 2 : 1, c);
      residual(add(n, 0, 3, 3, 1, c));
    }
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 1000);
}

static void resnet50(network *n) {
  static const int32_t depth[] = {3, 4, 6, 3};
  stem(n);
  for (int32_t s = 0, c = 64; s < 4; ++s, c *= 2)
    for (int i = 0; i < depth[s]; ++i) {
      add(n, 0, 1, 1, 1, c);
      add(n, 0, 3, 3, s && !i ? 2 : 1, c);
      residual(add(n, 0, 1, 1, 1, 4 * c));
    }
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 1000);
}

static void resnet20(network *n) {
  n->h = n->w = 32, n->c = 3;
  add(n, 0, 3, 3, 1, 16);
  for (int32_t s = 0, c = 16; s < 3; ++s, c *= 2)
    for (int i = 0; i < 3; ++i) {
      add(n, 0, 3, 3, s && !i ? 2 : 1, c);
      residual(add(n, 0, 3, 3, 1, c));
    }
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 10);
}

static void ds_cnn(network *n) {
  n->h = 49, n->w = 10, n->c = 1;
  add(n, 0, 10, 4, 2, 64);
  for (int i = 0; i < 4; ++i) {
    add(n, 1, 3, 3, 1, 64);
    add(n, 0, 1, 1, 1, 64);
  }
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 12);
}

/* EfficientNet-Lite0: 5x5 depthwise. */
static void efficientnet_lite0(network *n) {
  static const int32_t blocks[7][5] = {{1, 16, 1, 1, 3},  {6, 24, 2, 2, 3},  {6, 40, 2, 2, 5}, {6, 80, 3, 2, 3},
                                       {6, 112, 3, 1, 5}, {6, 192, 4, 2, 5}, {6, 320, 1, 1, 3}};
  n->h = n->w = 224, n->c = 3;
  add(n, 0, 3, 3, 2, 32);
  for (int b = 0; b < 7; ++b)
    for (int i = 0; i < blocks[b][2]; ++i) {
      int32_t in = n->c;
      if (blocks[b][0] > 1)
        add(n, 0, 1, 1, 1, in * blocks[b][0]);
      add(n, 1, blocks[b][4], blocks[b][4], i ? 1 : blocks[b][3], n->c);
      edge_conv *p = add(n, 0, 1, 1, 1, blocks[b][1]);
      if (i)
        residual(p);
    }
  add(n, 0, 1, 1, 1, 1280);
  n->h = n->w = 1;
  add(n, 0, 1, 1, 1, 1000);
}

/* One encoder layer of MiniLM, 128 tokens. */
static void minilm128(network *n) {
  n->h = 1, n->w = 128, n->c = 384;
  for (int i = 0; i < 4; ++i) {
    add(n, 0, 1, 1, 1, 384);
    n->c = 384;
  }
  add(n, 0, 1, 1, 1, 1536);
  add(n, 0, 1, 1, 1, 384);
}

static const struct {
  const char *name;
  void (*build)(network *);
} networks[] = {{"mobilenet_v2", mobilenet_v2},
                {"efficientnet_lite0", efficientnet_lite0},
                {"resnet18", resnet18},
                {"resnet50", resnet50},
                {"resnet20", resnet20},
                {"ds_cnn", ds_cnn},
                {"minilm128", minilm128}};

/* Multiply-accumulates a second of the bare instructions, 0 where they do not exist. */
static double peak(void) {
#if defined(__x86_64__)
  const int64_t n = 100000;
  double t = seconds();
  if (!__builtin_cpu_supports("avx2"))
    return 0;
  if (!__builtin_cpu_supports("avx512vnni")) {
#define STEP(sum)                                                                                  \
  "vpmaddwd %%ymm14,%%ymm15,%%ymm13\nvpaddd %%ymm13,%%ymm" #sum ",%%ymm" #sum "\n"
    for (int64_t i = 0; i < n; ++i)
      __asm__ volatile(STEP(0) STEP(1) STEP(2) STEP(3) STEP(4) STEP(5) STEP(6) STEP(7)::
                           : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
                             "xmm13");
    return (double)n * 8 * 16 / (seconds() - t);
  }
  for (int64_t i = 0; i < n; ++i)
    __asm__ volatile("vpdpbusd %%zmm30,%%zmm31,%%zmm0\nvpdpbusd %%zmm30,%%zmm31,%%zmm1\n"
                     "vpdpbusd %%zmm30,%%zmm31,%%zmm2\nvpdpbusd %%zmm30,%%zmm31,%%zmm3\n"
                     "vpdpbusd %%zmm30,%%zmm31,%%zmm4\nvpdpbusd %%zmm30,%%zmm31,%%zmm5\n"
                     "vpdpbusd %%zmm30,%%zmm31,%%zmm6\nvpdpbusd %%zmm30,%%zmm31,%%zmm7\n" ::
                         : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7");
  return (double)n * 8 * 64 / (seconds() - t);
#else
  return 0;
#endif
}

static void bind(network *n, const int8_t *add_from) {
  int32_t *bias = allocate(most_channels * 4);
  float *multiplier = allocate(most_channels * 4);
  memset(bias, 0, most_channels * 4);
  for (int32_t i = 0; i < most_channels; ++i)
    multiplier[i] = 0.001f;
  for (int32_t i = 0; i < n->count; ++i) {
    edge_conv *p = &n->layers[i].conv;
    size_t blocks = (size_t)(p->out_c + 15) / 16;
    size_t k4 = n->layers[i].depthwise ? (size_t)((p->kernel_h + 3) / 4 * p->kernel_w)
                                       : (size_t)edge_conv_k4(p);
    p->weights = allocate(blocks * k4 * 64);
    p->epilogue.bias = p->epilogue.bias_u8 = bias;
    p->epilogue.multiplier = multiplier;
    p->epilogue.slope = 1;
    p->epilogue.low = -128;
    p->epilogue.high = 127;
    p->epilogue.residual = p->epilogue.residual_multiplier != 0 ? add_from : NULL;
    n->layers[i].seconds = 1e9;
  }
}

static double run_network(network *n, const edge_kernels *k, int8_t *buffers[2], void *scratch) {
  double start = seconds(), last = start;
  for (int32_t i = 0; i < n->count; ++i) {
    layer *l = &n->layers[i];
    if (l->depthwise)
      k->depthwise_s8(&l->conv, buffers[i % 2], buffers[(i + 1) % 2], scratch, 0,
                      edge_depthwise_units(&l->conv));
    else
      k->conv_s8(&l->conv, buffers[i % 2], buffers[(i + 1) % 2], scratch, 0,
                 edge_conv_units(&l->conv));
    double now = seconds();
    l->seconds = now - last < l->seconds ? now - last : l->seconds;
    last = now;
  }
  return last - start;
}

static void report(const network *n, double best, double rate, int verbose) {
  double dense = 0, dense_macs = 0, depthwise = 0, macs = 0;
  for (int32_t i = 0; i < n->count; ++i) {
    const layer *l = &n->layers[i];
    const edge_conv *p = &l->conv;
    macs += l->macs;
    if (l->depthwise)
      depthwise += l->seconds;
    else
      dense += l->seconds, dense_macs += l->macs;
    if (verbose)
      printf("  %s %4dx%-3d %4d -> %4d  %dx%d/%d%s  %8.2f us  %6.1f GMAC/s  %5.1f %%\n",
             l->depthwise ? "dw  " : "conv", p->out_h, p->out_w, p->in_c, p->out_c, p->kernel_h,
             p->kernel_w, p->stride_h, p->epilogue.residual ? " +" : "  ", l->seconds * 1e6,
             l->macs / l->seconds * 1e-9, rate > 0 ? 100 * l->macs / l->seconds / rate : 0.0);
  }
  printf("%-18s %8.1f MMAC  %7.3f ms: dense %.3f ms at %.1f %% of peak, depthwise %.3f ms; all %.1f %%\n",
         n->name, macs * 1e-6, best * 1e3, dense * 1e3, rate > 0 ? 100 * dense_macs / dense / rate : 0.0,
         depthwise * 1e3, rate > 0 ? 100 * macs / best / rate : 0.0);
}

int main(int argc, char **argv) {
  int verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
  argc -= verbose, argv += verbose;
  const edge_kernels *k = argc > 1 ? edge_kernels_named(argv[1]) : edge_kernels_select();
  int rounds = argc > 2 ? atoi(argv[2]) : 200;
  if (!k) {
    printf("no table %s on this machine\n", argv[1]);
    return 2;
  }
  int8_t *buffers[2] = {allocate(8 << 20), allocate(8 << 20)};
  double rate = 0;
  for (int i = 0; i < 20; ++i) {
    double now = peak();
    rate = now > rate ? now : rate;
  }
  printf("%s, peak %.1f GMAC/s\n", k->isa, rate * 1e-9);
  for (size_t i = 0; i < sizeof networks / sizeof *networks; ++i) {
    int wanted = argc <= 3;
    for (int a = 3; a < argc; ++a)
      wanted |= strcmp(argv[a], networks[i].name) == 0;
    if (!wanted)
      continue;
    network *n = calloc(1, sizeof *n);
    n->name = networks[i].name;
    networks[i].build(n);
    bind(n, allocate(8 << 20));
    size_t bytes = 0;
    for (int32_t l = 0; l < n->count; ++l) {
      const edge_conv *p = &n->layers[l].conv;
      size_t need = n->layers[l].depthwise ? edge_depthwise_scratch_s8(p) : edge_conv_scratch_s8(p);
      bytes = need > bytes ? need : bytes;
    }
    void *scratch = allocate(bytes);
    double best = 1e9;
    for (int r = 0; r < rounds; ++r) {
      double t = run_network(n, k, buffers, scratch);
      best = t < best ? t : best;
    }
    report(n, best, rate, verbose);
    free(scratch);
    free(n);
  }
  return 0;
}
