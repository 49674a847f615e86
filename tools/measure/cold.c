/*
 * From the start of a process to the first output of a model, and the memory that it then has.
 *
 *   cold MODEL.edge [REPETITIONS]
 *
 * Starts itself anew for each repetition, in turns with a process that opens no model, and prints one JSON object: milliseconds from
 * before the process starts until its first output is read, those that opening the model (without its digest), the session and the
 * first run take of it, and resident bytes after 20 more runs, with those of the process without a model.
 */
#define _GNU_SOURCE
#include <edgert.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MORE_RUNS = 20, MOST_REPETITIONS = 1000 };

extern char **environ;

/* What a process says of itself. */
typedef struct figures {
  double open_ms, session_ms, first_run_ms;
  double resident_bytes, session_bytes;
} figures;

static double milliseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return 1e3 * (double)t.tv_sec + 1e-6 * (double)t.tv_nsec;
}

static double resident_bytes(void) {
  long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1)
    pages = 0;
  if (file != NULL)
    fclose(file);
  return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void put(const void *bytes, size_t count) {
  if (write(STDOUT_FILENO, bytes, count) != (ssize_t)count)
    exit(1);
}

static void fail(const char *what, const edgert_error *error) {
  fprintf(stderr, "cold: %s: %s\n", what, error->message);
  exit(1);
}

/* Float inputs of a pattern in [-1, 1); others stay zero. */
static void fill_inputs(const edgert_model *model, edgert_session *session) {
  for (uint32_t index = 0; index < edgert_model_input_count(model); index++) {
    edgert_tensor input = {.struct_size = sizeof input};
    if (edgert_map_input(session, index, &input) || input.dtype != EDGERT_F32)
      continue;
    float *values = input.data;
    uint32_t state = 1;
    for (size_t i = 0; i < input.bytes / sizeof *values; i++, state = state * 1664525u + 1013904223u)
      values[i] = (float)(int32_t)state / 2147483648.0f;
  }
}

/* The process that is measured: writes the first byte of the first output, then its figures. */
static int run(const char *path) {
  figures found = {0};
  edgert_error error = {.struct_size = sizeof error};
  edgert_model_options options = {.struct_size = sizeof options, .skip_digest = 1};
  edgert_model *model = NULL;
  edgert_session *session = NULL;
  double start = milliseconds();
  if (edgert_model_open_file(path, &options, &model, &error))
    fail(path, &error);
  double opened = milliseconds();
  if (edgert_session_open(model, NULL, &session, &error))
    fail("session", &error);
  double ready = milliseconds();
  fill_inputs(model, session);
  edgert_tensor output = {.struct_size = sizeof output};
  if (edgert_run(session, NULL, NULL, &error) || edgert_map_output(session, 0, &output))
    fail("run", &error);
  put(output.data, 1);
  found.open_ms = opened - start, found.session_ms = ready - opened, found.first_run_ms = milliseconds() - ready;
  for (int i = 0; i < MORE_RUNS; i++)
    if (edgert_run(session, NULL, NULL, &error))
      fail("run", &error);
  found.resident_bytes = resident_bytes();
  size_t bytes = 0;
  edgert_session_memory(model, NULL, &bytes, NULL);
  found.session_bytes = (double)bytes;
  put(&found, sizeof found);
  return 0;
}

/* The process to compare with. */
static int run_nothing(void) {
  figures found = {.resident_bytes = resident_bytes()};
  put("", 1);
  put(&found, sizeof found);
  return 0;
}

/* Starts this program with one argument; milliseconds until its first byte, and its figures. */
static double start(const char *program, const char *argument, figures *found) {
  int ends[2];
  char first, *arguments[] = {(char *)program, "--run", (char *)argument, NULL};
  posix_spawn_file_actions_t actions;
  pid_t child;
  int status = 0;
  if (pipe(ends) || posix_spawn_file_actions_init(&actions) || posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) ||
      posix_spawn_file_actions_addclose(&actions, ends[0]))
    exit(1);
  double begin = milliseconds();
  if (posix_spawn(&child, "/proc/self/exe", &actions, NULL, arguments, environ))
    exit(1);
  close(ends[1]);
  int is_started = read(ends[0], &first, 1) == 1;
  double time = milliseconds() - begin;
  int is_told = read(ends[0], found, sizeof *found) == sizeof *found;
  close(ends[0]);
  posix_spawn_file_actions_destroy(&actions);
  if (waitpid(child, &status, 0) != child || status != 0 || !is_started || !is_told)
    exit(1);
  return time;
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_times(const char *name, double *times, int count) {
  qsort(times, (size_t)count, sizeof *times, compare);
  printf("\"%s\":{\"min\":%.3f,\"median\":%.3f},", name, times[0], times[count / 2]);
}

int main(int count, char **arguments) {
  if (count == 3 && strcmp(arguments[1], "--run") == 0)
    return arguments[2][0] != '\0' ? run(arguments[2]) : run_nothing();
  int repetitions = count > 2 ? atoi(arguments[2]) : 21;
  if (count < 2 || repetitions < 1 || repetitions > MOST_REPETITIONS) {
    fprintf(stderr, "usage: cold MODEL.edge [REPETITIONS]\n");
    return 2;
  }
  static double total[MOST_REPETITIONS], nothing[MOST_REPETITIONS], open[MOST_REPETITIONS], session[MOST_REPETITIONS],
      first[MOST_REPETITIONS], resident[MOST_REPETITIONS], empty[MOST_REPETITIONS];
  figures found;
  start(arguments[0], arguments[1], &found); /* brings the files into the page cache */
  for (int i = 0; i < repetitions; i++) {
    nothing[i] = start(arguments[0], "", &found);
    empty[i] = found.resident_bytes;
    total[i] = start(arguments[0], arguments[1], &found);
    open[i] = found.open_ms, session[i] = found.session_ms, first[i] = found.first_run_ms;
    resident[i] = found.resident_bytes;
  }
  qsort(resident, (size_t)repetitions, sizeof *resident, compare);
  qsort(empty, (size_t)repetitions, sizeof *empty, compare);
  printf("{");
  print_times("start_to_output_ms", total, repetitions);
  print_times("start_of_nothing_ms", nothing, repetitions);
  print_times("open_ms", open, repetitions);
  print_times("session_ms", session, repetitions);
  print_times("first_run_ms", first, repetitions);
  printf("\"session_bytes\":%.0f,\"resident_bytes\":%.0f,\"empty_resident_bytes\":%.0f}\n", found.session_bytes,
         resident[repetitions / 2], empty[repetitions / 2]);
  return 0;
}
