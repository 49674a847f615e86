/*
 * A control loop with a deadline: every 20 ms an input arrives, and the model must have answered before
 * the next one. A model with early exits answers as soon as one of its heads is sure, and at the latest
 * when the budget forces it; which exit that was is printed for every period.
 *
 *   control_loop MODEL.edge [PERIODS [BUDGET_MS]]
 *
 * The input is noise whose size changes from period to period, in place of a sensor.
 */
#include <edgert.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PERIOD_NS 20000000ull
#define BUDGET_MS 15.0 /* of the 20: the rest is for the sensor and the actuator */
#define MOST_EXITS 64

static int fail(const char *what, const edgert_error *error) {
  fprintf(stderr, "control_loop: %s: %s: %s\n", what, edgert_status_name(error->status), error->message);
  return 1;
}

/* What a sensor's driver would do: fills the input where the model reads it. */
static void sense(const edgert_tensor *input, unsigned period) {
  static uint32_t seed = 1;
  float size = 0.25f * (float)(1 + period % 8);
  for (size_t i = 0; i < input->bytes; i++) {
    seed = seed * 1664525u + 1013904223u;
    float value = size * ((float)(seed >> 8) / 8388608.0f - 1.0f);
    if (input->dtype == EDGERT_F32 && 4 * i < input->bytes)
      ((float *)input->data)[i] = value;
    else if (input->dtype == EDGERT_I8)
      ((int8_t *)input->data)[i] = (int8_t)(32.0f * value);
  }
}

static void wait_until(struct timespec *next) {
  next->tv_nsec += (long)PERIOD_NS;
  if (next->tv_nsec >= 1000000000L) {
    next->tv_nsec -= 1000000000L;
    next->tv_sec++;
  }
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, next, NULL) == EINTR)
    continue;
}

int main(int argc, char **argv) {
  unsigned periods = argc > 2 ? (unsigned)atoi(argv[2]) : 50;
  double budget_ms = argc > 3 ? atof(argv[3]) : BUDGET_MS;
  if (argc < 2 || periods == 0 || !(budget_ms > 0)) {
    fprintf(stderr, "usage: control_loop MODEL.edge [PERIODS [BUDGET_MS]]\n");
    return 2;
  }
  edgert_error error = {.struct_size = sizeof error};
  edgert_model *model = NULL;
  edgert_session *session = NULL;
  if (edgert_model_open_file(argv[1], NULL, &model, &error) != EDGERT_OK)
    return fail(argv[1], &error);
  if (edgert_session_open(model, NULL, &session, &error) != EDGERT_OK)
    return fail(argv[1], &error);
  edgert_tensor input = {.struct_size = sizeof input};
  if (edgert_map_input(session, 0, &input) != EDGERT_OK)
    return fail(argv[1], &error);

  edgert_run_options options = {.struct_size = sizeof options, .budget_ns = (uint64_t)(budget_ms * 1e6)};
  edgert_run_report report = {.struct_size = sizeof report};
  unsigned taken[MOST_EXITS + 1] = {0}, forced = 0, late = 0;
  double longest = 0;
  struct timespec next;
  clock_gettime(CLOCK_MONOTONIC, &next);
  for (unsigned period = 0; period < periods; period++) {
    sense(&input, period);
    if (edgert_run(session, &options, &report, &error) != EDGERT_OK)
      return fail("run", &error);
    double ms = (double)report.elapsed_ns / 1e6;
    longest = ms > longest ? ms : longest;
    taken[report.exit_taken <= MOST_EXITS ? report.exit_taken : 0]++;
    forced += report.exit_forced;
    late += !report.budget_met;
    if (report.exit_taken > 0)
      printf("%4u  %8.3f ms  exit %u%s%s\n", period, ms, report.exit_taken, report.exit_forced ? ", forced" : "",
             report.budget_met ? "" : ", late");
    else
      printf("%4u  %8.3f ms  end%s\n", period, ms, report.budget_met ? "" : ", late");
    wait_until(&next);
  }
  printf("exits taken:");
  for (unsigned exit = 1; exit <= MOST_EXITS; exit++)
    if (taken[exit] > 0)
      printf("  %u: %u", exit, taken[exit]);
  printf("  end: %u\n%u forced by the budget of %.3f ms, %u late, longest %.3f ms\n", taken[0], forced, budget_ms, late,
         longest);
  edgert_session_close(session);
  edgert_model_close(model);
  return 0;
}
