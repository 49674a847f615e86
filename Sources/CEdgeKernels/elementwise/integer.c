/*
 * Integer and bool arithmetic, one version for all machines: elements of any width are widened to 64 bits a chunk at
 * a time, and what is stored wraps. Shape arithmetic, indices and masks: small code before fast code.
 */
#include "../include/edge_kernels.h"

#pragma clang attribute push(__attribute__((minsize)), apply_to = function)

enum { CHUNK = 64 };

/* Two operands of one type, of which a step of 0 repeats the first element. */
typedef struct operands {
  int32_t type, a_step, b_step;
  const void *a, *b;
  int64_t n;
} operands;

static int32_t byte_count(int32_t type) {
  return type == EDGE_INTEGER_S64   ? 8
         : type == EDGE_INTEGER_S32 ? 4
         : type == EDGE_INTEGER_S16 ? 2
                                    : 1;
}

static void load(int32_t type, const void *x, int32_t step, int64_t *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    int32_t at = i * step;
    switch (type) {
    case EDGE_INTEGER_S8:
      y[i] = ((const int8_t *)x)[at];
      break;
    case EDGE_INTEGER_U8:
      y[i] = ((const uint8_t *)x)[at];
      break;
    case EDGE_INTEGER_S16:
      y[i] = ((const int16_t *)x)[at];
      break;
    case EDGE_INTEGER_S32:
      y[i] = ((const int32_t *)x)[at];
      break;
    case EDGE_INTEGER_S64:
      y[i] = ((const int64_t *)x)[at];
      break;
    default:
      y[i] = ((const uint8_t *)x)[at] != 0;
    }
  }
}

static void store(int32_t bytes, const int64_t *x, void *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) {
    if (bytes == 8)
      ((int64_t *)y)[i] = x[i];
    else if (bytes == 4)
      ((int32_t *)y)[i] = (int32_t)x[i];
    else if (bytes == 2)
      ((int16_t *)y)[i] = (int16_t)x[i];
    else
      ((int8_t *)y)[i] = (int8_t)x[i];
  }
}

/* The next chunk of both operands; returns its elements. */
static int32_t load_pair(const operands *p, int64_t i, int64_t *a, int64_t *b) {
  int32_t bytes = byte_count(p->type);
  int32_t count = p->n - i < CHUNK ? (int32_t)(p->n - i) : CHUNK;
  load(p->type, (const char *)p->a + i * p->a_step * bytes, p->a_step, a, count);
  load(p->type, (const char *)p->b + i * p->b_step * bytes, p->b_step, b, count);
  return count;
}

/* base^exponent, wrapping; 1 / base^-exponent towards zero, and 0 for a base of 0. */
static int64_t power(int64_t base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == -1 ? ((exponent & 1) ? -1 : 1) : 0;
  uint64_t result = 1, square = (uint64_t)base;
  for (; exponent; exponent >>= 1, square *= square)
    if (exponent & 1)
      result *= square;
  return (int64_t)result;
}

static int64_t quotient(int64_t a, int64_t b) {
  return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int64_t arithmetic(int32_t kind, int64_t a, int64_t b, int32_t width) {
  uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
  int64_t rest;
  switch (kind) {
  case EDGE_BINARY_ADD:
    return (int64_t)(ua + ub);
  case EDGE_BINARY_SUB:
    return (int64_t)(ua - ub);
  case EDGE_BINARY_MUL:
    return (int64_t)(ua * ub);
  case EDGE_BINARY_DIV:
    return quotient(a, b);
  case EDGE_BINARY_MIN:
    return a < b ? a : b;
  case EDGE_BINARY_MAX:
    return a > b ? a : b;
  case EDGE_BINARY_POW:
    return power(a, b);
  case EDGE_BINARY_MOD:
  case EDGE_BINARY_FMOD:
    rest = b == 0 ? 0 : (int64_t)(ua - (uint64_t)quotient(a, b) * ub);
    return kind == EDGE_BINARY_MOD && rest != 0 && (rest ^ b) < 0 ? rest + b : rest;
  case EDGE_BINARY_AND:
    return a & b;
  case EDGE_BINARY_OR:
    return a | b;
  case EDGE_BINARY_XOR:
    return a ^ b;
  case EDGE_BINARY_SHIFT_LEFT:
    return ub < (uint64_t)width ? (int64_t)(ua << ub) : 0;
  case EDGE_BINARY_SHIFT_RIGHT:
    return a >> (ub < (uint64_t)width ? b : 63);
  }
  return a;
}

void edge_integer_binary(int32_t kind, int32_t type, const void *a, int32_t a_step, const void *b,
                         int32_t b_step, void *y, int64_t n) {
  operands p = {type, a_step, b_step, a, b, n};
  int64_t va[CHUNK], vb[CHUNK];
  int32_t bytes = byte_count(type);
  for (int64_t i = 0; i < n; i += CHUNK) {
    int32_t count = load_pair(&p, i, va, vb);
    for (int32_t l = 0; l < count; l++)
      va[l] = arithmetic(kind, va[l], vb[l], bytes * 8);
    store(bytes, va, (char *)y + i * bytes, count);
  }
}

void edge_integer_compare(int32_t kind, int32_t type, const void *a, int32_t a_step, const void *b,
                          int32_t b_step, uint8_t *y, int64_t n) {
  operands p = {type, a_step, b_step, a, b, n};
  int64_t va[CHUNK], vb[CHUNK];
  for (int64_t i = 0; i < n; i += CHUNK) {
    int32_t count = load_pair(&p, i, va, vb);
    for (int32_t l = 0; l < count; l++) {
      y[i + l] = kind == EDGE_COMPARE_EQUAL       ? va[l] == vb[l]
                 : kind == EDGE_COMPARE_NOT_EQUAL ? va[l] != vb[l]
                 : kind == EDGE_COMPARE_LESS      ? va[l] < vb[l]
                                                  : va[l] <= vb[l];
    }
  }
}

#pragma clang attribute pop
