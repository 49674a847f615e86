/* Names of kernels that one source defines for several ISAs: edge_f32_unary__avx2. */
#ifndef EDGE_KERNEL_NAME_H
#define EDGE_KERNEL_NAME_H

#define EDGE_JOIN_(a, b) a##__##b
#define EDGE_JOIN(a, b) EDGE_JOIN_(a, b)
/* EDGE_ISA is defined by the file that includes a *.inc.h. */
#define EDGE_NAME(kernel) EDGE_JOIN(kernel, EDGE_ISA)

/* A loop over a chunk: vectors of one register, not unrolled, which would double the library for nothing. */
#define EDGE_CHUNK_LOOP _Pragma("clang loop interleave_count(1) unroll(disable)")

#define EDGE_INLINE static inline __attribute__((always_inline))

#endif
