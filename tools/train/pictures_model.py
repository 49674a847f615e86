"""A residual network for 32x32 pictures with three early exits, in PyTorch and as ONNX.

The trunk is ResNet-20 (He et al. 2016, section 4.2, shortcuts of option A); exits have a small branch of convolutions each,
since features of early blocks are not yet linearly separable. Input: RGB / 255, less MEAN, by DEVIATION.
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from onnx_graph import GraphWriter

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
SIDE = 32
CLASSES = 10
# Channels and stride of every block.
BLOCKS = ((16, 1), (16, 1), (16, 1), (32, 2), (32, 1), (32, 1), (64, 2), (64, 1), (64, 1))
# Block after which an exit stands, and (channels, kernel, stride) of its convolutions.
EXITS = {3: ((32, 3, 2), (64, 3, 2)), 5: ((64, 3, 2), (96, 1, 1)), 7: ((128, 1, 1),)}


class Unit(nn.Module):
    """Convolution and batch normalization."""

    def __init__(self, inputs, outputs, kernel, stride):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.norm(self.conv(x))


class Block(nn.Module):
    """Two 3x3 units around a shortcut, which takes every second pixel and adds empty channels."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = Unit(inputs, outputs, 3, stride)
        self.second = Unit(outputs, outputs, 3, 1)
        self.stride = stride
        self.added = (outputs - inputs) // 2

    def forward(self, x):
        y = self.second(torch.relu(self.first(x)))
        if self.stride == 2:
            x = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.added, self.added))
        return torch.relu(x + y)


class Head(nn.Module):
    """Units of an exit, mean over the picture, classifier."""

    def __init__(self, inputs, form):
        super().__init__()
        self.units = nn.ModuleList()
        for outputs, kernel, stride in form:
            self.units.append(Unit(inputs, outputs, kernel, stride))
            inputs = outputs
        self.dense = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        for unit in self.units:
            x = torch.relu(unit(x))
        return self.dense(x.mean((2, 3)))


class Network(nn.Module):
    """Pictures [N, 3, 32, 32] to every block's output and the logits of the exits and the end."""

    def __init__(self):
        super().__init__()
        self.stem = Unit(3, 16, 3, 1)
        widths = (16, *(outputs for outputs, _ in BLOCKS))
        self.blocks = nn.ModuleList(
            Block(inputs, outputs, stride) for inputs, (outputs, stride) in zip(widths, BLOCKS))
        self.heads = nn.ModuleList(Head(widths[after], form) for after, form in EXITS.items())
        self.dense = nn.Linear(widths[-1], CLASSES)

    def forward(self, x):
        x = torch.relu(self.stem(x))
        states, logits, heads = [], [], iter(self.heads)
        for number, block in enumerate(self.blocks, 1):
            x = block(x)
            states.append(x)
            if number in EXITS:
                logits.append(next(heads)(x))
        return states, [*logits, self.dense(x.mean((2, 3)))]

    def convolutions(self):
        """(name, layer) of all convolutions but the stem."""
        return [(name, layer) for name, layer in self.named_modules()
                if isinstance(layer, nn.Conv2d) and not name.startswith("stem")]


def load_base(path):
    """A network whose trunk has the weights of a published ResNet-20; exits are new."""
    stored = {t.name: torch.from_numpy(numpy_helper.to_array(t).astype(np.float32))
              for t in onnx.load(path).graph.initializer}
    model = Network()

    def fill(unit, conv, norm):
        unit.conv.weight.copy_(stored[f"{conv}.w"])
        for part in ("weight", "bias", "running_mean", "running_var"):
            getattr(unit.norm, part).copy_(stored[f"{norm}.{part}"])

    with torch.no_grad():
        fill(model.stem, "conv1", "bn1")
        for number, block in enumerate(model.blocks):
            base = f"layer{number // 3 + 1}.{number % 3}"
            fill(block.first, f"{base}.conv1", f"{base}.bn1")
            fill(block.second, f"{base}.conv2", f"{base}.bn2")
        matrix = next(w for w in stored.values() if w.dim() == 2 and sorted(w.shape) == [CLASSES, 64])
        model.dense.weight.copy_(matrix if matrix.shape[0] == CLASSES else matrix.T)
        model.dense.bias.copy_(next(w for w in stored.values() if list(w.shape) == [CLASSES]))
    return model


class Writer(GraphWriter):
    """Writes a network as ONNX, batch normalizations unfolded."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def unit(self, name, x, unit):
        """Convolution and batch normalization."""
        weight = self.constant(f"{name}.weight", unit.conv.weight.detach().numpy())
        x = self.add("Conv", f"{name}.conv", [x, weight], kernel_shape=list(unit.conv.kernel_size),
                     strides=list(unit.conv.stride), pads=list(unit.conv.padding) * 2)
        values = (unit.norm.weight, unit.norm.bias, unit.norm.running_mean, unit.norm.running_var)
        names = ("scale", "shift", "mean", "variance")
        inputs = [self.constant(f"{name}.{n}", v.detach().numpy()) for n, v in zip(names, values)]
        return self.add("BatchNormalization", name, [x, *inputs], epsilon=unit.norm.eps)

    def shortcut(self, name, x, block):
        """Every second pixel, and empty channels on both sides."""
        if block.stride == 1:
            return x
        ints = {"starts": [0, 0], "ends": [SIDE, SIDE], "axes": [2, 3], "steps": [2, 2]}
        x = self.add("Slice", f"{name}.thinned", [x] + [
            self.constant(f"{name}.{key}", np.array(value, np.int64)) for key, value in ints.items()])
        pads = np.array([0, block.added, 0, 0] * 2, np.int64)
        return self.add("Pad", f"{name}.padded", [x, self.constant(f"{name}.pads", pads)])

    def dense(self, name, x, layer):
        """Mean over the picture and a fully connected layer."""
        x = self.add("GlobalAveragePool", f"{name}.mean", [x])
        x = self.add("Flatten", f"{name}.flat", [x], axis=1)
        weight = self.constant(f"{name}.weight", layer.weight.detach().numpy())
        bias = self.constant(f"{name}.bias", layer.bias.detach().numpy())
        return self.add("Gemm", name, [x, weight, bias], transB=1)

    def write(self, path):
        """All nodes; outputs `logits` and `exit1`, `exit2`, `exit3`."""
        x = self.add("Relu", "stem.relu", [self.unit("stem", "image", self.model.stem)])
        heads = iter(enumerate(self.model.heads, 1))
        for number, block in enumerate(self.model.blocks, 1):
            name = f"block{number}"
            y = self.add("Relu", f"{name}.relu1", [self.unit(f"{name}.first", x, block.first)])
            y = self.unit(f"{name}.second", y, block.second)
            y = self.add("Add", f"{name}.sum", [y, self.shortcut(name, x, block)])
            x = self.add("Relu", name, [y])
            if number in EXITS:
                self.exit(*next(heads), x)
        self.dense("logits", x, self.model.dense)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
        names = ["logits", *(f"exit{n}" for n in range(1, len(EXITS) + 1))]
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, CLASSES]) for n in names]
        self.save(path, "pictures", [image], outputs)

    def exit(self, number, head, x):
        """One exit's branch."""
        for place, unit in enumerate(head.units, 1):
            name = f"exit{number}.unit{place}"
            x = self.add("Relu", f"{name}.relu", [self.unit(name, x, unit)])
        self.dense(f"exit{number}", x, head.dense)
