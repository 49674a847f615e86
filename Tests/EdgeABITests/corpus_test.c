/* corpus_test.c: every file of the corpus is refused with its expected status, without a crash.
 * usage: corpus_test CORPUS_FOLDER     reads CORPUS_FOLDER/expected.tsv: file TAB status name TAB why */
#include "check.h"
#include "edgert.h"

#include <stdlib.h>
#include <string.h>

static void test_file(const char *folder, const char *file, const char *expected) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", folder, file);
  edgert_error error = {sizeof error, 0, 0, 0, 0, ""};
  edgert_model *model = NULL;
  /* First as it is; then past the digest, which a hostile writer would have made to fit. */
  edgert_status status = edgert_model_open_file(path, NULL, &model, &error);
  if (strcmp(edgert_status_name(status), "EDGERT_DIGEST_MISMATCH") == 0 &&
      strcmp(expected, "EDGERT_DIGEST_MISMATCH") != 0) {
    edgert_model_options options = {sizeof options, 1, 0};
    status = edgert_model_open_file(path, &options, &model, &error);
  }
  if (strcmp(edgert_status_name(status), expected) != 0)
    printf("%s: expected %s, got %s: %s\n", file, expected, edgert_status_name(status), error.message);
  CHECK(strcmp(edgert_status_name(status), expected) == 0);
  if (status == EDGERT_OK) {
    edgert_session *session = NULL;
    CHECK(edgert_session_open(model, NULL, &session, &error) == EDGERT_OK);
    CHECK(edgert_run(session, NULL, NULL, &error) == EDGERT_OK);
    edgert_session_close(session);
    edgert_model_close(model);
  } else {
    CHECK(model == NULL && strlen(error.message) > 20);
  }
}

int main(int argc, char **argv) {
  char path[1024], line[1024];
  if (argc != 2)
    return 2;
  snprintf(path, sizeof path, "%s/expected.tsv", argv[1]);
  FILE *list = fopen(path, "r");
  if (!list) {
    fprintf(stderr, "cannot read %s\n", path);
    return 2;
  }
  int files = 0;
  while (fgets(line, sizeof line, list)) {
    char *file = strtok(line, "\t"), *expected = strtok(NULL, "\t\n");
    if (!file || !expected)
      continue;
    files++;
    test_file(argv[1], file, expected);
  }
  fclose(list);
  CHECK(files >= 40);
  return summary();
}
