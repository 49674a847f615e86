#!/usr/bin/env python3
"""Makes the models of Tests/Models/pipelines, one a domain, whose results can be told without running them.

usage: tiny_pipelines.py OUT_DIR      (needs numpy and onnx)

frames.onnx   input [1, 6], state [1, 1]: next state = mean of the input + state / 2; score = its absolute value
places.onnx   range_image [1, 5, 4, 8]: scores of three classes: 0, x, y
boxes.onnx    image [1, 3, 4, 4]: a map of FastestDet's form with two classes: 1 wherever the mean of a quarter is above 0.5
words.onnx    input_ids [1, T]: the mean of three numbers a token, the token's own, its square and 1
encoder.onnx  input_ids [1, T]: two scores of a three-layer encoder of random weights
letters.onnx  token [1]: the scores of 262 tokens, best for the token's successor
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path, nodes, inputs, outputs, constants, opset=13):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(*node[:3], name=f"n{index}", **node[3]) for index, node in enumerate(nodes)],
        os.path.basename(path)[:-5], [info(*value) for value in inputs], [info(*value) for value in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8), path)


def encoder(path, width=8, heads=2, layers=3):
    random = np.random.default_rng(1)
    nodes, constants = [], {"table": random.normal(size=(16, width)).astype(np.float32)}

    def add(op, inputs, **attributes):
        nodes.append((op, inputs, [f"v{len(nodes)}"], attributes))
        return nodes[-1][2][0]

    def constant(value):
        constants[f"c{len(constants)}"] = value
        return f"c{len(constants) - 1}"

    def linear(x, inputs, outputs):
        weight = random.normal(size=(inputs, outputs)).astype(np.float32) / inputs ** 0.5
        return add("Add", [add("MatMul", [x, constant(weight)]), constant(np.zeros(outputs, np.float32))])

    def split(x, order):
        shape = constant(np.array([0, 0, heads, width // heads]))
        return add("Transpose", [add("Reshape", [linear(x, width, width), shape])], perm=order)

    def norm(x):
        return add("LayerNormalization", [x, constant(np.ones(width, np.float32)), constant(np.zeros(width, np.float32))])

    x = add("Gather", ["table", "input_ids"])
    for _ in range(layers):
        scores = add("MatMul", [split(x, [0, 2, 1, 3]), split(x, [0, 2, 3, 1])])
        weights = add("Softmax", [add("Mul", [scores, constant(np.float32(0.5))])], axis=-1)
        mixed = add("Transpose", [add("MatMul", [weights, split(x, [0, 2, 1, 3])])], perm=[0, 2, 1, 3])
        mixed = add("Reshape", [mixed, constant(np.array([0, 0, width]))])
        x = norm(add("Add", [linear(mixed, width, width), x]))
        x = norm(add("Add", [linear(add("Relu", [linear(x, width, 16)]), 16, width), x]))
    mean = add("ReduceMean", [x], axes=[1], keepdims=0)
    nodes.append(("MatMul", [mean, constant(random.normal(size=(width, 2)).astype(np.float32))], ["scores"], {}))
    save(path, nodes, [("input_ids", TensorProto.INT64, [1, "T"])], [("scores", TensorProto.FLOAT, [1, 2])], constants, opset=17)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = lambda name: os.path.join(sys.argv[1], name)
    os.makedirs(sys.argv[1], exist_ok=True)
    real, whole = TensorProto.FLOAT, TensorProto.INT64
    save(out("frames.onnx"),
         [("ReduceMean", ["input"], ["mean"], {"axes": [1]}), ("Mul", ["state", "half"], ["faded"], {}),
          ("Add", ["mean", "faded"], ["stateN"], {}), ("Abs", ["stateN"], ["score"], {})],
         [("input", real, [1, 6]), ("state", real, [1, 1])], [("score", real, [1, 1]), ("stateN", real, [1, 1])],
         {"half": np.array([0.5], np.float32)})
    weights = np.zeros((3, 5, 1, 1), np.float32)
    weights[1, 0], weights[2, 1] = 1, 1
    save(out("places.onnx"), [("Conv", ["range_image", "w"], ["logits"], {})],
         [("range_image", real, [1, 5, 4, 8])], [("logits", real, [1, 3, 4, 8])], {"w": weights})
    weights = np.zeros((7, 3, 2, 2), np.float32)
    weights[0] = 1 / 12
    bias = np.array([0, 0, 0, 0, 0, 0.25, 1], np.float32)
    save(out("boxes.onnx"), [("Conv", ["image", "w", "b"], ["map"], {"strides": [2, 2]})],
         [("image", real, [1, 3, 4, 4])], [("map", real, [1, 7, 2, 2])], {"w": weights, "b": bias})
    numbers = np.arange(16, dtype=np.float32)
    save(out("words.onnx"),
         [("Gather", ["table", "input_ids"], ["rows"], {}), ("ReduceMean", ["rows"], ["embedding"], {"axes": [1], "keepdims": 0})],
         [("input_ids", whole, [1, "T"])], [("embedding", real, [1, 3])],
         {"table": np.stack([numbers, numbers ** 2, np.ones(16, np.float32)], 1)})
    encoder(out("encoder.onnx"))
    save(out("letters.onnx"),
         [("Cast", ["token"], ["number"], {"to": real}), ("Sub", ["successors", "number"], ["distance"], {}),
          ("Abs", ["distance"], ["far"], {}), ("Neg", ["far"], ["scores"], {}), ("Unsqueeze", ["scores", "first"], ["logits"], {})],
         [("token", whole, [1])], [("logits", real, [1, 262])],
         {"successors": np.arange(-1, 261, dtype=np.float32), "first": np.array([0])})


if __name__ == "__main__":
    main()
