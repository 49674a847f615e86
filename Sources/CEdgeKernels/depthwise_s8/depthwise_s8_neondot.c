#include "depthwise_s8.h"

#if defined(__aarch64__)
#include "../kernel_name.h"
#define EDGE_DOT
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#include "../conv_s8/product_s8_neon.h"

#define EDGE_ISA neondot
#define EDGE_PIXELS 4
#include "depthwise_s8_neon.inc.h"
#pragma clang attribute pop
#endif
