#include "conv_f32.h"
#include "../elementwise/math_f32.h"

#if defined(__aarch64__)
#define EDGE_ISA neon
#define EDGE_VECTOR 4
#define EDGE_TILE_ROWS 6
#define EDGE_TILE_PANELS 1
#define EDGE_HALF_ROWS 4
#define EDGE_THIN_PANELS 4
#define EDGE_TILE_LANES
#include "store_f32.inc.h"
#include "tile_f32.inc.h"

#include "conv_f32.inc.h"
#include "depthwise_f32.inc.h"
#include "matmul_f32.inc.h"
#endif
