"""Networks as ONNX models of operators that all runtimes know (opset 13)."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from .networks import NETWORKS, Builder


class OnnxBuilder(Builder):
    """A tensor is its name and its shape."""

    def __init__(self):
        super().__init__()
        self.nodes, self.constants, self.inputs, self.outputs = [], [], [], []

    def shape(self, x):
        return x[1]

    def constant(self, array):
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, kind, inputs, shape, **attributes):
        """Inputs are tensors, or arrays as constants."""
        names = [x[0] if isinstance(x, tuple) else self.constant(x) for x in inputs]
        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, names, [output], name="node_" + output, **attributes))
        return output, list(shape)

    def input(self, shape):
        self.inputs.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, shape))
        return "x", list(shape)

    def output(self, x):
        self.outputs.append(helper.make_tensor_value_info(x[0], TensorProto.FLOAT, x[1]))

    def activated(self, x, activation):
        if activation == "relu":
            return self.node("Relu", [x], x[1])
        if activation == "relu6":
            return self.node("Clip", [x, np.float32(0), np.float32(6)], x[1])
        return x

    def _conv(self, x, weight, bias, stride, groups, activation):
        kernel, sizes = weight.shape[2:], [-(-size // stride) for size in x[1][2:]]
        if kernel[0] % 2 and kernel[1] % 2:
            pads = [kernel[0] // 2, kernel[1] // 2] * 2
        else:  # an even kernel has its middle after the centre
            missing = [max(0, (out - 1) * stride + k - size) for out, k, size in zip(sizes, kernel, x[1][2:])]
            pads = [m // 2 for m in missing] + [m - m // 2 for m in missing]
        y = self.node("Conv", [x, weight, bias], [1, len(weight), *sizes], kernel_shape=list(kernel),
                      strides=[stride, stride], pads=pads, group=groups)
        return self.activated(y, activation)

    def _transposed(self, x, weight, bias, stride):
        _, _, height, width = x[1]
        y = self.node("ConvTranspose", [x, weight, bias], [1, weight.shape[1], height * stride, width * stride],
                      kernel_shape=[stride, stride], strides=[stride, stride])
        return self.activated(y, "relu")

    def add(self, a, b, activation=None):
        return self.activated(self.node("Add", [a, b], a[1]), activation)

    def max_pool(self, x):
        _, channels, height, width = x[1]
        return self.node("MaxPool", [x], [1, channels, height // 2, width // 2], kernel_shape=[3, 3], strides=[2, 2],
                         pads=[1, 1, 1, 1])

    def concat(self, parts):
        return self.node("Concat", parts, [1, sum(part[1][1] for part in parts), *parts[0][1][2:]], axis=1)

    def _classify(self, x, weight, bias):
        channels = x[1][1]
        y = self.node("Flatten", [self.node("GlobalAveragePool", [x], [1, channels, 1, 1])], [1, channels], axis=1)
        return self.node("Gemm", [y, weight, bias], [1, len(weight)], transB=1)

    def _linear(self, x, weight, bias):
        y = self.node("MatMul", [x, np.ascontiguousarray(weight.T)], [*x[1][:-1], len(weight)])
        return self.node("Add", [y, bias], y[1])

    def _normalize(self, x, scale, bias):
        single = [*x[1][:-1], 1]
        centred = self.node("Sub", [x, self.node("ReduceMean", [x], single, axes=[-1])], x[1])
        variance = self.node("ReduceMean", [self.node("Pow", [centred, np.float32(2)], x[1])], single, axes=[-1])
        deviation = self.node("Sqrt", [self.node("Add", [variance, np.float32(1e-5)], single)], single)
        y = self.node("Mul", [self.node("Div", [centred, deviation], x[1]), scale], x[1])
        return self.node("Add", [y, bias], x[1])

    def gelu(self, x):
        y = self.node("Erf", [self.node("Div", [x, np.float32(np.sqrt(2))], x[1])], x[1])
        y = self.node("Mul", [x, self.node("Add", [y, np.float32(1)], x[1])], x[1])
        return self.node("Mul", [y, np.float32(0.5)], x[1])

    def attention(self, query, key, value, heads):
        _, tokens, width = query[1]
        depth = width // heads

        def split(x, order, shape):
            x = self.node("Reshape", [x, np.int64([1, tokens, heads, depth])], [1, tokens, heads, depth])
            return self.node("Transpose", [x], shape, perm=order)

        rows = [1, heads, tokens, depth]
        query, value = split(query, [0, 2, 1, 3], rows), split(value, [0, 2, 1, 3], rows)
        key = split(key, [0, 2, 3, 1], [1, heads, depth, tokens])
        scores = self.node("MatMul", [query, key], [1, heads, tokens, tokens])
        scores = self.node("Softmax", [self.node("Div", [scores, np.float32(np.sqrt(depth))], scores[1])], scores[1], axis=-1)
        mixed = self.node("Transpose", [self.node("MatMul", [scores, value], rows)], [1, tokens, heads, depth],
                          perm=[0, 2, 1, 3])
        return self.node("Reshape", [mixed, np.int64([1, tokens, width])], [1, tokens, width])

    def save(self, path):
        graph = helper.make_graph(self.nodes, "network", self.inputs, self.outputs, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        onnx.checker.check_model(model)
        onnx.save(onnx.shape_inference.infer_shapes(model, strict_mode=True), path)


def write(name, path):
    """Saves a network by its name."""
    builder = OnnxBuilder()
    NETWORKS[name](builder)
    builder.save(path)
