/*
 * A plugin of QEMU's user emulation that counts guest instructions between two calls of getppid, of one thread.
 *
 *   qemu-aarch64 -plugin ./count_plugin.so,out=FILE ... program
 *
 * FILE gets a line "ADDRESS INSTRUCTIONS TIMES" for every block of code that ran in between; their products add up to the count.
 * QEMU's header is not packaged everywhere, so what is used of it is declared here (API version 1).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct translated;
size_t qemu_plugin_tb_n_insns(const struct translated *);
uint64_t qemu_plugin_tb_vaddr(const struct translated *);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, void (*)(plugin_id, struct translated *));
void qemu_plugin_register_vcpu_tb_exec_inline(struct translated *, int op, void *, uint64_t);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, void (*)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                                                              uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));

enum { add_u64 = 0, getppid_aarch64 = 173 };

/* A block is translated again after QEMU has emptied its cache, and then counted anew. */
typedef struct block {
  uint64_t address, instructions, times, before;
  struct block *next;
} block;

static block *blocks;
static const char *path;
static int calls;

static void translate(plugin_id id, struct translated *code) {
  (void)id;
  block *b = calloc(1, sizeof *b);
  if (!b)
    abort();
  *b = (block){qemu_plugin_tb_vaddr(code), qemu_plugin_tb_n_insns(code), 0, 0, blocks};
  blocks = b;
  qemu_plugin_register_vcpu_tb_exec_inline(code, add_u64, &b->times, 1);
}

static void report(void) {
  FILE *file = fopen(path, "w");
  if (!file)
    abort();
  for (block *b = blocks; b; b = b->next)
    if (b->times != b->before)
      fprintf(file, "%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", b->address, b->instructions, b->times - b->before);
  fclose(file);
}

static void system_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                        uint64_t e, uint64_t f, uint64_t g, uint64_t h) {
  (void)id, (void)cpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
  if (number != getppid_aarch64)
    return;
  if (calls++ == 1)
    report();
  for (block *i = blocks; i; i = i->next)
    i->before = i->times;
}

int qemu_plugin_version = 1;

int qemu_plugin_install(plugin_id id, const void *info, int count, char **options) {
  (void)info;
  if (count != 1 || strncmp(options[0], "out=", 4) != 0)
    return -1;
  path = strdup(options[0] + 4);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  qemu_plugin_register_vcpu_syscall_cb(id, system_call);
  return 0;
}
