#include "conv_s8.h"

#if defined(__aarch64__)
#include "../kernel_name.h"
#include "product_s8_neon.h"

#define EDGE_ISA neon
#define EDGE_TILE_ROWS 3
#include "conv_s8_neon.inc.h"
#endif
