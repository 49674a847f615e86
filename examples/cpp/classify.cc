// Owners for the C handles, and a classifier in ten lines on top of them.
//
//   classify MODEL.edge SAMPLES...
//
// SAMPLES is a WAVE file (16-bit mono) or raw little-endian floats.
#include <edgert.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct CloseModel {
  void operator()(edgert_model *model) const { edgert_model_close(model); }
};
struct CloseSession {
  void operator()(edgert_session *session) const { edgert_session_close(session); }
};
using ModelPointer = std::unique_ptr<edgert_model, CloseModel>;
using SessionPointer = std::unique_ptr<edgert_session, CloseSession>;

// A struct of the C interface with its size filled in.
template <typename Struct> Struct sized() {
  Struct value = Struct();
  value.struct_size = sizeof(Struct);
  return value;
}

void check(edgert_status status, const edgert_error &error) {
  if (status != EDGERT_OK)
    throw std::runtime_error(std::string(edgert_status_name(status)) + ": " + error.message);
}

// A model with one input and one output, and a session on it. The session is declared last: it is
// closed first.
class Classifier {
public:
  explicit Classifier(const std::string &path) {
    edgert_error error = sized<edgert_error>();
    edgert_model *model = nullptr;
    check(edgert_model_open_file(path.c_str(), nullptr, &model, &error), error);
    model_.reset(model);
    edgert_session *session = nullptr;
    check(edgert_session_open(model, nullptr, &session, &error), error);
    session_.reset(session);
  }

  // The scores of all classes. `samples` is cut or filled with zeros to the model's input.
  std::vector<float> run(std::vector<float> samples) {
    edgert_error error = sized<edgert_error>();
    edgert_tensor_info info = sized<edgert_tensor_info>();
    check(edgert_model_input_info(model_.get(), 0, &info), error);
    edgert_tensor input = sized<edgert_tensor>();
    input.dtype = EDGERT_F32;
    input.rank = info.rank;
    size_t count = 1;
    for (uint32_t axis = 0; axis < info.rank; ++axis) {
      input.dims[axis] = info.max_dims[axis];
      count *= static_cast<size_t>(info.max_dims[axis]);
    }
    samples.resize(count);
    input.data = samples.data();
    input.bytes = count * sizeof(float);
    check(edgert_set_input(session_.get(), 0, &input, &error), error);
    check(edgert_run(session_.get(), nullptr, nullptr, &error), error);
    edgert_tensor output = sized<edgert_tensor>();
    check(edgert_map_output(session_.get(), 0, &output), error);
    std::vector<float> scores(1);
    for (uint32_t axis = 0; axis < output.rank; ++axis)
      scores.resize(scores.size() * static_cast<size_t>(output.dims[axis]));
    check(edgert_get_output_f32(session_.get(), 0, scores.data(), scores.size(), nullptr), error);
    return scores;
  }

private:
  ModelPointer model_;
  SessionPointer session_;
};

std::vector<float> read_samples(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot be read");
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<float> samples;
  if (bytes.compare(0, 4, "RIFF") == 0) {
    for (size_t i = 44; i + 1 < bytes.size(); i += 2) {
      const unsigned low = static_cast<unsigned char>(bytes[i]);
      const unsigned high = static_cast<unsigned char>(bytes[i + 1]);
      samples.push_back(static_cast<float>(static_cast<int16_t>(low | high << 8)) / 32768.0f);
    }
  } else {
    samples.resize(bytes.size() / sizeof(float));
    std::copy(bytes.begin(),
              bytes.begin() + static_cast<std::ptrdiff_t>(samples.size() * sizeof(float)),
              reinterpret_cast<char *>(samples.data()));
  }
  return samples;
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: classify MODEL.edge SAMPLES...\n");
    return 2;
  }
  std::string subject = argv[1];
  try {
    Classifier classifier(subject);
    for (int i = 2; i < argc; ++i) {
      subject = argv[i];
      const std::vector<float> scores = classifier.run(read_samples(subject));
      const auto best = std::max_element(scores.begin(), scores.end());
      std::printf("%s: class %ld, score %g\n", argv[i], static_cast<long>(best - scores.begin()),
                  static_cast<double>(*best));
    }
  } catch (const std::exception &error) {
    std::fprintf(stderr, "classify: %s: %s\n", subject.c_str(), error.what());
    return 1;
  }
  return 0;
}
