/* golden.c: prints one line per kernel table and thread count: the FNV-1a digest of a model's outputs on a fixed input.
 * All lines of a model must agree, on every machine.   usage: golden MODEL.edge...   (linked to libedgerts.a) */
#include "edgert.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t edge_testing_session_open(edgert_model *, const char *, uint32_t, edgert_session **);

static uint64_t digest(uint64_t hash, const unsigned char *bytes, size_t n) {
  for (size_t i = 0; i < n; i++)
    hash = (hash ^ bytes[i]) * 0x100000001B3ull;
  return hash;
}

/* Fills every input with a fixed pseudo-random pattern: floats in -2..2, integers 0. */
static int fill(edgert_model *model, edgert_session *session) {
  uint32_t seed = 1;
  for (uint32_t i = 0; i < edgert_model_input_count(model); i++) {
    edgert_tensor view = {0};
    view.struct_size = sizeof view;
    if (edgert_map_input(session, i, &view))
      return 1;
    memset(view.data, 0, view.bytes);
    for (size_t k = 0; k < view.bytes / (view.dtype == EDGERT_F32 ? 4 : 1); k++) {
      seed = seed * 1664525u + 1013904223u;
      if (view.dtype == EDGERT_F32)
        ((float *)view.data)[k] = (float)(int32_t)(seed >> 8 & 0xFFFF) / 16384.0f - 2.0f;
      else if (view.dtype == EDGERT_I8)
        ((int8_t *)view.data)[k] = (int8_t)(seed >> 16);
    }
  }
  return 0;
}

static int run(const char *path, edgert_model *model, const char *isa, uint32_t threads) {
  edgert_session *session = NULL;
  if (edge_testing_session_open(model, isa, threads, &session))
    return 0; /* not on this CPU */
  edgert_error error = {sizeof error, 0, 0, 0, 0, ""};
  uint64_t hash = 0xCBF29CE484222325ull;
  if (fill(model, session) || edgert_run(session, NULL, NULL, &error)) {
    fprintf(stderr, "%s: %s\n", path, error.message);
    return 1;
  }
  for (uint32_t i = 0; i < edgert_model_output_count(model); i++) {
    edgert_tensor view = {0};
    view.struct_size = sizeof view;
    if (edgert_map_output(session, i, &view))
      return 1;
    hash = digest(hash, view.data, view.bytes);
  }
  const char *name = strrchr(path, '/');
  printf("%s %016llx %s %u\n", name ? name + 1 : path, (unsigned long long)hash, isa, threads);
  edgert_session_close(session);
  return 0;
}

int main(int argc, char **argv) {
  static const char *const tables[] = {"scalar", "avx2", "avx512vnni", "neon", "neondot"};
  for (int i = 1; i < argc; i++) {
    edgert_error error = {sizeof error, 0, 0, 0, 0, ""};
    edgert_model *model = NULL;
    if (edgert_model_open_file(argv[i], NULL, &model, &error)) {
      fprintf(stderr, "%s: %s\n", argv[i], error.message);
      return 1;
    }
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
      for (uint32_t threads = 1; threads <= 4; threads += 3)
        if (run(argv[i], model, tables[t], threads))
          return 1;
    edgert_model_close(model);
  }
  return 0;
}
