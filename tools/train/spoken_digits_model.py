"""The spoken-digit network: mel front end and depthwise-separable CNN, in PyTorch and as ONNX.

Both take samples [N, 8000] in -1..1 and give logits [N, 10]; the ONNX graph is written by hand with
N = 1 so that it holds plain operators only.
"""

import numpy as np
import torch
from onnx import TensorProto, helper
from torch import nn

from onnx_graph import GraphWriter
from spoken_digits_data import CLIP_SAMPLES, SAMPLE_RATE

FRAME = 256
HOP = 128
PADDING = 160
FRAMES = (CLIP_SAMPLES + 2 * PADDING - FRAME) // HOP + 1
BINS = FRAME // 2 + 1
BANDS = 40
FLOOR = 1e-6
# Round numbers that put the log-mel values of the training set (about -14 to 2) near -1.5 to 1.5.
LOG_MEAN = -6.0
LOG_DEVIATION = 5.0

STEM_CHANNELS = 48
BLOCKS = ((64, 1), (112, 2), (112, 1), (160, 2), (160, 1))
CLASSES = 10


def window():
    """Periodic Hann window [FRAME]."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)


def mel_matrix(warp=1.0):
    """Triangular HTK-mel filters 60..3900 Hz, [BINS, BANDS]; `warp` scales their frequencies."""
    def to_mel(hertz):
        return 2595 * np.log10(1 + hertz / 700)

    edges = np.linspace(to_mel(60.0), to_mel(3900.0), BANDS + 2)
    edges = 700 * (10 ** (edges / 2595) - 1) * warp
    hertz = np.arange(BINS)[:, None] * SAMPLE_RATE / FRAME
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)


class FrontEnd(nn.Module):
    """Samples [N, 8000] to normalised log-mel [N, 1, FRAMES, BANDS]; no learned weights."""

    WARPS = np.linspace(0.84, 1.16, 17)

    def __init__(self):
        super().__init__()
        self.register_buffer("window", torch.from_numpy(window()), persistent=False)
        self.register_buffer("mel", torch.from_numpy(mel_matrix()), persistent=False)
        warped = np.stack([mel_matrix(w) for w in self.WARPS])
        self.register_buffer("warped", torch.from_numpy(warped), persistent=False)

    def power(self, samples):
        """Power spectrum [N, FRAMES, BINS]."""
        padded = nn.functional.pad(samples, (PADDING, PADDING))
        spectrum = torch.fft.rfft(padded.unfold(1, FRAME, HOP) * self.window)
        return spectrum.real ** 2 + spectrum.imag ** 2

    @staticmethod
    def normalise(mel):
        """Logarithm and fixed normalisation of mel power."""
        return ((torch.log(mel + FLOOR) - LOG_MEAN) / LOG_DEVIATION).unsqueeze(1)

    def forward(self, samples):
        return self.normalise(self.power(samples) @ self.mel)

    def augmented(self, samples, random):
        """As `forward`, with vocal-tract warp, random equalisation and masked bands and frames."""
        count = len(samples)
        warps = torch.from_numpy(random.integers(len(self.WARPS), size=count))
        mel = torch.bmm(self.power(samples), self.warped[warps])
        curve = torch.from_numpy(random.normal(0, 1.2, (count, 1, 6)).astype(np.float32))
        curve = nn.functional.interpolate(curve, BANDS, mode="linear", align_corners=True)
        features = self.normalise(mel * torch.exp(curve))
        for axis, widest in ((2, 8), (2, 8), (3, 6), (3, 6)):
            extent = features.shape[axis]
            width = random.integers(0, widest + 1, count)
            start = random.integers(0, extent - width + 1)
            place = np.arange(extent)
            mask = (place >= start[:, None]) & (place < (start + width)[:, None])
            shape = (count, 1, extent, 1) if axis == 2 else (count, 1, 1, extent)
            features = features.masked_fill(torch.from_numpy(mask).reshape(shape), 0.0)
        return features


class Separable(nn.Module):
    """Depthwise 3x3 and pointwise convolution with batch norm and ReLU; residual if it fits."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.stride = stride
        self.residual = inputs == outputs and stride == 1
        self.depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(inputs)
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.pointwise_norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = torch.relu(self.depthwise_norm(self.depthwise(x)))
        y = self.pointwise_norm(self.pointwise(y))
        return torch.relu(x + y if self.residual else y)


class Classifier(nn.Module):
    """Log-mel features [N, 1, FRAMES, BANDS] to logits [N, 10]."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, STEM_CHANNELS, 5, 2, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(STEM_CHANNELS)
        widths = (STEM_CHANNELS, *(outputs for outputs, _ in BLOCKS))
        self.blocks = nn.ModuleList(
            Separable(inputs, outputs, stride) for inputs, (outputs, stride) in zip(widths, BLOCKS))
        self.dropout = nn.Dropout(0.2)
        self.dense = nn.Linear(widths[-1], CLASSES)

    def forward(self, features):
        x = torch.relu(self.stem_norm(self.stem(features)))
        for block in self.blocks:
            x = block(x)
        return self.dense(self.dropout(x.mean((2, 3))))


class Writer(GraphWriter):
    """Adds the layers of this network."""

    def convolution(self, name, source, layer):
        """Add a bias-free Conv."""
        weight = self.constant(f"{name}.weight", layer.weight.detach().numpy())
        padding = list(layer.padding) * 2
        return self.add("Conv", name, [source, weight], kernel_shape=list(layer.kernel_size),
                        strides=list(layer.stride), pads=padding, group=layer.groups)

    def batch_norm(self, name, source, layer):
        """Add an unfolded BatchNormalization."""
        values = (layer.weight, layer.bias, layer.running_mean, layer.running_var)
        names = ("scale", "bias", "mean", "variance")
        inputs = [self.constant(f"{name}.{n}", v.detach().numpy()) for n, v in zip(names, values)]
        return self.add("BatchNormalization", name, [source, *inputs], epsilon=layer.eps)


def write_front_end(graph):
    """Add the nodes from `samples` to normalised log-mel features [1, 1, FRAMES, BANDS]."""
    pads = graph.constant("front.pads", np.array([0, PADDING, 0, PADDING], np.int64))
    x = graph.add("Pad", "front.pad", ["samples", pads], mode="constant")
    axis = graph.constant("front.signal_axis", np.array([2], np.int64))
    x = graph.add("Unsqueeze", "front.signal", [x, axis])
    step = graph.constant("front.step", np.array(HOP, np.int64))
    frame = graph.constant("front.window", window())
    x = graph.add("STFT", "front.stft", [x, step, frame], onesided=1)
    x = graph.add("Mul", "front.square", [x, x])
    axis = graph.constant("front.complex_axis", np.array([3], np.int64))
    x = graph.add("ReduceSum", "front.power", [x, axis], keepdims=0)
    x = graph.add("MatMul", "front.mel", [x, graph.constant("front.mel_matrix", mel_matrix())])
    x = graph.add("Add", "front.floored", [x, graph.constant("front.floor", np.float32([FLOOR]))])
    x = graph.add("Log", "front.log", [x])
    x = graph.add("Sub", "front.centred", [x, graph.constant("front.mean", np.float32([LOG_MEAN]))])
    x = graph.add("Div", "front.scaled",
                  [x, graph.constant("front.deviation", np.float32([LOG_DEVIATION]))])
    axis = graph.constant("front.channel_axis", np.array([1], np.int64))
    return graph.add("Unsqueeze", "front.features", [x, axis])


def write_classifier(graph, features, model):
    """Add the nodes from features to `logits` [1, 10]."""
    x = graph.batch_norm("stem.norm", graph.convolution("stem.conv", features, model.stem),
                         model.stem_norm)
    x = graph.add("Relu", "stem.relu", [x])
    for number, block in enumerate(model.blocks, 1):
        name = f"block{number}"
        y = graph.convolution(f"{name}.depthwise", x, block.depthwise)
        y = graph.batch_norm(f"{name}.depthwise_norm", y, block.depthwise_norm)
        y = graph.add("Relu", f"{name}.depthwise_relu", [y])
        y = graph.convolution(f"{name}.pointwise", y, block.pointwise)
        y = graph.batch_norm(f"{name}.pointwise_norm", y, block.pointwise_norm)
        if block.residual:
            y = graph.add("Add", f"{name}.residual", [x, y])
        x = graph.add("Relu", f"{name}.relu", [y])
    x = graph.add("GlobalAveragePool", "pool", [x])
    x = graph.add("Flatten", "pooled", [x], axis=1)
    weight = graph.constant("dense.weight", model.dense.weight.detach().numpy())
    bias = graph.constant("dense.bias", model.dense.bias.detach().numpy())
    return graph.add("Gemm", "logits", [x, weight, bias], transB=1)


def export(model, path):
    """Write `model` with its front end as ONNX opset 17, IR 8."""
    graph = Writer()
    write_classifier(graph, write_front_end(graph), model)
    samples = helper.make_tensor_value_info("samples", TensorProto.FLOAT, [1, CLIP_SAMPLES])
    logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, CLASSES])
    graph.save(path, "spoken_digits", [samples], [logits])
