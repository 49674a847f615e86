/*
 * Included by the scalar kernels and by code that hands work to kernels, whose last line pops the attribute. On ARM the scalar
 * kernels are compiled to vector code and run; on x86 they only define what the other tables do, and are kept small.
 */
#if defined(__x86_64__)
#define EDGE_COMPACT
#pragma clang attribute push(__attribute__((minsize)), apply_to = function)
#endif
