/* Memory, clock and flags. Threads are in pool_*.c, files in file_*.c. */
#define _POSIX_C_SOURCE 200809L
#include "edge_host.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#if defined(__unix__)
#include <time.h>
#endif

_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a flag is one plain word");

void *edge_host_allocate(size_t bytes) {
  void *block = NULL;
  size_t rounded = bytes == 0 ? 64 : (bytes + 63) & ~(size_t)63;
  if (rounded < bytes || posix_memalign(&block, 64, rounded) != 0)
    return NULL;
  return memset(block, 0, rounded);
}

void edge_host_free(void *block) { free(block); }

uint64_t edge_host_nanoseconds(void) {
#if defined(__unix__)
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#else
  return 0; /* no clock: budgets count as kept, reports say 0 */
#endif
}

void edge_host_flag_set(uint32_t *flag, uint32_t value) {
  atomic_store_explicit((_Atomic uint32_t *)flag, value, memory_order_release);
}

uint32_t edge_host_flag_get(const uint32_t *flag) {
  return atomic_load_explicit((_Atomic uint32_t *)flag, memory_order_acquire);
}

