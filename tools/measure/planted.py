"""A hard case for quantization: a model that computes the same, with channels of very different size."""
import numpy as np
import onnx
from onnx import numpy_helper

SPREAD = 100  # largest over smallest factor of a channel
OUTLIERS, LARGER = 4, 50  # channels of each value that are larger still, and how many times


def rescaled(source, target, seed=1):
    """Scales channels between a normalization, a ReLU and the convolution that alone reads it, there and back."""
    model = onnx.load(source)
    graph, random = model.graph, np.random.default_rng(seed)
    constants = {tensor.name: tensor for tensor in graph.initializer}
    readers = {}
    for node in graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)

    def scale(name, factors):
        values = numpy_helper.to_array(constants[name])
        constants[name].CopyFrom(numpy_helper.from_array((values * factors).astype(values.dtype), name))

    changed = 0
    for node in graph.node:
        after = readers.get(node.output[0], [])
        if node.op_type != "BatchNormalization" or len(after) != 1 or after[0].op_type != "Relu":
            continue
        last = readers.get(after[0].output[0], [])
        if len(last) != 1 or last[0].op_type != "Conv":
            continue
        channels = numpy_helper.to_array(constants[node.input[1]]).size
        factors = np.float32(SPREAD) ** random.uniform(-.5, .5, channels).astype(np.float32)
        factors[random.choice(channels, OUTLIERS, replace=False)] *= LARGER
        scale(node.input[1], factors)
        scale(node.input[2], factors)
        scale(last[0].input[1], (1 / factors)[None, :, None, None])
        changed += 1
    if not changed:
        raise RuntimeError(f"{source}: no channels to rescale")
    onnx.save(model, target)
