#include "conv_f32.h"
#include "../elementwise/math_f32.h"

#if defined(__x86_64__)
#define EDGE_ISA avx2
#define EDGE_VECTOR 8
#define EDGE_TILE_ROWS 6
#define EDGE_TILE_PANELS 1
#define EDGE_HALF_ROWS 4
#define EDGE_THIN_PANELS 4
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#include "store_f32.inc.h"
#include "tile_f32.inc.h"

#include "conv_f32.inc.h"
#include "depthwise_f32.inc.h"
#include "matmul_f32.inc.h"
#pragma clang attribute pop
#endif
