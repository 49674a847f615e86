"""ONNX graphs written node by node."""

import numpy as np
import onnx
from onnx import helper, numpy_helper


class GraphWriter:
    """Collects ONNX nodes and initializers; each call returns the name of its output."""

    def __init__(self):
        self.nodes = []
        self.initializers = []

    def constant(self, name, values):
        """Add an initializer."""
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(self, operator, name, inputs, **attributes):
        """Add a node with one output, named as the node."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def save(self, path, name, inputs, outputs):
        """Check and write as opset 17, IR 8."""
        body = helper.make_graph(self.nodes, name, inputs, outputs, self.initializers)
        proto = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                                  producer_name=f"{name}.py")
        onnx.checker.check_model(proto, full_check=True)
        onnx.save(proto, path)
