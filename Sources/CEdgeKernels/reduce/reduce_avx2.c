#include "reduce.h"
#include "../attention/attention.h"
#include "../linear/linear.h"
#include "../elementwise/math_f32.h"

#if defined(__x86_64__)
#define EDGE_ISA avx2
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "reduce_f32.inc.h"
#include "normalize_f32.inc.h"
#include "reduce_s8.inc.h"
#include "softmax_f32.inc.h"
#include "../linear/linear_s8.inc.h"
#include "../attention/attention_s8.inc.h"
#pragma clang attribute pop
#endif
