/*
 * edge_host.h: the only door from the runtime to libc: memory, files, clock, threads.
 * Plain C99; on a bare-metal build files and threads answer "not available".
 */
#ifndef EDGE_HOST_H
#define EDGE_HOST_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- memory and files ---- */
/* 64-byte aligned, zeroed; NULL when out of memory. */
void *edge_host_allocate(size_t bytes);
void edge_host_free(void *block);
/* What edge_host_map_file returns on a platform without files. */
#define EDGE_HOST_NO_FILES (-1)
/* Maps a whole regular file read-only. 0, or errno (EISDIR for a folder, EINVAL for a pipe or
 * device). An empty file gives *bytes == NULL, *size == 0. */
int32_t edge_host_map_file(const char *path, const void **bytes, size_t *size);
void edge_host_unmap_file(const void *bytes, size_t size);
/* Text of an errno value that a function here returned; static. */
const char *edge_host_error_text(int32_t code);

/* ---- clock ---- */
uint64_t edge_host_nanoseconds(void);

/* ---- cancellation flag: one atomic word inside the session ---- */
void edge_host_flag_set(uint32_t *flag, uint32_t value);
uint32_t edge_host_flag_get(const uint32_t *flag);

/* ---- worker pool ---- */
/* task(context, index, thread): index in [0, tasks), thread in [0, threads). */
typedef void (*edge_host_task)(void *context, int32_t index, int32_t thread);
typedef struct edge_host_pool edge_host_pool;
/* Bytes of a pool of `threads` threads (the caller counts as one); 64-byte multiple. 0 for threads
 * <= 1. */
size_t edge_host_pool_bytes(int32_t threads);
/* Starts threads-1 workers that sleep on a futex/condition between runs. NULL when a thread cannot
 * be started (those started are joined again). `memory` is 64-byte aligned and outlives the pool.
 */
edge_host_pool *edge_host_pool_start(void *memory, int32_t threads);
void edge_host_pool_stop(edge_host_pool *pool);
/* Runs tasks (65535 at most) on the pool, the caller taking part; returns when all are done. pool
 * NULL: on the caller alone. */
void edge_host_pool_run(edge_host_pool *pool, int32_t tasks, edge_host_task task, void *context);
/* Bracket a sequence of pool runs: workers spin briefly between them instead of sleeping. */
void edge_host_pool_begin(edge_host_pool *pool);
void edge_host_pool_end(edge_host_pool *pool);

#ifdef __cplusplus
}
#endif
#endif
