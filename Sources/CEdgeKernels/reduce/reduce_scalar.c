#include "reduce.h"
#include "../elementwise/math_f32.h"

#define EDGE_ISA scalar
#include "../compact.h"
#include "reduce_f32.inc.h"
#include "normalize_f32.inc.h"
#include "reduce_s8.inc.h"
#include "softmax_f32.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
