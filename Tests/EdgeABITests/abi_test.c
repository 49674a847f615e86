/* abi_test.c: the C ABI from outside: statuses, versioned structs, memory, allocations, threads.
 * usage: abi_test MODEL.edge      (linked to libedgert.so) */
#define _GNU_SOURCE
#include "check.h"
#include "edgert.h"

#include <dlfcn.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* ---- an allocation counter: these definitions interpose libc's for the library too ---- */

static atomic_int is_counting, allocations;

static void count(void) {
  if (is_counting)
    allocations++;
}

void *malloc(size_t n) {
  static void *(*next)(size_t);
  if (!next)
    next = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
  count();
  return next(n);
}
void *realloc(void *p, size_t n) {
  static void *(*next)(void *, size_t);
  if (!next)
    next = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "realloc");
  count();
  return next(p, n);
}
int posix_memalign(void **p, size_t alignment, size_t n) {
  static int (*next)(void **, size_t, size_t);
  if (!next)
    next = (int (*)(void **, size_t, size_t))dlsym(RTLD_NEXT, "posix_memalign");
  count();
  return next(p, alignment, n);
}
void *aligned_alloc(size_t alignment, size_t n) {
  void *p = NULL;
  return posix_memalign(&p, alignment, n) ? NULL : p;
}

/* ---- the tests ---- */

static edgert_error error = {sizeof error, 0, 0, 0, 0, ""};
static edgert_model *model;

static size_t elements(const edgert_tensor_info *info) {
  size_t n = 1;
  for (uint32_t i = 0; i < info->rank; i++)
    n *= (size_t)info->max_dims[i];
  return n;
}

static edgert_tensor_info input_info(void) {
  edgert_tensor_info info = {0};
  info.struct_size = sizeof info;
  CHECK(edgert_model_input_info(model, 0, &info) == EDGERT_OK);
  return info;
}

/* A float tensor with a fixed pattern, shaped like the model's first input. */
static edgert_tensor pattern(void) {
  edgert_tensor_info info = input_info();
  size_t n = elements(&info);
  float *data = malloc(n * sizeof *data);
  for (size_t i = 0; i < n; i++)
    data[i] = 0.3f * sinf(0.05f * (float)i) + 0.1f * sinf(0.31f * (float)i);
  edgert_tensor tensor = {0};
  tensor.struct_size = sizeof tensor;
  tensor.dtype = EDGERT_F32;
  tensor.rank = info.rank;
  memcpy(tensor.dims, info.max_dims, sizeof tensor.dims);
  tensor.data = data;
  tensor.bytes = n * sizeof *data;
  return tensor;
}

static void test_open(const char *path) {
  edgert_model *none = NULL;
  CHECK(edgert_model_open_file(NULL, NULL, &none, &error) == EDGERT_INVALID_ARGUMENT);
  CHECK(edgert_model_open_file("/nonexistent.edge", NULL, &none, &error) == EDGERT_FILE_UNREADABLE);
  CHECK(error.status == EDGERT_FILE_UNREADABLE && strlen(error.message) > 20);
  CHECK(edgert_model_open_file("/", NULL, &none, &error) == EDGERT_FILE_UNREADABLE);
  CHECK(edgert_model_open_memory("not a model at all, but long enough for a look at its first bytes, surely",
                                 64, NULL, &none, NULL) != EDGERT_OK);
  edgert_model_options options = {0, 0, 0}; /* struct_size is missing */
  CHECK(edgert_model_open_file(path, &options, &none, &error) == EDGERT_INVALID_ARGUMENT);
  CHECK(none == NULL);
  CHECK(edgert_model_open_file(path, NULL, &model, &error) == EDGERT_OK);
  edgert_model_close(NULL);
  edgert_session_close(NULL);
}

static void test_describe(void) {
  CHECK(edgert_version() == (EDGERT_VERSION_MAJOR << 16 | EDGERT_VERSION_MINOR << 8 | EDGERT_VERSION_PATCH));
  CHECK(strcmp(edgert_status_name(EDGERT_MODEL_CORRUPT), "EDGERT_MODEL_CORRUPT") == 0);
  CHECK(strcmp(edgert_status_name(12345), "unknown") == 0);
  CHECK(strlen(edgert_kernel_isa()) > 0);
  CHECK(edgert_model_input_count(model) >= 1 && edgert_model_output_count(model) >= 1);
  CHECK(edgert_model_input_count(NULL) == 0);
  edgert_tensor_info info = input_info();
  CHECK(info.rank >= 1 && info.rank <= EDGERT_MAX_RANK && info.name[0] != 0);
  CHECK(edgert_model_input_info(model, 99, &info) == EDGERT_OUT_OF_RANGE);
  /* A caller with an older, shorter struct gets just its part. */
  edgert_tensor_info cut;
  memset(&cut, 0x5A, sizeof cut);
  cut.struct_size = 12;
  CHECK(edgert_model_input_info(model, 0, &cut) == EDGERT_OK);
  CHECK(cut.rank == info.rank && cut.dtype == info.dtype && cut.zero_point == 0x5A5A5A5A);
  CHECK(edgert_model_metadata(model, "no such key") == NULL);
  CHECK(edgert_model_metadata(model, "converter") != NULL);
}

static void test_errors(void) {
  edgert_session *session = NULL;
  CHECK(edgert_session_open(model, NULL, &session, &error) == EDGERT_OK);
  edgert_tensor view = {0};
  view.struct_size = sizeof view;
  CHECK(edgert_map_output(session, 0, &view) == EDGERT_WRONG_STATE);
  edgert_tensor in = pattern();
  edgert_tensor wrong = in;
  wrong.dims[in.rank - 1] += 1;
  CHECK(edgert_set_input(session, 0, &wrong, &error) == EDGERT_SHAPE_MISMATCH);
  CHECK(strstr(error.message, "input") != NULL);
  wrong = in;
  wrong.rank = 1 + in.rank % EDGERT_MAX_RANK;
  CHECK(edgert_set_input(session, 0, &wrong, &error) == EDGERT_SHAPE_MISMATCH);
  wrong = in;
  wrong.dtype = EDGERT_I64;
  CHECK(edgert_set_input(session, 0, &wrong, &error) == EDGERT_TYPE_MISMATCH);
  wrong = in;
  wrong.bytes -= 4;
  CHECK(edgert_set_input(session, 0, &wrong, &error) == EDGERT_INVALID_ARGUMENT);
  CHECK(edgert_set_input(session, 7, &in, &error) == EDGERT_OUT_OF_RANGE);
  CHECK(edgert_set_input(session, 0, &in, &error) == EDGERT_OK);
  CHECK(edgert_run(session, NULL, NULL, &error) == EDGERT_OK);
  size_t n = 0;
  float one;
  CHECK(edgert_get_output_f32(session, 0, &one, 0, &n) == EDGERT_MEMORY_TOO_SMALL && n > 0);
  CHECK(edgert_session_reset(session) == EDGERT_OK);
  edgert_session_close(session);
  free(in.data);
}

/* Runs in a block that ends where an unreadable page begins: touching a byte more would be fatal. */
static void test_memory(void) {
  for (uint32_t threads = 1; threads <= 4; threads += 3) {
    edgert_session_options options = {sizeof options, threads, NULL, 0};
    size_t bytes = 0, alignment = 0;
    CHECK(edgert_session_memory(model, &options, &bytes, &alignment) == EDGERT_OK);
    CHECK(alignment == 64 && bytes % 64 == 0);
    size_t page = (size_t)sysconf(_SC_PAGESIZE), whole = (bytes + page - 1) / page * page;
    char *base = mmap(NULL, whole + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(base + whole, page, PROT_NONE) == 0);
    memset(base, 0xA5, whole);
    options.memory = base + whole - bytes;
    options.memory_bytes = bytes - 1;
    edgert_session *session = NULL;
    CHECK(edgert_session_open(model, &options, &session, &error) == EDGERT_MEMORY_TOO_SMALL);
    options.memory = base + whole - bytes - 1;
    options.memory_bytes = bytes;
    CHECK(edgert_session_open(model, &options, &session, &error) == EDGERT_MEMORY_MISALIGNED);
    options.memory = base + whole - bytes;
    CHECK(edgert_session_open(model, &options, &session, &error) == EDGERT_OK);
    edgert_tensor in = pattern();
    CHECK(edgert_set_input(session, 0, &in, &error) == EDGERT_OK);
    CHECK(edgert_run(session, NULL, NULL, &error) == EDGERT_OK);
    edgert_session_close(session);
    int before = 1;
    for (char *p = base; p < base + whole - bytes; p++)
      before &= *p == (char)0xA5;
    CHECK(before);
    munmap(base, whole + page);
    free(in.data);
  }
}

static void test_no_allocation(void) {
  for (uint32_t threads = 1; threads <= 2; threads++) {
    edgert_session_options options = {sizeof options, threads, NULL, 0};
    edgert_session *session = NULL;
    CHECK(edgert_session_open(model, &options, &session, &error) == EDGERT_OK);
    edgert_tensor in = pattern();
    edgert_run_report report = {0};
    report.struct_size = sizeof report;
    allocations = 0;
    is_counting = 1;
    for (int i = 0; i < 5; i++) {
      CHECK(edgert_set_input(session, 0, &in, &error) == EDGERT_OK);
      CHECK(edgert_run(session, NULL, &report, &error) == EDGERT_OK);
    }
    is_counting = 0;
    CHECK(allocations == 0);
    CHECK(report.elapsed_ns > 0 && report.budget_met == 1 && report.exit_taken == 0);
    is_counting = 1; /* the counter does count */
    void *volatile block = malloc(1);
    is_counting = 0;
    free(block);
    CHECK(allocations == 1);
    edgert_session_close(session);
    free(in.data);
  }
}

/* Same bytes with any number of threads, from one call to the next, and when inputs are set once for several runs. */
static void test_same_bytes(void) {
  unsigned char *want = NULL;
  size_t bytes = 0;
  for (uint32_t threads = 1; threads <= 4; threads++) {
    edgert_session_options options = {sizeof options, threads, NULL, 0};
    edgert_session *session = NULL;
    CHECK(edgert_session_open(model, &options, &session, &error) == EDGERT_OK);
    edgert_tensor in = pattern();
    CHECK(edgert_set_input(session, 0, &in, &error) == EDGERT_OK);
    for (int i = 0; i < 3; i++) {
      CHECK(edgert_session_reset(session) == EDGERT_OK);
      CHECK(edgert_run(session, NULL, NULL, &error) == EDGERT_OK);
      edgert_tensor out = {0};
      out.struct_size = sizeof out;
      CHECK(edgert_map_output(session, 0, &out) == EDGERT_OK);
      if (!want) {
        bytes = out.bytes;
        want = malloc(bytes);
        memcpy(want, out.data, bytes);
      }
      CHECK(bytes == out.bytes && memcmp(want, out.data, bytes) == 0);
    }
    edgert_session_close(session);
    free(in.data);
  }
  free(want);
}

static void test_profile(void) {
  edgert_session *session = NULL;
  CHECK(edgert_session_open(model, NULL, &session, &error) == EDGERT_OK);
  CHECK(edgert_session_set_profiling(session, 1) == EDGERT_OK);
  CHECK(edgert_run(session, NULL, NULL, &error) == EDGERT_OK);
  uint32_t nodes = edgert_session_profile_count(session);
  CHECK(nodes > 0);
  uint64_t calls = 0;
  for (uint32_t i = 0; i < nodes; i++) {
    edgert_node_profile entry = {0};
    entry.struct_size = sizeof entry;
    CHECK(edgert_session_profile_entry(session, i, &entry) == EDGERT_OK);
    CHECK(entry.node == i && entry.op && entry.op[0] && entry.name);
    calls += entry.calls;
  }
  CHECK(calls == nodes);
  edgert_node_profile entry = {0};
  entry.struct_size = sizeof entry;
  CHECK(edgert_session_profile_entry(session, nodes, &entry) == EDGERT_OUT_OF_RANGE);
  edgert_session_close(session);
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: abi_test MODEL.edge\n");
    return 2;
  }
  test_open(argv[1]);
  if (model) {
    test_describe();
    test_errors();
    test_memory();
    test_no_allocation();
    test_same_bytes();
    test_profile();
    edgert_model_close(model);
  }
  return summary();
}
