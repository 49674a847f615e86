#include "elementwise.h"
#include "math_f32.h"

#define EDGE_ISA scalar
#include "binary.inc.h"
#include "quantize.inc.h"
#include "unary.inc.h"
