#include "reduce.h"
#include "../attention/attention.h"
#include "../linear/linear.h"
#include "../elementwise/math_f32.h"

#define EDGE_ISA scalar
#include "../compact.h"
#include "reduce_f32.inc.h"
#include "normalize_f32.inc.h"
#include "reduce_s8.inc.h"
#include "softmax_f32.inc.h"
#include "../linear/linear_s8.inc.h"
#include "../attention/attention_s8.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
