#include "elementwise.h"
#include "math_f32.h"

#define EDGE_ISA scalar
#include "../compact.h"
#include "binary.inc.h"
#include "quantize.inc.h"
#include "unary.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
