/* Memory of the kernel benchmarks: 64-byte aligned, a cache line more than asked, touched. */
#ifndef ALLOCATE_H
#define ALLOCATE_H

#include <stdlib.h>
#include <string.h>

static void *allocate(size_t bytes) {
  void *p = aligned_alloc(64, (bytes + 191) / 64 * 64);
  if (!p)
    exit(2);
  memset(p, 1, (bytes + 191) / 64 * 64);
  return p;
}

#endif
