#include "elementwise.h"
#include "math_f32.h"

#if defined(__x86_64__)
#define EDGE_ISA avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "binary.inc.h"
#include "quantize.inc.h"
#include "unary.inc.h"
#pragma clang attribute pop
#endif
