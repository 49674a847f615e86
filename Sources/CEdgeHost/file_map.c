/* Read-only file mapping and error text. */
#define _GNU_SOURCE
#include "edge_host.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The fstat of glibc 2.33 and later is a symbol that older boards lack; the kernel's structure is
 * the same. */
static int file_status(int file, struct stat *status) {
  return (int)syscall(SYS_fstat, file, status);
}

static int32_t map_open_file(int file, const void **bytes, size_t *size) {
  struct stat status;
  if (file_status(file, &status) != 0)
    return errno;
  if (S_ISDIR(status.st_mode))
    return EISDIR;
  if (!S_ISREG(status.st_mode))
    return EINVAL;
  *bytes = NULL;
  *size = 0;
  if (status.st_size == 0)
    return 0;
  void *block = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  if (block == MAP_FAILED)
    return errno;
  *bytes = block;
  *size = (size_t)status.st_size;
  return 0;
}

int32_t edge_host_map_file(const char *path, const void **bytes, size_t *size) {
  /* O_NONBLOCK: opening a pipe nobody writes to must fail below, not wait for ever. */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return errno;
  int32_t code = map_open_file(file, bytes, size);
  close(file);
  return code;
}

void edge_host_unmap_file(const void *bytes, size_t size) {
  if (bytes != NULL)
    munmap((void *)bytes, size);
}

const char *edge_host_error_text(int32_t code) {
  return code == EINVAL ? "Not a regular file" : strerror(code);
}

#else

int32_t edge_host_map_file(const char *path, const void **bytes, size_t *size) {
  (void)path;
  (void)bytes;
  (void)size;
  return EDGE_HOST_NO_FILES;
}

void edge_host_unmap_file(const void *bytes, size_t size) {
  (void)bytes;
  (void)size;
}

const char *edge_host_error_text(int32_t code) {
  return code == EDGE_HOST_NO_FILES ? "This platform has no files" : "Unknown error";
}

#endif
