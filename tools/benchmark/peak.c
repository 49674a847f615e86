/*
 * INT8 multiply-accumulates a second on one core, in registers alone, by the widest instruction that this CPU has:
 * vpdpbusd, vpmaddwd with vpaddd, or sdot. What a kernel's time is measured against.
 *
 * clang -O2 tools/benchmark/peak.c -o peak; pin it to a core. Prints the rate in GMAC/s and the instruction.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { sums = 12, passes = 1000000, rounds = 40 };

typedef struct unit {
  const char *name;
  double macs; /* of one call of run */
  int32_t (*run)(void);
} unit;

#if defined(__x86_64__)
#include <immintrin.h>

#define PASSES(vector, zero, step)                                                                                             \
  vector acc[sums];                                                                                                            \
  for (int i = 0; i < sums; i++)                                                                                               \
    acc[i] = zero;                                                                                                             \
  for (int n = 0; n < passes; n++) {                                                                                           \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++) {                                                        \
      __asm__ volatile("" : "+x"(a), "+x"(b)); /* each product is computed anew */                                             \
      acc[i] = step;                                                                                                           \
    }                                                                                                                          \
  }

__attribute__((target("avx512f,avx512vnni"))) static int32_t vnni(void) {
  __m512i a = _mm512_set1_epi8(1), b = _mm512_set1_epi8(2);
  PASSES(__m512i, _mm512_setzero_si512(), _mm512_dpbusd_epi32(acc[i], a, b))
  for (int i = 1; i < sums; i++)
    acc[0] = _mm512_add_epi32(acc[0], acc[i]);
  return _mm512_reduce_add_epi32(acc[0]);
}

__attribute__((target("avx2"))) static int32_t avx2(void) {
  __m256i a = _mm256_set1_epi16(1), b = _mm256_set1_epi16(2);
  PASSES(__m256i, _mm256_setzero_si256(), _mm256_add_epi32(acc[i], _mm256_madd_epi16(a, b)))
  for (int i = 1; i < sums; i++)
    acc[0] = _mm256_add_epi32(acc[0], acc[i]);
  return _mm256_extract_epi32(acc[0], 0);
}

static unit best(void) {
  if (__builtin_cpu_supports("avx512vnni"))
    return (unit){"vpdpbusd zmm", 64.0 * sums * passes, vnni};
  return (unit){"vpmaddwd ymm", 16.0 * sums * passes, avx2};
}

#else
#include <arm_neon.h>

__attribute__((target("dotprod"))) static int32_t dot(void) {
  int8x16_t a = vdupq_n_s8(1), b = vdupq_n_s8(2);
  int32x4_t acc[sums];
  for (int i = 0; i < sums; i++)
    acc[i] = vdupq_n_s32(0);
  for (int n = 0; n < passes; n++) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < sums; i++) acc[i] = vdotq_s32(acc[i], a, b);
    __asm__ volatile("" : "+w"(a), "+w"(b));
  }
  for (int i = 1; i < sums; i++)
    acc[0] = vaddq_s32(acc[0], acc[i]);
  return vaddvq_s32(acc[0]);
}

static unit best(void) { return (unit){"sdot", 16.0 * sums * passes, dot}; }
#endif

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
  unit u = best();
  double least = 1e9;
  volatile int32_t keep = 0;
  for (int r = 0; r < rounds; r++) {
    double start = seconds();
    keep += u.run();
    double time = seconds() - start;
    least = time < least ? time : least;
  }
  printf("%.1f %s\n", 1e-9 * u.macs / least, u.name);
  return 0;
}
