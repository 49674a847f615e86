#!/usr/bin/env python3
"""Makes the models of Tests/Models/pipelines, one a domain, whose results can be told without running them.

usage: tiny_pipelines.py OUT_DIR      (needs numpy and onnx)

frames.onnx   input [1, 6], state [1, 1]: next state = mean of the input + state / 2; score = its absolute value
places.onnx   range_image [1, 5, 4, 8]: scores of three classes: 0, x, y
boxes.onnx    image [1, 3, 4, 4]: a map of FastestDet's form with two classes: 1 wherever the mean of a quarter is above 0.5
words.onnx    input_ids [1, T]: the mean of three numbers a token, the token's own, its square and 1
letters.onnx  token [1]: the scores of 262 tokens, best for the token's successor
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path, nodes, inputs, outputs, constants):
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(*node[:3], name=f"n{index}", **node[3]) for index, node in enumerate(nodes)],
        os.path.basename(path)[:-5], [info(*value) for value in inputs], [info(*value) for value in outputs],
        [numpy_helper.from_array(value, name) for name, value in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)


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
    save(out("letters.onnx"),
         [("Cast", ["token"], ["number"], {"to": real}), ("Sub", ["successors", "number"], ["distance"], {}),
          ("Abs", ["distance"], ["far"], {}), ("Neg", ["far"], ["scores"], {}), ("Unsqueeze", ["scores", "first"], ["logits"], {})],
         [("token", whole, [1])], [("logits", real, [1, 262])],
         {"successors": np.arange(-1, 261, dtype=np.float32), "first": np.array([0])})


if __name__ == "__main__":
    main()
