#include "include/edge_kernels.h"

/* Bit c: operator code c is there, with another and with an int8 first operand. tools/build --only-for compiles this file with
 * narrower sets, and links only what they name. */
#ifndef EDGE_OPERATORS
#define EDGE_OPERATORS {~0ull, ~0ull}
#define EDGE_OPERATORS_S8 {~0ull, ~0ull}
#endif

static const uint64_t operators[2] = EDGE_OPERATORS, operators_s8[2] = EDGE_OPERATORS_S8;

int32_t edge_operator_set_has(int32_t code, int32_t is_s8) {
  const uint64_t *set = is_s8 ? operators_s8 : operators;
  return code >= 0 && code < 128 && (set[code / 64] >> (code % 64) & 1) != 0;
}

/* Stands for what was left out; never called, because validation refuses such nodes. */
void edge_operator_absent(void) {}
