#include "depthwise_s8.h"

#if defined(__aarch64__)
#include "../conv_s8/product_s8_neon.h"
#include "../kernel_name.h"

#define EDGE_ISA neon
#define EDGE_PIXELS 2
#include "depthwise_s8_neon.inc.h"
#endif
