#!/usr/bin/env python3
"""Makes the models of Tests/Models: tiny.onnx, which the corpus of damaged files is derived from, calibration samples for it,
unsupported.onnx, with three nodes that cannot be converted, and bad_layer.onnx, one value of which no 256 steps can hold.

usage: tiny_model.py OUT_DIR      (needs numpy and onnx)

[N, 3, 12, 12] -> convolution, ReLU, max pooling -> depthwise and 1x1 convolution with a residual -> global average -> 5 logits; random
weights from a fixed seed, N is chosen at run time.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def model(rng):
    """The network as a ModelProto."""
    shapes = {"w1": (8, 3, 3, 3), "b1": (8,), "wd": (8, 1, 3, 3), "bd": (8,), "wp": (8, 8, 1, 1), "bp": (8,), "wf": (5, 8), "bf": (5,)}
    weights = [numpy_helper.from_array((rng.standard_normal(s) * 0.4).astype(np.float32), n) for n, s in shapes.items()]
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], "conv", pads=[1, 1, 1, 1]), node("Relu", ["c1"], ["r1"], "relu"),
        node("MaxPool", ["r1"], ["p1"], "pool", kernel_shape=[2, 2], strides=[2, 2]),
        node("Conv", ["p1", "wd", "bd"], ["cd"], "depthwise", pads=[1, 1, 1, 1], group=8), node("Relu", ["cd"], ["rd"], "relu_depthwise"),
        node("Conv", ["rd", "wp", "bp"], ["cp"], "pointwise"), node("Add", ["cp", "p1"], ["sum"], "add"),
        node("GlobalAveragePool", ["sum"], ["mean"], "mean"), node("Flatten", ["mean"], ["flat"], "flatten"),
        node("Gemm", ["flat", "wf", "bf"], ["logits"], "classifier", transB=1),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "tiny", [info("x", TensorProto.FLOAT, ["N", 3, 12, 12])], [info("logits", TensorProto.FLOAT, ["N", 5])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def unsupported():
    """Three operators that no runtime on a board has, between two that it has."""
    node, info = helper.make_node, helper.make_tensor_value_info
    nodes = [
        node("Relu", ["x"], ["a"], "fine"), node("StringNormalizer", ["a"], ["b"], "first"),
        node("Frobnicate", ["b"], ["c"], "second", domain="com.example"), node("Unique", ["c"], ["d"], "third"), node("Relu", ["d"], ["y"], "fine_too"),
    ]
    graph = helper.make_graph(nodes, "unsupported", [info("x", TensorProto.FLOAT, [1, 4])], [info("y", TensorProto.FLOAT, [4])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("com.example", 1)], ir_version=8)


def bad_layer(rng):
    """Convolutions with a sum in the middle, one channel of which is 1500 times larger than it should be, and brought back after it."""
    node, weights, nodes = helper.make_node, [], []

    def layer(x, y, inputs, outputs, name, relu=True, grow=1.0, shrink=1.0):
        w = (rng.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))).astype(np.float32)
        w[3 % outputs] *= np.float32(grow)
        w[:, 3 % inputs] /= np.float32(shrink)
        weights.append(numpy_helper.from_array(w, f"{name}.w"))
        nodes.append(node("Conv", [x, f"{name}.w"], [f"{y}_sum" if relu else y], name, pads=[1, 1, 1, 1]))
        if relu:
            nodes.append(node("Relu", [f"{y}_sum"], [y], f"{name}_relu"))

    layer("x", "a", 3, 8, "first")
    layer("a", "b", 8, 8, "fine", relu=False)
    layer("a", "c", 8, 8, "bad_layer", relu=False, grow=1500.0)
    nodes.append(node("Add", ["b", "c"], ["d"], "add"))
    layer("d", "e", 8, 8, "after", shrink=1500.0)
    nodes += [node("GlobalAveragePool", ["e"], ["mean"], "mean"), node("Flatten", ["mean"], ["flat"], "flatten"),
              node("Gemm", ["flat", "wf"], ["logits"], "classifier", transB=1)]
    weights.append(numpy_helper.from_array(rng.standard_normal((5, 8)).astype(np.float32), "wf"))
    info = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "bad_layer", [info("x", TensorProto.FLOAT, [1, 3, 12, 12])], [info("logits", TensorProto.FLOAT, [1, 5])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = sys.argv[1]
    rng = np.random.default_rng(7)
    os.makedirs(os.path.join(out, "calibration"), exist_ok=True)
    onnx.save(model(rng), os.path.join(out, "tiny.onnx"))
    onnx.save(unsupported(), os.path.join(out, "unsupported.onnx"))
    onnx.save(bad_layer(np.random.default_rng(8)), os.path.join(out, "bad_layer.onnx"))
    for i in range(4):
        np.savez(os.path.join(out, "calibration", f"{i}.npz"), x=rng.standard_normal((1, 3, 12, 12)).astype(np.float32))


if __name__ == "__main__":
    main()
