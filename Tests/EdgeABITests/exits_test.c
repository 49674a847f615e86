/* exits_test.c: a model with early exits from outside: options, report, budgets, no allocation, and at full depth the bytes of the
 * same model without exits.
 * usage: exits_test ADAPTIVE.edge UNCERTIFIED.edge PLAIN.edge      (linked to libedgert.so) */
#define _GNU_SOURCE
#include "check.h"
#include "edgert.h"

#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int is_counting, allocations;

void *malloc(size_t n) {
  static void *(*next)(size_t);
  if (!next)
    next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
  allocations += is_counting;
  return next(n);
}

static edgert_error error = {sizeof error, 0, 0, 0, 0, ""};

typedef struct {
  edgert_model *model;
  edgert_session *session;
} opened;

static opened open_model(const char *path, const edgert_model_options *options) {
  opened it = {NULL, NULL};
  CHECK(edgert_model_open_file(path, options, &it.model, &error) == EDGERT_OK);
  CHECK(edgert_session_open(it.model, NULL, &it.session, &error) == EDGERT_OK);
  return it;
}

static void close_model(opened it) {
  edgert_session_close(it.session);
  edgert_model_close(it.model);
}

/* Fills the inputs with waves that differ from seed to seed. */
static void fill(opened it, int seed) {
  for (uint32_t i = 0; i < edgert_model_input_count(it.model); i++) {
    edgert_tensor view = {0};
    view.struct_size = sizeof view;
    CHECK(edgert_map_input(it.session, i, &view) == EDGERT_OK);
    for (size_t k = 0; view.dtype == EDGERT_F32 && k < view.bytes / 4; k++)
      ((float *)view.data)[k] = 0.4f * sinf(0.01f * (float)(seed + 1) * (float)k) * cosf(0.003f * (float)k);
  }
}

static edgert_run_report run(opened it, const edgert_run_options *options) {
  edgert_run_report report = {0};
  report.struct_size = sizeof report;
  CHECK(edgert_run(it.session, options, &report, &error) == EDGERT_OK);
  return report;
}

static int same_output(opened a, opened b) {
  edgert_tensor x = {0}, y = {0};
  x.struct_size = y.struct_size = sizeof x;
  return edgert_map_output(a.session, 0, &x) == EDGERT_OK && edgert_map_output(b.session, 0, &y) == EDGERT_OK &&
         x.bytes == y.bytes && memcmp(x.data, y.data, x.bytes) == 0;
}

static void test_full_depth(opened adaptive, opened plain) {
  edgert_run_options whole = {0}, never = {0};
  whole.struct_size = never.struct_size = sizeof whole;
  whole.full_depth = 1;
  never.exit_threshold = INFINITY;
  for (int seed = 0; seed < 8; seed++) {
    fill(adaptive, seed);
    fill(plain, seed);
    run(plain, NULL);
    edgert_run_report report = run(adaptive, &whole);
    CHECK(report.exit_taken == 0 && report.blocks_skipped == 0 && same_output(adaptive, plain));
    run(adaptive, &never);
    CHECK(same_output(adaptive, plain));
  }
}

static void test_options(opened it) {
  edgert_run_options options = {0};
  options.struct_size = sizeof options;
  options.exit_threshold = INFINITY;
  uint32_t exits = run(it, &options).blocks_run - 1;
  CHECK(exits >= 1);
  for (uint32_t exit = 1; exit <= exits; exit++) {
    options.max_exit = (int32_t)exit;
    edgert_run_report report = run(it, &options);
    CHECK(report.exit_taken == exit && report.exit_forced == 1);
    CHECK(report.blocks_run == exit && report.blocks_skipped == exits + 1 - exit);
    CHECK(report.confidence >= 0 && report.confidence <= 1);
  }
  options.max_exit = 0;
  options.exit_threshold = 1e-6f;
  options.exit_criterion = EDGERT_EXIT_MARGIN;
  edgert_run_report easy = run(it, &options);
  CHECK(easy.exit_taken == 1 && easy.exit_forced == 0);
  for (int i = 0; i < 4; i++) {
    edgert_run_options bad = {0};
    bad.struct_size = sizeof bad;
    bad.exit_threshold = i == 0 ? NAN : i == 1 ? -1 : i == 2 ? 0 : 0.5f;
    bad.exit_criterion = i < 2 ? 0 : i == 2 ? EDGERT_EXIT_MARGIN : 77;
    CHECK(edgert_run(it.session, &bad, NULL, &error) == EDGERT_INVALID_ARGUMENT);
  }
  /* A caller with an older header has neither criterion nor exit_forced. */
  edgert_run_options old = {0};
  old.struct_size = offsetof(edgert_run_options, exit_criterion);
  old.exit_criterion = 77;
  edgert_run_report report;
  memset(&report, 0x5A, sizeof report);
  report.struct_size = offsetof(edgert_run_report, exit_forced);
  CHECK(edgert_run(it.session, &old, &report, &error) == EDGERT_OK);
  CHECK(report.exit_forced == 0x5A5A5A5A && report.blocks_run <= exits + 1);
}

static void test_budget(opened it) {
  edgert_run_options options = {0};
  options.struct_size = sizeof options;
  options.exit_threshold = INFINITY;
  options.budget_ns = 1;
  edgert_run_report tight = run(it, &options);
  CHECK(tight.exit_taken == 1 && tight.exit_forced == 1 && tight.budget_met == 0);
  options.budget_ns = 60000000000ull;
  edgert_run_report loose = run(it, &options);
  CHECK(loose.exit_taken == 0 && loose.budget_met == 1);
  allocations = 0;
  is_counting = 1;
  for (int i = 0; i < 20; i++) {
    options.budget_ns = loose.elapsed_ns * (uint64_t)i / 16 + 1;
    run(it, &options);
  }
  is_counting = 0;
  CHECK(allocations == 0);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: exits_test ADAPTIVE.edge UNCERTIFIED.edge PLAIN.edge\n");
    return 2;
  }
  edgert_model_options certified = {0};
  certified.struct_size = sizeof certified;
  certified.require_certificate = 1;
  opened adaptive = open_model(argv[1], &certified), plain = open_model(argv[3], &certified);
  edgert_model *refused = NULL;
  CHECK(edgert_model_open_file(argv[2], &certified, &refused, &error) == EDGERT_FEATURE_UNSUPPORTED);
  CHECK(refused == NULL && edgert_model_open_file(argv[2], NULL, &refused, &error) == EDGERT_OK);
  edgert_model_close(refused);
  if (adaptive.session && plain.session) {
    test_full_depth(adaptive, plain);
    test_options(adaptive);
    test_budget(adaptive);
    close_model(adaptive);
    close_model(plain);
  }
  return summary();
}
