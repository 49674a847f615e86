#include "spatial.h"
#include "../elementwise/math_f32.h"

#define EDGE_ISA scalar
#include "pool.inc.h"
#include "resize.inc.h"
