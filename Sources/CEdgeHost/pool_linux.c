/*
 * The worker pool on Linux. One 64-bit word says which run is current and which of its tasks are
 * unclaimed; a thread claims a task by compare-and-swap on it, so a thread that wakes late can
 * never touch a later run with an earlier run's task. The caller claims from the front and workers
 * from the back: from run to run a thread works on the same end of a tensor, which is in its cache.
 * The caller waits only for tasks that were claimed: a worker that gets no processor time delays
 * nobody but with the task that it is at.
 *
 * A worker that spins takes part within a microsecond; to wake one costs the caller about ten, and
 * it comes twenty later. So workers that sleep are woken only for a sequence that has time for it
 * left, by what the sequence before took.
 */
#define _GNU_SOURCE
#include "edge_host.h"

#if defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
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
  /* Where it last woke. */
  _Atomic int32_t processor;
  pthread_t id;
} worker;

struct edge_host_pool {
  /* generation << 32 | first unclaimed task << 16 | end of the unclaimed tasks */
  _Alignas(64) _Atomic uint64_t work;
  _Atomic(edge_host_task) task;
  _Atomic(void *) context;
  /* Tasks not yet finished; CALLER_SLEEPS when the caller waits on this word. */
  _Alignas(64) _Atomic uint32_t pending;
  /* Futex of the sleeping workers, bumped to wake them. */
  _Alignas(64) _Atomic uint32_t bell;
  _Atomic uint32_t sleepers;
  _Atomic uint32_t in_sequence;
  _Atomic uint32_t stopping;
  /* Where the caller was when its sequence began. */
  _Atomic int32_t caller_processor;
  int32_t threads;
  /* Time inside runs: of the sequence so far, and of the one before. */
  uint64_t ticks, ticks_before;
  worker workers[];
};

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int32_t count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

static uint32_t first_of(uint64_t work) { return (uint32_t)work >> 16; }
static uint32_t end_of(uint64_t work) { return (uint32_t)work & 0xffff; }
static int is_unclaimed(uint64_t work) { return first_of(work) != end_of(work); }

/* Claims and runs tasks until none is left; says whether any was run. */
static int work_until_claimed(edge_host_pool *pool, int32_t thread) {
  uint32_t finished = 0;
  uint64_t word = atomic_load_explicit(&pool->work, memory_order_acquire);
  while (is_unclaimed(word)) {
    edge_host_task task = atomic_load_explicit(&pool->task, memory_order_relaxed);
    void *context = atomic_load_explicit(&pool->context, memory_order_relaxed);
    uint64_t rest = thread == 0 ? word + (1u << 16) : word - 1;
    uint32_t index = thread == 0 ? first_of(word) : end_of(rest);
    if (!atomic_compare_exchange_weak_explicit(&pool->work, &word, rest, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    task(context, (int32_t)index, thread);
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
  return is_unclaimed(atomic_load(&pool->work)) || atomic_load(&pool->stopping) != 0;
}

/* Whether a worker shares the caller's processor: then neither waits for the other by spinning. */
static int is_beside_caller(edge_host_pool *pool, worker *self) {
  return atomic_load_explicit(&self->processor, memory_order_relaxed) ==
         atomic_load_explicit(&pool->caller_processor, memory_order_relaxed);
}

/* Spins for a bounded time while a sequence is open, then sleeps until the bell rings. */
static void wait_for_work(worker *self) {
  edge_host_pool *pool = self->pool;
  if (!is_beside_caller(pool, self)) {
    for (spin_timer timer = spin_start();
         atomic_load_explicit(&pool->in_sequence, memory_order_relaxed) != 0 &&
         spin_goes_on(&timer);)
      if (has_work(pool))
        return;
  }
  atomic_fetch_add(&pool->sleepers, 1);
  uint32_t bell = atomic_load(&pool->bell);
  if (!has_work(pool))
    futex_wait(&pool->bell, bell);
  atomic_fetch_sub(&pool->sleepers, 1);
  atomic_store_explicit(&self->processor, sched_getcpu(), memory_order_relaxed);
}

static void *worker_main(void *argument) {
  worker *self = argument;
  edge_host_pool *pool = self->pool;
  while (atomic_load_explicit(&pool->stopping, memory_order_acquire) == 0)
    if (!work_until_claimed(pool, self->thread))
      wait_for_work(self);
  return NULL;
}

static void ring_bell(edge_host_pool *pool, int32_t count) {
  if (atomic_load(&pool->sleepers) == 0)
    return;
  atomic_fetch_add(&pool->bell, 1);
  futex_wake(&pool->bell, count);
}

/* Whether the sequence goes on for long enough to wake workers for it. */
static int is_worth_waking(const edge_host_pool *pool) {
  uint64_t left =
      pool->ticks_before > pool->ticks ? pool->ticks_before - pool->ticks : pool->ticks;
  return left >= spin_ticks();
}

static int is_worker_beside(edge_host_pool *pool) {
  for (int32_t index = 0; index < pool->threads - 1; index++)
    if (is_beside_caller(pool, &pool->workers[index]))
      return 1;
  return 0;
}

/* Waits until every claimed task is finished: a short spin, then asleep on `pending`. */
static void wait_until_finished(edge_host_pool *pool) {
  if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0)
    return;
  if (!is_worker_beside(pool)) {
    for (spin_timer timer = spin_start(); spin_goes_on(&timer);)
      if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0)
        return;
  }
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
  uint64_t start = spin_clock();
  uint64_t generation = atomic_load_explicit(&pool->work, memory_order_relaxed) >> 32;
  atomic_store_explicit(&pool->task, task, memory_order_relaxed);
  atomic_store_explicit(&pool->context, context, memory_order_relaxed);
  atomic_store_explicit(&pool->pending, (uint32_t)tasks, memory_order_relaxed);
  atomic_store(&pool->work, (generation + 1) << 32 | (uint32_t)tasks);
  if (is_worth_waking(pool))
    ring_bell(pool, tasks - 1 < pool->threads - 1 ? tasks - 1 : pool->threads - 1);
  work_until_claimed(pool, 0);
  wait_until_finished(pool);
  pool->ticks += spin_clock() - start;
}

void edge_host_pool_begin(edge_host_pool *pool) {
  if (pool == NULL)
    return;
  atomic_store_explicit(&pool->caller_processor, sched_getcpu(), memory_order_relaxed);
  atomic_store_explicit(&pool->in_sequence, 1, memory_order_relaxed);
}

void edge_host_pool_end(edge_host_pool *pool) {
  if (pool == NULL)
    return;
  atomic_store_explicit(&pool->in_sequence, 0, memory_order_relaxed);
  pool->ticks_before = pool->ticks;
  pool->ticks = 0;
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
  /* The first sequence may be as long as any. */
  *pool = (edge_host_pool){.threads = 1, .ticks_before = UINT64_MAX};
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
