/* A spin of bounded length (about 40 microseconds) that makes no system call. */
#ifndef EDGE_PAUSE_H
#define EDGE_PAUSE_H

#include <stdint.h>
#include <time.h>

typedef struct {
  uint64_t start, ticks;
} spin_timer;

static inline uint64_t spin_clock(void) {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  uint64_t now;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(now));
  return now;
#else
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/* The longest spin in ticks of the clock. */
static inline uint64_t spin_ticks(void) {
#if defined(__x86_64__)
  return 100000; /* time-stamp counters run at 2 to 4 GHz */
#elif defined(__aarch64__)
  uint64_t frequency;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
  return frequency / 25000;
#else
  return 40000;
#endif
}

static inline spin_timer spin_start(void) { return (spin_timer){spin_clock(), spin_ticks()}; }

/* Pauses briefly; 0 when the time is up. */
static inline int spin_goes_on(const spin_timer *timer) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#endif
  return spin_clock() - timer->start < timer->ticks;
}

#endif
