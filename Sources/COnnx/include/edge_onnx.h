/*
 * Plain-C face of the ONNX protobuf: parsing only, no decisions.
 *
 * Every handle but the model's belongs to the model and lives as long as it does. Indices must be below the matching
 * count. Text and tensors are views into the model. No function but edge_onnx_parse fails.
 */
#ifndef EDGE_ONNX_H
#define EDGE_ONNX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct edge_onnx_model edge_onnx_model;
typedef struct edge_onnx_graph edge_onnx_graph;
typedef struct edge_onnx_function edge_onnx_function;
typedef struct edge_onnx_node edge_onnx_node;
typedef struct edge_onnx_attribute edge_onnx_attribute;
typedef struct edge_onnx_value edge_onnx_value;
typedef struct edge_onnx_tensor edge_onnx_tensor;

/* UTF-8 as it stands in the file; not terminated and not checked. */
typedef struct {
  const char *bytes;
  size_t count;
} edge_onnx_text;

/* Parses a serialized ModelProto. NULL on failure, with a terminated message in `message`. Free with edge_onnx_free. */
edge_onnx_model *edge_onnx_parse(const void *bytes, size_t count, char *message, size_t message_capacity);
void edge_onnx_free(edge_onnx_model *model);

int64_t edge_onnx_model_ir_version(const edge_onnx_model *model);
edge_onnx_text edge_onnx_model_producer(const edge_onnx_model *model);
edge_onnx_text edge_onnx_model_producer_version(const edge_onnx_model *model);
/* NULL when the file holds no graph. */
const edge_onnx_graph *edge_onnx_model_graph(const edge_onnx_model *model);
size_t edge_onnx_model_opset_count(const edge_onnx_model *model);
edge_onnx_text edge_onnx_model_opset_domain(const edge_onnx_model *model, size_t index);
int64_t edge_onnx_model_opset_version(const edge_onnx_model *model, size_t index);
size_t edge_onnx_model_metadata_count(const edge_onnx_model *model);
edge_onnx_text edge_onnx_model_metadata_key(const edge_onnx_model *model, size_t index);
edge_onnx_text edge_onnx_model_metadata_value(const edge_onnx_model *model, size_t index);

/* Model-local functions. */
size_t edge_onnx_model_function_count(const edge_onnx_model *model);
const edge_onnx_function *edge_onnx_model_function(const edge_onnx_model *model, size_t index);
edge_onnx_text edge_onnx_function_name(const edge_onnx_function *function);
edge_onnx_text edge_onnx_function_domain(const edge_onnx_function *function);
size_t edge_onnx_function_input_count(const edge_onnx_function *function);
edge_onnx_text edge_onnx_function_input(const edge_onnx_function *function, size_t index);
size_t edge_onnx_function_output_count(const edge_onnx_function *function);
edge_onnx_text edge_onnx_function_output(const edge_onnx_function *function, size_t index);
size_t edge_onnx_function_node_count(const edge_onnx_function *function);
const edge_onnx_node *edge_onnx_function_node(const edge_onnx_function *function, size_t index);
size_t edge_onnx_function_opset_count(const edge_onnx_function *function);
edge_onnx_text edge_onnx_function_opset_domain(const edge_onnx_function *function, size_t index);
int64_t edge_onnx_function_opset_version(const edge_onnx_function *function, size_t index);

edge_onnx_text edge_onnx_graph_name(const edge_onnx_graph *graph);
size_t edge_onnx_graph_node_count(const edge_onnx_graph *graph);
const edge_onnx_node *edge_onnx_graph_node(const edge_onnx_graph *graph, size_t index);
size_t edge_onnx_graph_input_count(const edge_onnx_graph *graph);
const edge_onnx_value *edge_onnx_graph_input(const edge_onnx_graph *graph, size_t index);
size_t edge_onnx_graph_output_count(const edge_onnx_graph *graph);
const edge_onnx_value *edge_onnx_graph_output(const edge_onnx_graph *graph, size_t index);
size_t edge_onnx_graph_initializer_count(const edge_onnx_graph *graph);
const edge_onnx_tensor *edge_onnx_graph_initializer(const edge_onnx_graph *graph, size_t index);
size_t edge_onnx_graph_sparse_initializer_count(const edge_onnx_graph *graph);

edge_onnx_text edge_onnx_value_name(const edge_onnx_value *value);
/* 1 when the value is a tensor (or has no type), 0 for sequences, maps, optionals and sparse tensors. */
int edge_onnx_value_is_tensor(const edge_onnx_value *value);
/* TensorProto.DataType, 0 when unknown. */
int32_t edge_onnx_value_element_type(const edge_onnx_value *value);
/* Number of axes, -1 when the shape is unknown. */
int64_t edge_onnx_value_rank(const edge_onnx_value *value);
/* Size of the axis, -1 when it is symbolic or unknown. */
int64_t edge_onnx_value_axis(const edge_onnx_value *value, size_t axis);
/* Symbol of the axis; empty when it has none. */
edge_onnx_text edge_onnx_value_axis_symbol(const edge_onnx_value *value, size_t axis);

edge_onnx_text edge_onnx_node_name(const edge_onnx_node *node);
edge_onnx_text edge_onnx_node_op(const edge_onnx_node *node);
edge_onnx_text edge_onnx_node_domain(const edge_onnx_node *node);
size_t edge_onnx_node_input_count(const edge_onnx_node *node);
edge_onnx_text edge_onnx_node_input(const edge_onnx_node *node, size_t index);
size_t edge_onnx_node_output_count(const edge_onnx_node *node);
edge_onnx_text edge_onnx_node_output(const edge_onnx_node *node, size_t index);
size_t edge_onnx_node_attribute_count(const edge_onnx_node *node);
const edge_onnx_attribute *edge_onnx_node_attribute(const edge_onnx_node *node, size_t index);

edge_onnx_text edge_onnx_attribute_name(const edge_onnx_attribute *attribute);
/* AttributeProto.AttributeType; deduced from the filled field when the file leaves it out, 0 when nothing is filled. */
int32_t edge_onnx_attribute_type(const edge_onnx_attribute *attribute);
/* Name of the enclosing function's attribute that this one stands for; empty otherwise. */
edge_onnx_text edge_onnx_attribute_reference(const edge_onnx_attribute *attribute);
float edge_onnx_attribute_float(const edge_onnx_attribute *attribute);
int64_t edge_onnx_attribute_int(const edge_onnx_attribute *attribute);
edge_onnx_text edge_onnx_attribute_string(const edge_onnx_attribute *attribute);
const edge_onnx_tensor *edge_onnx_attribute_tensor(const edge_onnx_attribute *attribute);
const edge_onnx_graph *edge_onnx_attribute_graph(const edge_onnx_attribute *attribute);
size_t edge_onnx_attribute_float_count(const edge_onnx_attribute *attribute);
float edge_onnx_attribute_float_at(const edge_onnx_attribute *attribute, size_t index);
size_t edge_onnx_attribute_int_count(const edge_onnx_attribute *attribute);
int64_t edge_onnx_attribute_int_at(const edge_onnx_attribute *attribute, size_t index);
size_t edge_onnx_attribute_string_count(const edge_onnx_attribute *attribute);
edge_onnx_text edge_onnx_attribute_string_at(const edge_onnx_attribute *attribute, size_t index);
size_t edge_onnx_attribute_graph_count(const edge_onnx_attribute *attribute);
const edge_onnx_graph *edge_onnx_attribute_graph_at(const edge_onnx_attribute *attribute, size_t index);

edge_onnx_text edge_onnx_tensor_name(const edge_onnx_tensor *tensor);
/* TensorProto.DataType. */
int32_t edge_onnx_tensor_type(const edge_onnx_tensor *tensor);
size_t edge_onnx_tensor_rank(const edge_onnx_tensor *tensor);
int64_t edge_onnx_tensor_axis(const edge_onnx_tensor *tensor, size_t axis);
/* 1 when the elements lie in another file, described by the keys "location", "offset" and "length". */
int edge_onnx_tensor_is_external(const edge_onnx_tensor *tensor);
edge_onnx_text edge_onnx_tensor_external(const edge_onnx_tensor *tensor, const char *key);
/* Bytes of the raw form; empty when the elements lie in typed fields. */
edge_onnx_text edge_onnx_tensor_raw(const edge_onnx_tensor *tensor);
/* Typed fields: the number of entries of float_data, double_data, int32_data, int64_data or uint64_data that the
 * element type uses, and entry `index` as an exact integer or as a double. */
size_t edge_onnx_tensor_entry_count(const edge_onnx_tensor *tensor);
int64_t edge_onnx_tensor_integer_entry(const edge_onnx_tensor *tensor, size_t index);
double edge_onnx_tensor_float_entry(const edge_onnx_tensor *tensor, size_t index);

#ifdef __cplusplus
}
#endif

#endif
