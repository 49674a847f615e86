/* Output and files for command-line programs. */
#define _GNU_SOURCE
#include "edge_host_cli.h"

#if defined(__linux__)
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

int32_t edge_cli_write(int32_t file, const void *bytes, size_t count) {
  const char *next = bytes;
  while (count > 0) {
    ssize_t written = write(file, next, count);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written == 0 ? ENOSPC : errno;
    next += written;
    count -= (size_t)written;
  }
  return 0;
}

int32_t edge_cli_is_terminal(int32_t file) { return isatty(file); }

int32_t edge_cli_terminal_columns(int32_t file) {
  struct winsize size;
  if (ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return size.ws_col;
}

/* The stat of glibc 2.33 and later is a symbol that older boards lack; the kernel's structure is
 * the same. */
int32_t edge_cli_kind(const char *path, int32_t *code) {
  struct stat status;
  *code = 0;
  if (syscall(SYS_newfstatat, AT_FDCWD, path, &status, 0) != 0) {
    *code = errno;
    return EDGE_CLI_MISSING;
  }
  if (S_ISDIR(status.st_mode))
    return EDGE_CLI_FOLDER;
  return S_ISREG(status.st_mode) ? EDGE_CLI_FILE : EDGE_CLI_OTHER;
}

int32_t edge_cli_open_output(const char *path, uint64_t keep, int32_t *file) {
  int opened = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (opened < 0)
    return errno;
  if ((ftruncate(opened, (off_t)keep) != 0 && errno != EINVAL) || /* EINVAL: a pipe or device */
      (lseek(opened, 0, SEEK_END) < 0 && errno != ESPIPE)) {
    int code = errno;
    close(opened);
    return code;
  }
  *file = opened;
  return 0;
}

int32_t edge_cli_sync(int32_t file) {
  if (fsync(file) == 0 || errno == EINVAL || errno == EROFS)
    return 0;
  return errno;
}

int32_t edge_cli_close(int32_t file) { return close(file) == 0 ? 0 : errno; }

int32_t edge_cli_rename(const char *from, const char *to) {
  return rename(from, to) == 0 ? 0 : errno;
}

int32_t edge_cli_remove(const char *path) { return unlink(path) == 0 ? 0 : errno; }
#endif
