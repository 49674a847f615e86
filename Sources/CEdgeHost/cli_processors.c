/* How many processors this process may keep busy: its affinity, and the quota of its control groups. */
#define _GNU_SOURCE
#include "edge_host_cli.h"

#if defined(__linux__)
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 1024, MOST_PROCESSORS = 8192 };

/* First line of a file, without its end. 0 when it cannot be read. */
static int read_line(const char *path, char *line, int bytes) {
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return 0;
  int is_read = fgets(line, bytes, file) != NULL;
  fclose(file);
  if (is_read)
    line[strcspn(line, "\n")] = '\0';
  return is_read;
}

/* Whole processors in a quota of microseconds a period, at least 1; 0 when there is no quota. */
static int32_t whole(long long quota, long long period) {
  if (quota <= 0 || period <= 0)
    return 0;
  long long count = quota / period;
  return count < 1 ? 1 : count > MOST_PROCESSORS ? MOST_PROCESSORS : (int32_t)count;
}

/* The quota of one group: "cpu.max" of version 2, or the two files of version 1. */
static int32_t group_quota(const char *folder, int version) {
  char path[PATH_BYTES + 32], line[64];
  long long quota = 0, period = 0;
  snprintf(path, sizeof path, "%s/%s", folder, version == 2 ? "cpu.max" : "cpu.cfs_quota_us");
  if (!read_line(path, line, sizeof line))
    return 0;
  if (version == 2)
    return sscanf(line, "%lld %lld", &quota, &period) == 2 ? whole(quota, period) : 0;
  quota = atoll(line);
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  return read_line(path, line, sizeof line) ? whole(quota, atoll(line)) : 0;
}

static int32_t smaller(int32_t a, int32_t b) { return a == 0 || (b != 0 && b < a) ? b : a; }

/* The least quota of a group and those above it; `mount` is where the hierarchy is seen. */
static int32_t least_quota(const char *mount, const char *group, int version) {
  char folder[PATH_BYTES];
  size_t root = strlen(mount);
  int length = snprintf(folder, sizeof folder, "%s%s", mount, group);
  if (length < 0 || (size_t)length >= sizeof folder)
    return 0;
  int32_t least = 0;
  for (;;) {
    least = smaller(least, group_quota(folder, version));
    char *slash = strrchr(folder, '/');
    if (slash == NULL || (size_t)(slash - folder) < root)
      return least;
    *slash = '\0';
  }
}

/* Whether a list "cpu,cpuacct" names the controller of processor time. */
static int is_cpu(const char *controllers) {
  for (const char *name = controllers; name != NULL; name = strchr(name, ',')) {
    name += *name == ',';
    if (strncmp(name, "cpu", 3) == 0 && (name[3] == ',' || name[3] == '\0'))
      return 1;
  }
  return 0;
}

int32_t edge_cli_quota(const char *root) {
  char path[PATH_BYTES], line[PATH_BYTES];
  int32_t least = 0;
  snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
  FILE *file = fopen(path, "re");
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    char *controllers = strchr(line, ':');
    char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
    if (group == NULL)
      continue;
    *group++ = '\0';
    controllers++;
    int version = *controllers == '\0' ? 2 : 1;
    if (version == 1 && !is_cpu(controllers))
      continue;
    snprintf(path, sizeof path, "%s/sys/fs/cgroup%s", root, version == 2 ? "" : "/cpu");
    least = smaller(least, least_quota(path, group, version));
  }
  if (file != NULL)
    fclose(file);
  return least;
}

int32_t edge_cli_processors(void) {
  int32_t allowed = 1;
  for (int most = 1024; most <= MOST_PROCESSORS; most *= 2) {
    cpu_set_t *set = CPU_ALLOC((size_t)most);
    size_t bytes = CPU_ALLOC_SIZE((size_t)most);
    if (set == NULL)
      break;
    int is_known = sched_getaffinity(0, bytes, set) == 0;
    if (is_known)
      allowed = CPU_COUNT_S(bytes, set);
    CPU_FREE(set);
    if (is_known)
      break;
  }
  return smaller(allowed < 1 ? 1 : allowed, edge_cli_quota(""));
}
#endif
