/*
 * edge_host_cli.h: what command-line programs need of libc and the runtime does not: output,
 * folders, numbers as text, Ctrl-C. Never linked into libedgert.
 */
#ifndef EDGE_HOST_CLI_H
#define EDGE_HOST_CLI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- output ---- */
#define EDGE_CLI_STDOUT 1
#define EDGE_CLI_STDERR 2
/* Writes all bytes. 0, or errno. */
int32_t edge_cli_write(int32_t file, const void *bytes, size_t count);
int32_t edge_cli_is_terminal(int32_t file);
/* Columns of the terminal; 80 when unknown. */
int32_t edge_cli_terminal_columns(int32_t file);

/* ---- files and folders ---- */
#define EDGE_CLI_MISSING 0
#define EDGE_CLI_FILE 1
#define EDGE_CLI_FOLDER 2
#define EDGE_CLI_OTHER 3
/* What a path names; links are followed. *code is errno when it is EDGE_CLI_MISSING. */
int32_t edge_cli_kind(const char *path, int32_t *code);
/* Opens for writing at its end, created when missing, after cutting it to `keep` bytes (0 empties
 * it). 0, or errno. */
int32_t edge_cli_open_output(const char *path, uint64_t keep, int32_t *file);
/* Flushes to the disk; a pipe or terminal is left alone. 0, or errno. */
int32_t edge_cli_sync(int32_t file);
int32_t edge_cli_close(int32_t file);
int32_t edge_cli_rename(const char *from, const char *to);
int32_t edge_cli_remove(const char *path);

typedef struct edge_cli_folder edge_cli_folder;
/* Names in a folder in byte order, without those that begin with a dot. 0, or errno. */
int32_t edge_cli_folder_open(const char *path, edge_cli_folder **folder);
size_t edge_cli_folder_count(const edge_cli_folder *folder);
const char *edge_cli_folder_name(const edge_cli_folder *folder, size_t index);
void edge_cli_folder_close(edge_cli_folder *folder);

/* ---- numbers as text ---- */
/* Parses all of `text` as a decimal number. 1 when it is one, finite; else 0. */
int32_t edge_cli_parse_number(const char *text, double *value);
/* Writes `value` with at most `digits` significant digits, "%.*g". Returns the length; `text` holds
 * 32 bytes. */
int32_t edge_cli_format_number(double value, int32_t digits, char *text);

/* ---- functions of numbers, as libm has them ---- */
double edge_cli_exp(double value);
double edge_cli_log(double value);
double edge_cli_sin(double value);
double edge_cli_cos(double value);
double edge_cli_atan2(double y, double x);
double edge_cli_tanh(double value);
double edge_cli_power(double base, double exponent);

/* ---- the process ---- */
/* Processors that this process may keep busy, at least 1: those of its affinity, or fewer by the
 * quota of its control groups. */
int32_t edge_cli_processors(void);
/* Whole processors that the quotas of control groups allow; 0 when there is none. `root` stands
 * before /proc and /sys, "" but in tests. */
int32_t edge_cli_quota(const char *root);
/* From now on the first Ctrl-C or SIGTERM only sets a flag; a second one ends the process. */
void edge_cli_watch_interrupt(void);
int32_t edge_cli_interrupted(void);

#ifdef __cplusplus
}
#endif
#endif
