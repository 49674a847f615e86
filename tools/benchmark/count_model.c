/*
 * Runs a model for an instruction counter: once, then RUNS times between two calls of getppid.
 *
 *   count_model MODEL.edge RUNS [INPUT TYPE DIMS FILE]...
 *
 * INPUT is the input's position, TYPE a code of edgert_dtype, DIMS is N,N,..., FILE holds its bytes.
 */
#include <edgert.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static edgert_error error = {.struct_size = sizeof error};

static void check(edgert_status status) {
  if (status == EDGERT_OK)
    return;
  fprintf(stderr, "count_model: %s: %s\n", edgert_status_name(status), error.message);
  exit(1);
}

static void set_input(edgert_session *session, char **argument) {
  static char bytes[1 << 24];
  edgert_tensor tensor = {.struct_size = sizeof tensor, .dtype = atoi(argument[1]), .data = bytes};
  for (char *dim = argument[2]; *dim && tensor.rank < EDGERT_MAX_RANK; dim += *dim == ',')
    tensor.dims[tensor.rank++] = strtoll(dim, &dim, 10);
  FILE *file = fopen(argument[3], "rb");
  if (!file)
    exit(2);
  tensor.bytes = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  check(edgert_set_input(session, (uint32_t)atoi(argument[0]), &tensor, &error));
}

int main(int count, char **arguments) {
  if (count < 3 || (count - 3) % 4 != 0)
    return 2;
  edgert_model *model;
  edgert_session *session;
  check(edgert_model_open_file(arguments[1], NULL, &model, &error));
  edgert_session_options options = {.struct_size = sizeof options, .threads = 1};
  check(edgert_session_open(model, &options, &session, &error));
  for (int i = 3; i < count; i += 4)
    set_input(session, arguments + i);
  check(edgert_run(session, NULL, NULL, &error));
  syscall(SYS_getppid);
  for (int i = atoi(arguments[2]); i > 0; i--)
    check(edgert_run(session, NULL, NULL, &error));
  syscall(SYS_getppid);
  return 0;
}
