/* Numbers as text, functions of numbers, and Ctrl-C. */
#define _GNU_SOURCE
#include "edge_host_cli.h"

#if defined(__linux__)
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

int32_t edge_cli_parse_number(const char *text, double *value) {
  char *end = NULL;
  *value = strtod(text, &end);
  /* NaN and infinities differ from themselves by NaN. */
  return end != text && *end == '\0' && *value - *value == 0;
}

int32_t edge_cli_format_number(double value, int32_t digits, char *text) {
  return snprintf(text, 32, "%.*g", digits < 1 ? 1 : digits > 17 ? 17 : digits, value);
}

double edge_cli_exp(double value) { return exp(value); }
double edge_cli_log(double value) { return log(value); }
double edge_cli_sin(double value) { return sin(value); }
double edge_cli_cos(double value) { return cos(value); }
double edge_cli_atan2(double y, double x) { return atan2(y, x); }
double edge_cli_tanh(double value) { return tanh(value); }
double edge_cli_power(double base, double exponent) { return pow(base, exponent); }

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  (void)number;
  interrupted = 1;
}

void edge_cli_watch_interrupt(void) {
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
}

int32_t edge_cli_interrupted(void) { return interrupted; }
#endif
