#include "spatial.h"
#include "../elementwise/math_f32.h"

#define EDGE_ISA scalar
#include "../compact.h"
#include "pool.inc.h"
#include "resize.inc.h"

#ifdef EDGE_COMPACT
#pragma clang attribute pop
#endif
