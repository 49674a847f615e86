/* Sorted folder listing. */
#define _GNU_SOURCE
#include "edge_host_cli.h"

#if defined(__linux__)
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct edge_cli_folder {
  size_t count, capacity;
  char **names;
};

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

static int32_t add(edge_cli_folder *folder, const char *name) {
  if (folder->count == folder->capacity) {
    size_t capacity = folder->capacity == 0 ? 64 : folder->capacity * 2;
    char **names = realloc(folder->names, capacity * sizeof *names);
    if (names == NULL)
      return ENOMEM;
    folder->names = names;
    folder->capacity = capacity;
  }
  char *copy = strdup(name);
  if (copy == NULL)
    return ENOMEM;
  folder->names[folder->count++] = copy;
  return 0;
}

static int32_t read_names(DIR *directory, edge_cli_folder *folder) {
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (entry == NULL)
      return errno;
    if (entry->d_name[0] == '.')
      continue;
    int32_t code = add(folder, entry->d_name);
    if (code != 0)
      return code;
  }
}

int32_t edge_cli_folder_open(const char *path, edge_cli_folder **folder) {
  DIR *directory = opendir(path);
  if (directory == NULL)
    return errno;
  edge_cli_folder *list = calloc(1, sizeof *list);
  int32_t code = list == NULL ? ENOMEM : read_names(directory, list);
  closedir(directory);
  if (code != 0) {
    edge_cli_folder_close(list);
    return code;
  }
  if (list->count > 0)
    qsort(list->names, list->count, sizeof *list->names, by_bytes);
  *folder = list;
  return 0;
}

size_t edge_cli_folder_count(const edge_cli_folder *folder) { return folder->count; }

const char *edge_cli_folder_name(const edge_cli_folder *folder, size_t index) {
  return folder->names[index];
}

void edge_cli_folder_close(edge_cli_folder *folder) {
  if (folder == NULL)
    return;
  for (size_t index = 0; index < folder->count; index++)
    free(folder->names[index]);
  free(folder->names);
  free(folder);
}
#endif
