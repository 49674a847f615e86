#include "include/edge_kernels.h"

#include "conv_f32/conv_f32.h"
#include "conv_s8/conv_s8.h"
#include "depthwise_s8/depthwise_s8.h"
#include "elementwise/elementwise.h"
#include "reduce/reduce.h"
#include "spatial/spatial.h"
#include <stddef.h>

#define EDGE_CONV_S8(isa)                                                                          \
  .conv_s8 = edge_s8_conv__##isa, .conv_s8_name = "edge_s8_conv__" #isa,

#define EDGE_DEPTHWISE_S8(isa)                                                                     \
  .depthwise_s8 = edge_s8_depthwise__##isa, .depthwise_s8_name = "edge_s8_depthwise__" #isa,

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#define EDGE_HWCAP_ASIMDDP (1ul << 20)
#endif

#define EDGE_CONV_F32(isa)                                                                         \
  .conv_f32 = edge_f32_conv__##isa, .conv_f32_name = "edge_f32_conv__" #isa,                       \
  .depthwise_f32 = edge_f32_depthwise__##isa, .depthwise_f32_name = "edge_f32_depthwise__" #isa,   \
  .matmul_f32 = edge_f32_matmul__##isa,

#define EDGE_SIMPLE(isa)                                                                           \
  .max_pool_s8 = edge_s8_max_pool__##isa, .max_pool_f32 = edge_f32_max_pool__##isa,                \
  .average_pool_s8 = edge_s8_average_pool__##isa,                                                  \
  .average_pool_f32 = edge_f32_average_pool__##isa,                                                \
  .resize_nearest = edge_any_resize_nearest__##isa,                                                \
  .resize_linear_s8 = edge_s8_resize_linear__##isa,                                                \
  .resize_linear_f32 = edge_f32_resize_linear__##isa, .lut_s8 = edge_s8_lut__##isa,                \
  .unary_f32 = edge_f32_unary__##isa, .binary_f32 = edge_f32_binary__##isa,                        \
  .binary_s8 = edge_s8_binary__##isa, .quantize_s8 = edge_s8_quantize__##isa,                      \
  .dequantize_s8 = edge_s8_dequantize__##isa, .reduce_f32 = edge_f32_reduce__##isa,                \
  .reduce_s8 = edge_s8_reduce__##isa, .softmax_f32 = edge_f32_softmax__##isa,                      \
  .normalize_f32 = edge_f32_normalize__##isa,

static const edge_kernels scalar = {
    .isa = "scalar",
    EDGE_CONV_S8(scalar) EDGE_DEPTHWISE_S8(scalar) EDGE_CONV_F32(scalar) EDGE_SIMPLE(scalar)};

#if defined(__x86_64__)

static const edge_kernels avx2 = {
    .isa = "avx2", EDGE_CONV_S8(avx2) EDGE_DEPTHWISE_S8(avx2) EDGE_CONV_F32(avx2) EDGE_SIMPLE(avx2)};

/* Elementwise kernels wait for memory: wider registers bring nothing there. */
static const edge_kernels avx512vnni = {
    .isa = "avx512vnni",
    EDGE_CONV_S8(avx512vnni) EDGE_DEPTHWISE_S8(avx512vnni) EDGE_CONV_F32(avx512) EDGE_SIMPLE(avx2)};

static const edge_kernels *const tables[] = {&avx512vnni, &avx2, &scalar};

/* The built-ins ask CPUID and whether the system saves the registers. */
static int can_run(const edge_kernels *table) {
  __builtin_cpu_init();
  int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (table == &avx512vnni)
    return has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
  return table == &scalar || has_avx2;
}

#elif defined(__aarch64__)

/* Plain loops come out as NEON for this target: the elementwise kernels are the scalar table's. */
static const edge_kernels neon = {
    .isa = "neon",
    EDGE_CONV_S8(neon) EDGE_DEPTHWISE_S8(neon) EDGE_CONV_F32(neon) EDGE_SIMPLE(scalar)};

static const edge_kernels neondot = {
    .isa = "neondot",
    EDGE_CONV_S8(neondot) EDGE_DEPTHWISE_S8(neon) EDGE_CONV_F32(neon) EDGE_SIMPLE(scalar)};

static const edge_kernels *const tables[] = {&neondot, &neon, &scalar};

static int can_run(const edge_kernels *table) {
#if defined(__linux__)
  return table != &neondot || (getauxval(AT_HWCAP) & EDGE_HWCAP_ASIMDDP) != 0;
#else
  return table != &neondot;
#endif
}

#else

static const edge_kernels *const tables[] = {&scalar};

static int can_run(const edge_kernels *table) { return table == &scalar; }

#endif

enum { TABLES = sizeof tables / sizeof *tables };

const edge_kernels *edge_kernels_select(void) {
  for (int i = 0; i < TABLES; i++)
    if (can_run(tables[i]))
      return tables[i];
  return &scalar;
}

static int same_name(const char *a, const char *b) {
  for (; *a && *a == *b; a++)
    b++;
  return *a == *b;
}

const edge_kernels *edge_kernels_named(const char *isa) {
  for (int i = 0; i < TABLES; i++)
    if (same_name(tables[i]->isa, isa) && can_run(tables[i]))
      return tables[i];
  return NULL;
}
