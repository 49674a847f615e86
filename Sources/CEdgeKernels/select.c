#include "include/edge_kernels.h"

#include "attention/attention.h"
#include "conv_f32/conv_f32.h"
#include "conv_s8/conv_s8.h"
#include "depthwise_s8/depthwise_s8.h"
#include "elementwise/elementwise.h"
#include "linear/linear.h"
#include "recurrent/recurrent.h"
#include "reduce/reduce.h"
#include "spatial/spatial.h"
#include <stddef.h>

#define EDGE_CONV_S8(isa)                                                                          \
  .conv_s8 = edge_s8_conv__##isa, .conv_s8_name = "edge_s8_conv__" #isa,                           \
  .sparse_s8_name = "edge_s8_sparse__" #isa,                                                       \
  .product_s16 = edge_s16_product__##isa,

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
  .normalize_f32 = edge_f32_normalize__##isa, .code_rows = edge_s8_code_rows__##isa,               \
  .code_columns = edge_s8_code_columns__##isa, .softmax_codes = edge_s8_softmax_codes__##isa,      \
  .code_ranges = edge_s8_code_ranges__##isa, .finish_rows = edge_f32_finish_rows__##isa,           \
  .cell_f32 = edge_f32_cell__##isa,

static int same_name(const char *a, const char *b) {
  for (; *a && *a == *b; a++)
    b++;
  return *a == *b;
}

/* Where only one table is built. */
#define UNUSED __attribute__((unused))

UNUSED static const edge_kernels scalar = {
    .isa = "scalar",
    EDGE_CONV_S8(scalar) EDGE_DEPTHWISE_S8(scalar) EDGE_CONV_F32(scalar) EDGE_SIMPLE(scalar)};

#if defined(__x86_64__)

UNUSED static const edge_kernels avx2 = {
    .isa = "avx2", EDGE_CONV_S8(avx2) EDGE_DEPTHWISE_S8(avx2) EDGE_CONV_F32(avx2) EDGE_SIMPLE(avx2)};

/* Elementwise kernels wait for memory: wider registers bring nothing there. */
UNUSED static const edge_kernels avx512vnni = {
    .isa = "avx512vnni",
    EDGE_CONV_S8(avx512vnni) EDGE_DEPTHWISE_S8(avx512vnni) EDGE_CONV_F32(avx512) EDGE_SIMPLE(avx2)};

#define EDGE_TABLES &avx512vnni, &avx2, &scalar

/* By name, so that a table that is left out is not referred to. The built-ins ask CPUID and whether the system saves the registers. */
static int can_run(const edge_kernels *table) {
  __builtin_cpu_init();
  int has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (same_name(table->isa, "avx512vnni"))
    return has_avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vnni");
  return has_avx2 || same_name(table->isa, "scalar");
}

#elif defined(__aarch64__)

/* Plain loops come out as NEON for this target: the elementwise kernels are the scalar table's. */
UNUSED static const edge_kernels neon = {
    .isa = "neon",
    EDGE_CONV_S8(neon) EDGE_DEPTHWISE_S8(neon) EDGE_CONV_F32(neon) EDGE_SIMPLE(scalar)};

UNUSED static const edge_kernels neondot = {
    .isa = "neondot",
    EDGE_CONV_S8(neondot) EDGE_DEPTHWISE_S8(neon) EDGE_CONV_F32(neon) EDGE_SIMPLE(scalar)};

#define EDGE_TABLES &neondot, &neon, &scalar

static int can_run(const edge_kernels *table) {
#if defined(__linux__)
  return !same_name(table->isa, "neondot") || (getauxval(AT_HWCAP) & EDGE_HWCAP_ASIMDDP) != 0;
#else
  return !same_name(table->isa, "neondot");
#endif
}

#else

#define EDGE_TABLES &scalar

static int can_run(const edge_kernels *table) { return same_name(table->isa, "scalar"); }

#endif

/* tools/build --isa compiles this file with one table, and links only the kernels that it names. */
#ifdef EDGE_ONLY_ISA
#undef EDGE_TABLES
#define EDGE_TABLES &EDGE_ONLY_ISA
#endif

static const edge_kernels *const tables[] = {EDGE_TABLES};

enum { TABLES = sizeof tables / sizeof *tables };

const edge_kernels *edge_kernels_select(void) {
  int i = 0;
  while (i < TABLES - 1 && !can_run(tables[i]))
    i++;
  return tables[i];
}

int32_t edge_kernels_can_run(const edge_kernels *kernels) { return can_run(kernels); }

const edge_kernels *edge_kernels_named(const char *isa) {
  for (int i = 0; i < TABLES; i++)
    if (same_name(tables[i]->isa, isa) && can_run(tables[i]))
      return tables[i];
  return NULL;
}
