/*
 * Errors of our own transcendental functions in ULP of the result, against libm in double. `functions` lists the
 * bounds that docs/numerics.md states; the second argument is the step through all float bit patterns.
 */
#include "kernel_test.h"

typedef struct function {
  const char *name;
  int32_t kind;
  double (*exact)(double);
  float low, high;   /* where the bound holds */
  double bound;      /* ULP */
  double floor;      /* results below this count as this large: sums that cancel */
} function;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }
static double elu(double x) { return x < 0 ? expm1(x) : x; }
static double silu(double x) { return x * sigmoid(x); }
static double gelu(double x) { return 0.5 * x * erfc(-x * M_SQRT1_2); }

static const function functions[] = {
    {"exp", EDGE_UNARY_EXP, exp, -104, 88.72f, 1.5, 0},
    {"log", EDGE_UNARY_LOG, log, 0, 3.4e38f, 1.5, 0},
    {"tanh", EDGE_UNARY_TANH, tanh, -3.4e38f, 3.4e38f, 2, 0},
    {"sigmoid", EDGE_UNARY_SIGMOID, sigmoid, -3.4e38f, 3.4e38f, 3, 0},
    {"erf", EDGE_UNARY_ERF, erf, -3.4e38f, 3.4e38f, 3, 0},
    {"softplus", EDGE_UNARY_SOFTPLUS, softplus, -3.4e38f, 3.4e38f, 4, 0},
    {"elu", EDGE_UNARY_ELU, elu, -3.4e38f, 3.4e38f, 3, 0},
    {"silu", EDGE_UNARY_SILU, silu, -3.4e38f, 3.4e38f, 4, 0x1p-120},
    {"gelu", EDGE_UNARY_GELU, gelu, -3.4e38f, 3.4e38f, 4, 0.25},
    {"sin", EDGE_UNARY_SIN, sin, -268435456.0f, 268435456.0f, 2, 0},
    {"cos", EDGE_UNARY_COS, cos, -268435456.0f, 268435456.0f, 2, 0},
    {"atan", EDGE_UNARY_ATAN, atan, -3.4e38f, 3.4e38f, 3, 0},
};

static double ulp(double exact, double floor) {
  double size = fabs(exact) > floor ? fabs(exact) : floor;
  if (size < 0x1p-126)
    return 0x1p-149;
  return ldexp(1, ilogb(size) - 23);
}

static void measure(const function *f, uint32_t step) {
  enum { CHUNK = 4096 };
  static float x[CHUNK], y[CHUNK];
  double worst = 0;
  float where = 0;
  uint64_t bits = test_seed % step;
  while (bits <= 0xffffffffu) {
    int n = 0;
    for (; n < CHUNK && bits <= 0xffffffffu; n++, bits += step) {
      uint32_t u = (uint32_t)bits;
      memcpy(&x[n], &u, sizeof u);
    }
    edge_kernels_select()->unary_f32(f->kind, x, y, n, 1.0f, 0.0f);
    digest(0, y, (size_t)n * sizeof *y);
    for (int i = 0; i < n; i++) {
      if (!(x[i] >= f->low && x[i] <= f->high))
        continue;
      double exact = f->exact(x[i]);
      if (fabs(exact) > 3.4028235e38)
        continue;
      double error = fabs(y[i] - exact) / ulp(exact, f->floor);
      if (!(error <= worst)) {
        worst = error;
        where = x[i];
      }
    }
  }
  printf("%-9s %.3f ulp at %a\n", f->name, worst, where);
  check(worst <= f->bound, "%s: %.3f ulp at %a, bound %.1f", f->name, worst, where, f->bound);
}

static void special(int32_t kind, float x, float expected) {
  float y;
  edge_kernels_select()->unary_f32(kind, &x, &y, 1, 1.0f, 0.0f);
  check(bits_of(y) == bits_of(canonical(expected)), "kind %d of %a: %a, not %a", kind, x, y, expected);
}

int main(int argc, char **argv) {
  test_begin(argc, argv);
  uint32_t step = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 4099;
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    measure(&functions[i], step);
    special(functions[i].kind, NAN, NAN);
    special(functions[i].kind, -NAN, NAN);
  }
  special(EDGE_UNARY_EXP, -INFINITY, 0);
  special(EDGE_UNARY_EXP, INFINITY, INFINITY);
  special(EDGE_UNARY_EXP, 89, INFINITY);
  special(EDGE_UNARY_EXP, 0, 1);
  special(EDGE_UNARY_LOG, 0, -INFINITY);
  special(EDGE_UNARY_LOG, -0.0f, -INFINITY);
  special(EDGE_UNARY_LOG, INFINITY, INFINITY);
  special(EDGE_UNARY_LOG, -1, NAN);
  special(EDGE_UNARY_LOG, -INFINITY, NAN);
  special(EDGE_UNARY_LOG, 1, 0);
  special(EDGE_UNARY_TANH, INFINITY, 1);
  special(EDGE_UNARY_TANH, -INFINITY, -1);
  special(EDGE_UNARY_TANH, -0.0f, -0.0f);
  special(EDGE_UNARY_SIN, -0.0f, -0.0f);
  special(EDGE_UNARY_ATAN, -0.0f, -0.0f);
  special(EDGE_UNARY_ATAN, INFINITY, 1.57079637f);
  special(EDGE_UNARY_ATAN, -INFINITY, -1.57079637f);
  special(EDGE_UNARY_ERF, -0.0f, -0.0f);
  special(EDGE_UNARY_ERF, INFINITY, 1);
  special(EDGE_UNARY_ERF, -INFINITY, -1);
  special(EDGE_UNARY_SIGMOID, INFINITY, 1);
  special(EDGE_UNARY_SIGMOID, -INFINITY, 0);
  special(EDGE_UNARY_SIGMOID, 0, 0.5f);
  special(EDGE_UNARY_SOFTPLUS, INFINITY, INFINITY);
  special(EDGE_UNARY_SOFTPLUS, -INFINITY, 0);
  special(EDGE_UNARY_ELU, -INFINITY, -1);
  special(EDGE_UNARY_SIN, INFINITY, NAN);
  special(EDGE_UNARY_COS, -INFINITY, NAN);
  special(EDGE_UNARY_COS, 0, 1);
  test_table_count = 1;
  return test_end();
}
