/*
 * Binds thread functions to the symbol versions of the oldest supported glibc (2.17), whatever
 * glibc the library is linked on: 2.34 gave them new versions without changing them. They are weak
 * because before 2.34 they live in libpthread: a program there that wants more than one thread
 * links with -pthread, and any other program loads the library all the same.
 */
#ifndef EDGE_OLD_GLIBC_H
#define EDGE_OLD_GLIBC_H

#include <pthread.h>

#if defined(__SANITIZE_THREAD__)
#define EDGE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define EDGE_SANITIZED 1 /* sanitizers must see the threads start */
#endif
#endif

#if defined(EDGE_SANITIZED) || !defined(__GLIBC__)
#elif defined(__x86_64__)
#define EDGE_OLD_VERSION "GLIBC_2.2.5"
#elif defined(__aarch64__)
#define EDGE_OLD_VERSION "GLIBC_2.17"
#endif

#if defined(EDGE_OLD_VERSION)
extern int edge_old_pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *)
    __attribute__((weak));
extern int edge_old_pthread_join(pthread_t, void **) __attribute__((weak));
extern int edge_old_pthread_attr_setstacksize(pthread_attr_t *, size_t) __attribute__((weak));
__asm__(".symver edge_old_pthread_create, pthread_create@" EDGE_OLD_VERSION);
__asm__(".symver edge_old_pthread_join, pthread_join@" EDGE_OLD_VERSION);
__asm__(".symver edge_old_pthread_attr_setstacksize, pthread_attr_setstacksize@" EDGE_OLD_VERSION);
#define pthread_create edge_old_pthread_create
#define pthread_join edge_old_pthread_join
#define pthread_attr_setstacksize edge_old_pthread_attr_setstacksize
#endif

static inline int threads_are_linked(void) {
#if defined(EDGE_OLD_VERSION)
  return pthread_create != NULL && pthread_join != NULL && pthread_attr_setstacksize != NULL;
#else
  return 1;
#endif
}

#endif
