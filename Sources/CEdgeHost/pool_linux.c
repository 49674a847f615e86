/*
 * The worker pool on Linux. One 64-bit word says which run is current and how many of its tasks are
 * unclaimed; a thread claims a task by compare-and-swap on it, so a thread that wakes late can
 * never touch a later run with an earlier run's task. The caller waits only for tasks that were
 * claimed: a worker that gets no processor time delays nobody.
 */
#define _GNU_SOURCE
#include "edge_host.h"

#if defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "old_glibc.h"
#include "pause.h"

#define WORKER_STACK_BYTES (256u * 1024u)
#define CALLER_SLEEPS 0x80000000u

typedef struct {
  edge_host_pool *pool;
  int32_t thread;
  pthread_t id;
} worker;

struct edge_host_pool {
  /* generation << 32 | unclaimed tasks */
  _Alignas(64) _Atomic uint64_t work;
  _Atomic(edge_host_task) task;
  _Atomic(void *) context;
  _Atomic int32_t tasks;
  /* Tasks not yet finished; CALLER_SLEEPS when the caller waits on this word. */
  _Alignas(64) _Atomic uint32_t pending;
  /* Futex of the sleeping workers, bumped to wake them. */
  _Alignas(64) _Atomic uint32_t bell;
  _Atomic uint32_t sleepers;
  _Atomic uint32_t in_sequence;
  _Atomic uint32_t stopping;
  int32_t threads;
  worker workers[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/* Claims and runs tasks until none is left; says whether any was run. */
static int work_until_claimed(edge_host_pool *pool, int32_t thread) {
  uint32_t finished = 0;
  uint64_t word = atomic_load_explicit(&pool->work, memory_order_acquire);
  while ((uint32_t)word != 0) {
    edge_host_task task = atomic_load_explicit(&pool->task, memory_order_relaxed);
    void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
    int32_t tasks = atomic_load_explicit(&pool->tasks, memory_order_relaxed);
    if (!atomic_compare_exchange_weak_explicit(&pool->work, &word, word - 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    task(context, tasks - (int32_t)(uint32_t)word, thread);
    finished++;
    word = atomic_load_explicit(&pool->work, memory_order_acquire);
  }
  if (finished == 0)
    return 0;
  uint32_t before = atomic_fetch_sub_explicit(&pool->pending, finished, memory_order_acq_rel);
  if (before == (CALLER_SLEEPS | finished))
    futex_wake(&pool->pending, 1);
  return 1;
}

static int has_work(edge_host_pool *pool) {
  return (uint32_t)atomic_load(&pool->work) != 0 || atomic_load(&pool->stopping) != 0;
}

/* Spins for a bounded time while a sequence is open, then sleeps until the bell rings. */
static void wait_for_work(edge_host_pool *pool) {
  if (atomic_load_explicit(&pool->in_sequence, memory_order_relaxed) != 0) {
    for (spin_timer timer = spin_start(); spin_goes_on(&timer);)
      if (has_work(pool))
        return;
  }
  atomic_fetch_add(&pool->sleepers, 1);
  uint32_t bell = atomic_load(&pool->bell);
  if (!has_work(pool))
    futex_wait(&pool->bell, bell);
  atomic_fetch_sub(&pool->sleepers, 1);
}

static void *worker_main(void *argument) {
  worker *self = argument;
  edge_host_pool *pool = self->pool;
  while (atomic_load_explicit(&pool->stopping, memory_order_acquire) == 0)
    if (!work_until_claimed(pool, self->thread))
      wait_for_work(pool);
  return NULL;
}

static void ring_bell(edge_host_pool *pool, int32_t count) {
  if (atomic_load(&pool->sleepers) == 0)
    return;
  atomic_fetch_add(&pool->bell, 1);
  futex_wake(&pool->bell, count);
}

/* Waits until every claimed task is finished: a short spin, then asleep on `pending`. */
static void wait_until_finished(edge_host_pool *pool) {
  for (spin_timer timer = spin_start(); spin_goes_on(&timer);)
    if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0)
      return;
  uint32_t pending = atomic_fetch_or_explicit(&pool->pending, CALLER_SLEEPS, memory_order_acq_rel);
  pending |= CALLER_SLEEPS;
  while (pending != CALLER_SLEEPS) {
    futex_wait(&pool->pending, pending);
    pending = atomic_load_explicit(&pool->pending, memory_order_acquire);
  }
}

void edge_host_pool_run(edge_host_pool *pool, int32_t tasks, edge_host_task task, void *context) {
  if (pool == NULL || tasks <= 1) {
    for (int32_t index = 0; index < tasks; index++)
      task(context, index, 0);
    return;
  }
  uint64_t generation = atomic_load_explicit(&pool->work, memory_order_relaxed) >> 32;
  atomic_store_explicit(&pool->task, task, memory_order_relaxed);
  atomic_store_explicit(&pool->context, context, memory_order_relaxed);
  atomic_store_explicit(&pool->tasks, tasks, memory_order_relaxed);
  atomic_store_explicit(&pool->pending, (uint32_t)tasks, memory_order_relaxed);
  atomic_store(&pool->work, (generation + 1) << 32 | (uint32_t)tasks);
  ring_bell(pool, tasks - 1 < pool->threads - 1 ? tasks - 1 : pool->threads - 1);
  work_until_claimed(pool, 0);
  wait_until_finished(pool);
}

void edge_host_pool_begin(edge_host_pool *pool) {
  if (pool != NULL)
    atomic_store_explicit(&pool->in_sequence, 1, memory_order_relaxed);
}

void edge_host_pool_end(edge_host_pool *pool) {
  if (pool != NULL)
    atomic_store_explicit(&pool->in_sequence, 0, memory_order_relaxed);
}

size_t edge_host_pool_bytes(int32_t threads) {
  if (threads <= 1)
    return 0;
  return (sizeof(edge_host_pool) + (size_t)threads * sizeof(worker) + 63) & ~(size_t)63;
}

static int start_thread(worker *self) {
  pthread_attr_t attributes;
  int code = pthread_attr_init(&attributes);
  if (code != 0)
    return code;
  pthread_attr_setstacksize(&attributes, WORKER_STACK_BYTES);
  code = pthread_create(&self->id, &attributes, worker_main, self);
  pthread_attr_destroy(&attributes);
  if (code == EINVAL) /* a program with very large thread-local storage needs the default size */
    code = pthread_create(&self->id, NULL, worker_main, self);
  return code;
}

edge_host_pool *edge_host_pool_start(void *memory, int32_t threads) {
  if (memory == NULL || threads <= 1 || !threads_are_linked())
    return NULL;
  edge_host_pool *pool = memory;
  *pool = (edge_host_pool){.threads = 1};
  /* Workers take no signals: the program's handlers run on the program's own threads. On Linux
   * sigprocmask changes the calling thread alone. */
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  int code = 0;
  while (pool->threads < threads && code == 0) {
    worker *self = &pool->workers[pool->threads - 1];
    *self = (worker){.pool = pool, .thread = pool->threads};
    code = start_thread(self);
    if (code == 0)
      pool->threads++;
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (code == 0)
    return pool;
  edge_host_pool_stop(pool);
  return NULL;
}

void edge_host_pool_stop(edge_host_pool *pool) {
  if (pool == NULL)
    return;
  atomic_store(&pool->stopping, 1);
  ring_bell(pool, pool->threads);
  for (int32_t index = 0; index < pool->threads - 1; index++)
    pthread_join(pool->workers[index].id, NULL);
}

#endif
