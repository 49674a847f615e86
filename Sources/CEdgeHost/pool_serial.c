/* The pool where there are no threads: a session with more than one thread cannot be opened. */
#include "edge_host.h"

#if !defined(__linux__)

size_t edge_host_pool_bytes(int32_t threads) {
  (void)threads;
  return 0;
}

edge_host_pool *edge_host_pool_start(void *memory, int32_t threads) {
  (void)memory;
  (void)threads;
  return NULL;
}

void edge_host_pool_stop(edge_host_pool *pool) { (void)pool; }

void edge_host_pool_run(edge_host_pool *pool, int32_t tasks, edge_host_task task, void *context) {
  (void)pool;
  for (int32_t index = 0; index < tasks; index++)
    task(context, index, 0);
}

void edge_host_pool_begin(edge_host_pool *pool) { (void)pool; }
void edge_host_pool_end(edge_host_pool *pool) { (void)pool; }

#endif
