/* What the kernel test programs share: a seeded generator, guarded memory, digests and counting. */
#ifndef KERNEL_TEST_H
#define KERNEL_TEST_H

#include "edge_kernels.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t test_seed = 1, test_state = 1;
static int64_t test_passed, test_failed;

static inline uint32_t random_bits(void) {
  test_state = test_state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(test_state >> 32);
}

static inline int32_t random_int(int32_t low, int32_t high) {
  return low + (int32_t)(random_bits() % (uint32_t)(high - low + 1));
}

static inline float random_float(float low, float high) {
  return low + (high - low) * (float)(random_bits() >> 8) * 0x1p-24f;
}

/* Mostly moderate, sometimes zero, subnormal, huge, infinite or NaN. */
static inline float random_special(void) {
  static const float special[] = {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 1e-40f, -1e-40f, 3e38f, -3e38f, 1.0f, -1.0f};
  uint32_t pick = random_bits() % 64;
  return pick < 11 ? special[pick] : random_float(-8.0f, 8.0f);
}

static inline void check(int ok, const char *format, ...) {
  if (ok) {
    test_passed++;
    return;
  }
  if (test_failed++ < 20) {
    va_list list;
    va_start(list, format);
    printf("FAIL (seed %llu): ", (unsigned long long)test_seed);
    vprintf(format, list);
    printf("\n");
    va_end(list);
  }
}

/* Memory with 64 guard bytes before and after. Inputs' guards are noise that may be read. */
typedef struct guarded {
  unsigned char *block, *data;
  size_t bytes;
} guarded;

static inline guarded guarded_new(size_t bytes) {
  guarded g;
  g.block = aligned_alloc(64, (bytes + 64 + 64 + 63) / 64 * 64);
  g.data = g.block + 64;
  g.bytes = bytes;
  memset(g.block, 0xa5, bytes + 128);
  return g;
}

static inline int guarded_intact(const guarded *g) {
  for (int i = 0; i < 64; i++)
    if (g->block[i] != 0xa5 || g->data[g->bytes + (size_t)i] != 0xa5)
      return 0;
  return 1;
}

static inline guarded random_s8(int64_t n) {
  guarded g = guarded_new((size_t)n);
  for (int64_t i = 0; i < n; i++)
    g.data[i] = (unsigned char)random_bits();
  return g;
}

static inline guarded random_f32(int64_t n, float low, float high) {
  guarded g = guarded_new((size_t)n * sizeof(float));
  for (int64_t i = 0; i < n; i++)
    ((float *)g.data)[i] = random_float(low, high);
  return g;
}

static inline guarded special_f32(int64_t n) {
  guarded g = guarded_new((size_t)n * sizeof(float));
  for (int64_t i = 0; i < n; i++)
    ((float *)g.data)[i] = random_special();
  return g;
}

/* The tables of this machine, scalar first; each has a digest of everything it computed. */
enum { MOST_TABLES = 5 };
static const edge_kernels *test_tables[MOST_TABLES];
static uint64_t test_digests[MOST_TABLES];
static int test_table_count;

static inline void digest(int table, const void *data, size_t bytes) {
  const unsigned char *p = data;
  uint64_t h = test_digests[table];
  for (size_t i = 0; i < bytes; i++)
    h = (h ^ p[i]) * 0x100000001b3u;
  test_digests[table] = h;
}

/* Compares what table t wrote with the oracle's bytes, checks the guards and digests it. */
static inline void check_output(int t, const guarded *got, const void *expected, const char *what,
                                const char *shape) {
  size_t at = 0;
  while (at < got->bytes && got->data[at] == ((const unsigned char *)expected)[at])
    at++;
  check(at == got->bytes, "%s %s %s: byte %zu of %zu differs", test_tables[t]->isa, what, shape, at,
        got->bytes);
  check(guarded_intact(got), "%s %s %s: wrote outside", test_tables[t]->isa, what, shape);
  digest(t, got->data, got->bytes);
}

static inline void test_begin(int argc, char **argv) {
  static const char *const names[] = {"scalar", "avx2", "avx512vnni", "neon", "neondot"};
  if (argc > 1)
    test_seed = strtoull(argv[1], NULL, 10);
  test_state = test_seed * 0x9e3779b97f4a7c15u + 1;
  for (int i = 0; i < MOST_TABLES; i++) {
    const edge_kernels *table = edge_kernels_named(names[i]);
    if (!table)
      continue;
    test_digests[test_table_count] = 0xcbf29ce484222325u;
    test_tables[test_table_count++] = table;
  }
  printf("seed %llu, selected %s\n", (unsigned long long)test_seed, edge_kernels_select()->isa);
}

static inline int test_end(void) {
  for (int t = 0; t < test_table_count; t++)
    printf("digest %s %016llx\n", test_tables[t]->isa, (unsigned long long)test_digests[t]);
  printf("%lld passed, %lld failed\n", (long long)test_passed, (long long)test_failed);
  return test_failed != 0;
}

/* Oracles' building blocks. */
static inline uint32_t bits_of(float x) {
  uint32_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

static inline float canonical(float x) {
  if (x == x)
    return x;
  uint32_t u = 0x7fc00000;
  memcpy(&x, &u, sizeof x);
  return x;
}

static inline int8_t requantize(float v, int32_t zero, int32_t low, int32_t high) {
  if (v > 1073741824.0f)
    v = 1073741824.0f;
  if (!(v > -1073741824.0f))
    v = -1073741824.0f;
  int32_t q = (int32_t)nearbyintf(v) + zero;
  return (int8_t)(q < low ? low : q > high ? high : q);
}

#endif
