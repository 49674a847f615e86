#include "edge_onnx.h"

#include <climits>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

using namespace onnx;

namespace {

edge_onnx_text text(const std::string &value) { return {value.data(), value.size()}; }

const ModelProto &in(const edge_onnx_model *p) { return *reinterpret_cast<const ModelProto *>(p); }
const GraphProto &in(const edge_onnx_graph *p) { return *reinterpret_cast<const GraphProto *>(p); }
const FunctionProto &in(const edge_onnx_function *p) { return *reinterpret_cast<const FunctionProto *>(p); }
const NodeProto &in(const edge_onnx_node *p) { return *reinterpret_cast<const NodeProto *>(p); }
const AttributeProto &in(const edge_onnx_attribute *p) { return *reinterpret_cast<const AttributeProto *>(p); }
const ValueInfoProto &in(const edge_onnx_value *p) { return *reinterpret_cast<const ValueInfoProto *>(p); }
const TensorProto &in(const edge_onnx_tensor *p) { return *reinterpret_cast<const TensorProto *>(p); }

const edge_onnx_graph *out(const GraphProto &m) { return reinterpret_cast<const edge_onnx_graph *>(&m); }
const edge_onnx_function *out(const FunctionProto &m) { return reinterpret_cast<const edge_onnx_function *>(&m); }
const edge_onnx_node *out(const NodeProto &m) { return reinterpret_cast<const edge_onnx_node *>(&m); }
const edge_onnx_attribute *out(const AttributeProto &m) { return reinterpret_cast<const edge_onnx_attribute *>(&m); }
const edge_onnx_value *out(const ValueInfoProto &m) { return reinterpret_cast<const edge_onnx_value *>(&m); }
const edge_onnx_tensor *out(const TensorProto &m) { return reinterpret_cast<const edge_onnx_tensor *>(&m); }

int at(size_t index) { return static_cast<int>(index); }

/* The typed field that holds elements of a data type. */
enum class Field { none, floats, doubles, int32s, int64s, uint64s };

Field field_of(const TensorProto &t) {
  switch (t.data_type()) {
  case 1: /* FLOAT */
  case 14: /* COMPLEX64 */
    return Field::floats;
  case 11: /* DOUBLE */
  case 15: /* COMPLEX128 */
    return Field::doubles;
  case 7: /* INT64 */
    return Field::int64s;
  case 12: /* UINT32 */
  case 13: /* UINT64 */
    return Field::uint64s;
  case 0: /* UNDEFINED */
  case 8: /* STRING */
    return Field::none;
  default:
    return Field::int32s;
  }
}

void report(char *message, size_t capacity, const char *what) {
  if (message != nullptr && capacity > 0) {
    std::snprintf(message, capacity, "%s", what);
  }
}

} // namespace

extern "C" {

edge_onnx_model *edge_onnx_parse(const void *bytes, size_t count, char *message, size_t message_capacity) {
  try {
    if (count > INT_MAX) {
      report(message, message_capacity, "larger than 2 GB, which protobuf cannot hold; store the weights as external data");
      return nullptr;
    }
    google::protobuf::SetLogHandler(nullptr);
    google::protobuf::io::CodedInputStream stream(static_cast<const uint8_t *>(bytes), static_cast<int>(count));
    stream.SetTotalBytesLimit(INT_MAX);
    auto model = std::make_unique<ModelProto>();
    if (!model->ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
      report(message, message_capacity, "not an ONNX model, or cut off");
      return nullptr;
    }
    return reinterpret_cast<edge_onnx_model *>(model.release());
  } catch (const std::exception &error) {
    report(message, message_capacity, error.what());
  } catch (...) {
    report(message, message_capacity, "unknown failure of the protobuf parser");
  }
  return nullptr;
}

void edge_onnx_free(edge_onnx_model *model) { delete reinterpret_cast<ModelProto *>(model); }

int64_t edge_onnx_model_ir_version(const edge_onnx_model *m) { return in(m).ir_version(); }
edge_onnx_text edge_onnx_model_producer(const edge_onnx_model *m) { return text(in(m).producer_name()); }
edge_onnx_text edge_onnx_model_producer_version(const edge_onnx_model *m) { return text(in(m).producer_version()); }
const edge_onnx_graph *edge_onnx_model_graph(const edge_onnx_model *m) {
  return in(m).has_graph() ? out(in(m).graph()) : nullptr;
}
size_t edge_onnx_model_opset_count(const edge_onnx_model *m) { return in(m).opset_import_size(); }
edge_onnx_text edge_onnx_model_opset_domain(const edge_onnx_model *m, size_t i) {
  return text(in(m).opset_import(at(i)).domain());
}
int64_t edge_onnx_model_opset_version(const edge_onnx_model *m, size_t i) {
  return in(m).opset_import(at(i)).version();
}
size_t edge_onnx_model_metadata_count(const edge_onnx_model *m) { return in(m).metadata_props_size(); }
edge_onnx_text edge_onnx_model_metadata_key(const edge_onnx_model *m, size_t i) {
  return text(in(m).metadata_props(at(i)).key());
}
edge_onnx_text edge_onnx_model_metadata_value(const edge_onnx_model *m, size_t i) {
  return text(in(m).metadata_props(at(i)).value());
}

size_t edge_onnx_model_function_count(const edge_onnx_model *m) { return in(m).functions_size(); }
const edge_onnx_function *edge_onnx_model_function(const edge_onnx_model *m, size_t i) {
  return out(in(m).functions(at(i)));
}
edge_onnx_text edge_onnx_function_name(const edge_onnx_function *f) { return text(in(f).name()); }
edge_onnx_text edge_onnx_function_domain(const edge_onnx_function *f) { return text(in(f).domain()); }
size_t edge_onnx_function_input_count(const edge_onnx_function *f) { return in(f).input_size(); }
edge_onnx_text edge_onnx_function_input(const edge_onnx_function *f, size_t i) { return text(in(f).input(at(i))); }
size_t edge_onnx_function_output_count(const edge_onnx_function *f) { return in(f).output_size(); }
edge_onnx_text edge_onnx_function_output(const edge_onnx_function *f, size_t i) { return text(in(f).output(at(i))); }
size_t edge_onnx_function_node_count(const edge_onnx_function *f) { return in(f).node_size(); }
const edge_onnx_node *edge_onnx_function_node(const edge_onnx_function *f, size_t i) { return out(in(f).node(at(i))); }
size_t edge_onnx_function_opset_count(const edge_onnx_function *f) { return in(f).opset_import_size(); }
edge_onnx_text edge_onnx_function_opset_domain(const edge_onnx_function *f, size_t i) {
  return text(in(f).opset_import(at(i)).domain());
}
int64_t edge_onnx_function_opset_version(const edge_onnx_function *f, size_t i) {
  return in(f).opset_import(at(i)).version();
}

edge_onnx_text edge_onnx_graph_name(const edge_onnx_graph *g) { return text(in(g).name()); }
size_t edge_onnx_graph_node_count(const edge_onnx_graph *g) { return in(g).node_size(); }
const edge_onnx_node *edge_onnx_graph_node(const edge_onnx_graph *g, size_t i) { return out(in(g).node(at(i))); }
size_t edge_onnx_graph_input_count(const edge_onnx_graph *g) { return in(g).input_size(); }
const edge_onnx_value *edge_onnx_graph_input(const edge_onnx_graph *g, size_t i) { return out(in(g).input(at(i))); }
size_t edge_onnx_graph_output_count(const edge_onnx_graph *g) { return in(g).output_size(); }
const edge_onnx_value *edge_onnx_graph_output(const edge_onnx_graph *g, size_t i) { return out(in(g).output(at(i))); }
size_t edge_onnx_graph_initializer_count(const edge_onnx_graph *g) { return in(g).initializer_size(); }
const edge_onnx_tensor *edge_onnx_graph_initializer(const edge_onnx_graph *g, size_t i) {
  return out(in(g).initializer(at(i)));
}
size_t edge_onnx_graph_sparse_initializer_count(const edge_onnx_graph *g) { return in(g).sparse_initializer_size(); }

edge_onnx_text edge_onnx_value_name(const edge_onnx_value *v) { return text(in(v).name()); }
int edge_onnx_value_is_tensor(const edge_onnx_value *v) {
  auto kind = in(v).type().value_case();
  return kind == TypeProto::kTensorType || kind == TypeProto::VALUE_NOT_SET;
}
int32_t edge_onnx_value_element_type(const edge_onnx_value *v) {
  return in(v).type().has_tensor_type() ? in(v).type().tensor_type().elem_type() : 0;
}
int64_t edge_onnx_value_rank(const edge_onnx_value *v) {
  const auto &type = in(v).type();
  return type.has_tensor_type() && type.tensor_type().has_shape() ? type.tensor_type().shape().dim_size() : -1;
}
int64_t edge_onnx_value_axis(const edge_onnx_value *v, size_t axis) {
  const auto &dim = in(v).type().tensor_type().shape().dim(at(axis));
  return dim.has_dim_value() ? dim.dim_value() : -1;
}
edge_onnx_text edge_onnx_value_axis_symbol(const edge_onnx_value *v, size_t axis) {
  return text(in(v).type().tensor_type().shape().dim(at(axis)).dim_param());
}

edge_onnx_text edge_onnx_node_name(const edge_onnx_node *n) { return text(in(n).name()); }
edge_onnx_text edge_onnx_node_op(const edge_onnx_node *n) { return text(in(n).op_type()); }
edge_onnx_text edge_onnx_node_domain(const edge_onnx_node *n) { return text(in(n).domain()); }
size_t edge_onnx_node_input_count(const edge_onnx_node *n) { return in(n).input_size(); }
edge_onnx_text edge_onnx_node_input(const edge_onnx_node *n, size_t i) { return text(in(n).input(at(i))); }
size_t edge_onnx_node_output_count(const edge_onnx_node *n) { return in(n).output_size(); }
edge_onnx_text edge_onnx_node_output(const edge_onnx_node *n, size_t i) { return text(in(n).output(at(i))); }
size_t edge_onnx_node_attribute_count(const edge_onnx_node *n) { return in(n).attribute_size(); }
const edge_onnx_attribute *edge_onnx_node_attribute(const edge_onnx_node *n, size_t i) {
  return out(in(n).attribute(at(i)));
}

edge_onnx_text edge_onnx_attribute_name(const edge_onnx_attribute *a) { return text(in(a).name()); }
int32_t edge_onnx_attribute_type(const edge_onnx_attribute *a) {
  const auto &p = in(a);
  if (p.type() != AttributeProto::UNDEFINED) return p.type();
  if (p.has_f()) return AttributeProto::FLOAT;
  if (p.has_i()) return AttributeProto::INT;
  if (p.has_s()) return AttributeProto::STRING;
  if (p.has_t()) return AttributeProto::TENSOR;
  if (p.has_g()) return AttributeProto::GRAPH;
  if (p.floats_size() > 0) return AttributeProto::FLOATS;
  if (p.ints_size() > 0) return AttributeProto::INTS;
  if (p.strings_size() > 0) return AttributeProto::STRINGS;
  if (p.graphs_size() > 0) return AttributeProto::GRAPHS;
  return 0;
}
edge_onnx_text edge_onnx_attribute_reference(const edge_onnx_attribute *a) { return text(in(a).ref_attr_name()); }
float edge_onnx_attribute_float(const edge_onnx_attribute *a) { return in(a).f(); }
int64_t edge_onnx_attribute_int(const edge_onnx_attribute *a) { return in(a).i(); }
edge_onnx_text edge_onnx_attribute_string(const edge_onnx_attribute *a) { return text(in(a).s()); }
const edge_onnx_tensor *edge_onnx_attribute_tensor(const edge_onnx_attribute *a) { return out(in(a).t()); }
const edge_onnx_graph *edge_onnx_attribute_graph(const edge_onnx_attribute *a) { return out(in(a).g()); }
size_t edge_onnx_attribute_float_count(const edge_onnx_attribute *a) { return in(a).floats_size(); }
float edge_onnx_attribute_float_at(const edge_onnx_attribute *a, size_t i) { return in(a).floats(at(i)); }
size_t edge_onnx_attribute_int_count(const edge_onnx_attribute *a) { return in(a).ints_size(); }
int64_t edge_onnx_attribute_int_at(const edge_onnx_attribute *a, size_t i) { return in(a).ints(at(i)); }
size_t edge_onnx_attribute_string_count(const edge_onnx_attribute *a) { return in(a).strings_size(); }
edge_onnx_text edge_onnx_attribute_string_at(const edge_onnx_attribute *a, size_t i) {
  return text(in(a).strings(at(i)));
}
size_t edge_onnx_attribute_graph_count(const edge_onnx_attribute *a) { return in(a).graphs_size(); }
const edge_onnx_graph *edge_onnx_attribute_graph_at(const edge_onnx_attribute *a, size_t i) {
  return out(in(a).graphs(at(i)));
}

edge_onnx_text edge_onnx_tensor_name(const edge_onnx_tensor *t) { return text(in(t).name()); }
int32_t edge_onnx_tensor_type(const edge_onnx_tensor *t) { return in(t).data_type(); }
size_t edge_onnx_tensor_rank(const edge_onnx_tensor *t) { return in(t).dims_size(); }
int64_t edge_onnx_tensor_axis(const edge_onnx_tensor *t, size_t axis) { return in(t).dims(at(axis)); }
int edge_onnx_tensor_is_external(const edge_onnx_tensor *t) {
  return in(t).data_location() == TensorProto::EXTERNAL;
}
edge_onnx_text edge_onnx_tensor_external(const edge_onnx_tensor *t, const char *key) {
  for (const auto &entry : in(t).external_data()) {
    if (entry.key() == key) return text(entry.value());
  }
  return {nullptr, 0};
}
edge_onnx_text edge_onnx_tensor_raw(const edge_onnx_tensor *t) { return text(in(t).raw_data()); }
size_t edge_onnx_tensor_entry_count(const edge_onnx_tensor *t) {
  switch (field_of(in(t))) {
  case Field::floats: return in(t).float_data_size();
  case Field::doubles: return in(t).double_data_size();
  case Field::int32s: return in(t).int32_data_size();
  case Field::int64s: return in(t).int64_data_size();
  case Field::uint64s: return in(t).uint64_data_size();
  case Field::none: return 0;
  }
  return 0;
}
int64_t edge_onnx_tensor_integer_entry(const edge_onnx_tensor *t, size_t i) {
  switch (field_of(in(t))) {
  case Field::int32s: return in(t).int32_data(at(i));
  case Field::int64s: return in(t).int64_data(at(i));
  case Field::uint64s: return static_cast<int64_t>(in(t).uint64_data(at(i)));
  default: return 0;
  }
}
double edge_onnx_tensor_float_entry(const edge_onnx_tensor *t, size_t i) {
  switch (field_of(in(t))) {
  case Field::floats: return in(t).float_data(at(i));
  case Field::doubles: return in(t).double_data(at(i));
  default: return 0;
  }
}

} // extern "C"
