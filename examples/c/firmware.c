/*
 * A firmware-style main loop: all memory is static and its size is checked before the first
 * inference, nothing is allocated in the loop, and every failure says why.
 *
 *   firmware MODEL.edge RECORDING...
 *
 * RECORDING is a WAVE file (16-bit mono) or raw little-endian float samples, and stands for what a
 * microphone driver would deliver.
 */
#include <edgert.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifndef MEMORY_BYTES
#define MEMORY_BYTES (1024 * 1024) /* what `edgerun info MODEL.edge` says, or more */
#endif
#define MAX_SAMPLES 16000
#define MAX_CLASSES 1000
#define BUDGET_MS 50

static uint8_t memory[MEMORY_BYTES] __attribute__((aligned(64)));
static uint8_t recording[44 + MAX_SAMPLES * sizeof(float)];
static float samples[MAX_SAMPLES];
static float scores[MAX_CLASSES];

static int fail(const char *what, const edgert_error *error) {
  fprintf(stderr, "firmware: %s: %s: %s\n", what, edgert_status_name(error->status),
          error->message);
  return 1;
}

/* Reads a recording into samples[0..count), zeros after its end. 0, or -1 when it cannot be read or
 * is too long. */
static int read_recording(const char *path, size_t count) {
  int file = open(path, O_RDONLY);
  if (file < 0)
    return -1;
  ssize_t bytes = 0, more = 1;
  while (more > 0 && (size_t)bytes < sizeof recording) {
    more = read(file, recording + bytes, sizeof recording - (size_t)bytes);
    bytes += more > 0 ? more : 0;
  }
  close(file);
  if (more != 0)
    return -1;
  memset(samples, 0, count * sizeof(float));
  if (bytes < 44 || memcmp(recording, "RIFF", 4) != 0) {
    size_t given = (size_t)bytes < count * sizeof(float) ? (size_t)bytes : count * sizeof(float);
    memcpy(samples, recording, given);
    return 0;
  }
  for (size_t i = 0; i < count && 44 + 2 * i + 1 < (size_t)bytes; i++)
    samples[i] = (float)(int16_t)(recording[44 + 2 * i] | recording[45 + 2 * i] << 8) / 32768.0f;
  return 0;
}

/* Prints line `index` of the model's newline-separated labels, or the index. */
static void print_class(const char *labels, size_t index) {
  size_t line = 0;
  for (; labels != NULL && *labels != '\0' && line < index; labels++)
    line += *labels == '\n';
  if (labels != NULL && line == index && *labels != '\0')
    printf("%.*s", (int)strcspn(labels, "\n"), labels);
  else
    printf("class %zu", index);
}

/* One turn of the loop: sample, infer, act. */
static int classify(edgert_session *session, edgert_tensor *input, const char *labels,
                    const char *path) {
  edgert_error error = {.struct_size = sizeof error};
  edgert_run_options options = {.struct_size = sizeof options, .budget_ns = BUDGET_MS * 1000000ull};
  edgert_run_report report = {.struct_size = sizeof report};
  size_t count = 0, best = 0;
  if (read_recording(path, input->bytes / sizeof(float)) != 0) {
    fprintf(stderr, "firmware: %s: cannot be read, or is longer than %d samples\n", path,
            MAX_SAMPLES);
    return 1;
  }
  if (edgert_session_reset(session) != EDGERT_OK ||
      edgert_set_input(session, 0, input, &error) != EDGERT_OK ||
      edgert_run(session, &options, &report, &error) != EDGERT_OK)
    return fail(path, &error);
  if (edgert_get_output_f32(session, 0, scores, MAX_CLASSES, &count) != EDGERT_OK || count == 0) {
    fprintf(stderr, "firmware: the model has more than %d classes\n", MAX_CLASSES);
    return 1;
  }
  for (size_t i = 1; i < count; i++)
    best = scores[i] > scores[best] ? i : best;
  printf("%s: ", path);
  print_class(labels, best);
  printf(" (%.3f ms%s)\n", (double)report.elapsed_ns / 1e6,
         report.budget_met ? "" : ", over the budget");
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: firmware MODEL.edge RECORDING...\n");
    return 2;
  }
  edgert_error error = {.struct_size = sizeof error};
  edgert_model *model = NULL;
  if (edgert_model_open_file(argv[1], NULL, &model, &error) != EDGERT_OK)
    return fail(argv[1], &error);

  edgert_session_options options = {
      .struct_size = sizeof options, .memory = memory, .memory_bytes = sizeof memory};
  edgert_session *session = NULL;
  size_t bytes = 0, alignment = 0;
  edgert_session_memory(model, &options, &bytes, &alignment);
  printf("session: %zu of %zu bytes of static memory\n", bytes, sizeof memory);
  if (bytes > sizeof memory)
    fprintf(stderr, "firmware: build again with `make MEMORY_BYTES=%zu`\n", bytes);
  if (edgert_session_open(model, &options, &session, &error) != EDGERT_OK)
    return fail(argv[1], &error);

  edgert_tensor_info info = {.struct_size = sizeof info};
  edgert_model_input_info(model, 0, &info);
  edgert_tensor input = {
      .struct_size = sizeof input, .dtype = EDGERT_F32, .rank = info.rank, .data = samples};
  input.bytes = sizeof(float);
  for (uint32_t axis = 0; axis < info.rank; axis++) {
    input.dims[axis] = info.max_dims[axis];
    input.bytes *= (size_t)info.max_dims[axis];
  }
  if (input.bytes > sizeof samples) {
    fprintf(stderr, "firmware: the model takes %zu bytes of samples, there is room for %zu\n",
            input.bytes, sizeof samples);
    return 1;
  }

  int status = 0;
  for (int i = 2; i < argc; i++)
    status |= classify(session, &input, edgert_model_metadata(model, "labels"), argv[i]);
  edgert_session_close(session);
  edgert_model_close(model);
  return status;
}
