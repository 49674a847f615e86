#include "conv_f32.h"
#include "../elementwise/math_f32.h"

#define EDGE_ISA scalar
#include "../compact.h"
#define EDGE_VECTOR 4
#define EDGE_TILE_ROWS 1
#define EDGE_TILE_PANELS 1
#define EDGE_THIN_PANELS 1
#include "store_f32.inc.h"
#include "tile_f32.inc.h"

#include "conv_f32.inc.h"
#include "depthwise_f32.inc.h"
#include "matmul_f32.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
