"""Networks of known shapes with random weights, batch normalization folded in: only their speed and memory mean anything.

Each is described once to a builder (networks_onnx.py, networks_litert.py), which draws the same weights in the same order.
"""
import numpy as np


class Builder:
    """Makes layers. Pictures are `[1, C, H, W]` as described here; a builder may keep them otherwise.

    A subclass defines `shape`, and what the methods below call with their weights drawn: `_conv`, `_transposed`, `_classify`, `_linear`
    and `_normalize`; and `input`, `add`, `max_pool`, `concat`, `gelu`, `attention` and `output`.
    """

    def __init__(self, seed=0):
        self.random = np.random.default_rng(seed)
        self.sparsity = 0.0

    def weight(self, shape, fan, gain=2.0):
        """Weights whose scales differ between output channels, the first axis, as after folding a normalization in."""
        scales = np.exp(self.random.normal(0, 0.35, (shape[0],) + (1,) * (len(shape) - 1)))
        return (self.random.standard_normal(shape) * np.sqrt(gain / fan) * scales / np.exp(0.06)).astype(np.float32)

    def bias(self, count, spread):
        return (self.random.standard_normal(count) * spread).astype(np.float32)

    def thinned(self, weight):
        """Weights `[outputs, inputs, ...]` with `sparsity` of their blocks of 4 inputs by 4 outputs zero, the others larger."""
        if not self.sparsity or weight.shape[0] % 4 or weight.shape[1] % 4:
            return weight
        blocks = (weight.shape[0] // 4, weight.shape[1] // 4) + weight.shape[2:]
        kept = np.random.default_rng(weight.size).random(blocks) >= self.sparsity
        return weight * kept.repeat(4, 0).repeat(4, 1).astype(np.float32) / np.float32(np.sqrt(1 - self.sparsity))

    def conv(self, x, outputs, kernel, stride=1, groups=1, activation=None, gain=2.0):
        """A convolution whose padding keeps H and W over the stride, rounded up; activation: None, "relu", "relu6"."""
        kernel = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        inputs = self.shape(x)[1] // groups
        weight = self.weight((outputs, inputs, *kernel), inputs * kernel[0] * kernel[1], gain)
        if groups == 1:
            weight = self.thinned(weight)
        return self._conv(x, weight, self.bias(outputs, 0.1), stride, groups, activation)

    def transposed(self, x, outputs, stride):
        """A transposed convolution whose kernel is as large as its stride, and ReLU."""
        inputs = self.shape(x)[1]
        weight = self.weight((inputs, outputs, stride, stride), inputs)
        return self._transposed(x, weight, np.zeros(outputs, np.float32), stride)

    def classify(self, x, classes):
        """The mean of each channel, then a fully connected layer."""
        inputs = self.shape(x)[1]
        return self._classify(x, self.weight((classes, inputs), inputs, 1.0), np.zeros(classes, np.float32))

    def linear(self, x, outputs):
        """x `[1, T, K]` by weights `[outputs, K]`, and a bias."""
        inputs = self.shape(x)[-1]
        return self._linear(x, self.thinned(self.weight((outputs, inputs), inputs, 1.0)), self.bias(outputs, 0.02))

    def normalize(self, x):
        """Layer normalization over the last axis, with a scale and a bias."""
        width = self.shape(x)[-1]
        return self._normalize(x, np.exp(self.random.normal(0, .1, width)).astype(np.float32), self.bias(width, 0.02))


def inverted_residuals(b, rows):
    """A MobileNet-like network on 224x224; rows of expansion, kernel, stride, channels and repetitions."""
    x = b.conv(b.input([1, 3, 224, 224]), 32, 3, 2, activation="relu6")
    for expansion, kernel, stride, channels, count in rows:
        for index in range(count):
            start, hidden = x, b.shape(x)[1] * expansion
            if expansion != 1:
                x = b.conv(x, hidden, 1, activation="relu6")
            x = b.conv(x, hidden, kernel, stride if index == 0 else 1, groups=hidden, activation="relu6")
            x = b.conv(x, channels, 1, gain=1.0)
            if b.shape(x) == b.shape(start):
                x = b.add(start, x)
    b.output(b.classify(b.conv(x, 1280, 1, activation="relu6"), 1000))


def mobilenet_v2(b):
    inverted_residuals(b, [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 3, 2, 32, 3), (6, 3, 2, 64, 4), (6, 3, 1, 96, 3),
                           (6, 3, 2, 160, 3), (6, 3, 1, 320, 1)])


def efficientnet_lite0(b):
    inverted_residuals(b, [(1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
                           (6, 5, 2, 192, 4), (6, 3, 1, 320, 1)])


def ds_cnn(b):
    """Keywords from 49 frames of 10 cepstral coefficients."""
    x = b.conv(b.input([1, 1, 49, 10]), 64, (10, 4), 2, activation="relu")
    for _ in range(4):
        x = b.conv(b.conv(x, 64, 3, groups=64, activation="relu"), 64, 1, activation="relu")
    b.output(b.classify(x, 12))


def resnet(b, depth):
    x = b.max_pool(b.conv(b.input([1, 3, 224, 224]), 64, 7, 2, activation="relu"))
    for stage, count in enumerate({18: [2, 2, 2, 2], 50: [3, 4, 6, 3]}[depth]):
        width = 64 << stage
        for index in range(count):
            start, stride = x, 2 if index == 0 and stage else 1
            if depth == 50:
                y = b.conv(x, width, 1, activation="relu")
                y = b.conv(y, width, 3, stride, activation="relu")
                y = b.conv(y, 4 * width, 1, gain=0.3)
            else:
                y = b.conv(b.conv(x, width, 3, stride, activation="relu"), width, 3, gain=0.3)
            if b.shape(start) != b.shape(y):
                start = b.conv(start, b.shape(y)[1], 1, stride, gain=1.0)
            x = b.add(start, y, activation="relu")
    b.output(b.classify(x, 1000))


def point_pillars(b, height, width):
    """Backbone and heads: class, box and direction."""
    x, levels = b.input([1, 64, height, width]), []
    for count, channels, up in ((3, 64, 1), (5, 128, 2), (5, 256, 4)):
        x = b.conv(x, channels, 3, 2, activation="relu")
        for _ in range(count):
            x = b.conv(x, channels, 3, activation="relu")
        levels.append(b.transposed(x, 128, up))
    y = b.concat(levels)
    for outputs in (18, 42, 12):
        b.output(b.conv(y, outputs, 1, gain=1.0))


def encoder(b, layers, width, heads, hidden, tokens):
    """A transformer's layers on embedded tokens `[1, tokens, width]`."""
    x = b.input([1, tokens, width])
    for _ in range(layers):
        mixed = b.attention(*(b.linear(x, width) for _ in range(3)), heads)
        x = b.normalize(b.add(x, b.linear(mixed, width)))
        x = b.normalize(b.add(x, b.linear(b.gelu(b.linear(x, hidden)), width)))
    b.output(x)


def sparse(network, sparsity):
    """A network as trained sparse: depthwise and grouped layers, the first and the classifier dense."""
    def build(b):
        b.sparsity = sparsity
        network(b)
    return build


NETWORKS = {
    "net_mobilenet_v2": mobilenet_v2,
    "net_efficientnet_lite0": efficientnet_lite0,
    "net_ds_cnn": ds_cnn,
    "net_resnet_18": lambda b: resnet(b, 18),
    "net_resnet_50": lambda b: resnet(b, 50),
    "net_point_pillars": lambda b: point_pillars(b, 496, 432),
    "net_minilm_32": lambda b: encoder(b, 6, 384, 12, 1536, 32),
    "net_minilm_128": lambda b: encoder(b, 6, 384, 12, 1536, 128),
    "net_bert_base_128": lambda b: encoder(b, 12, 768, 12, 3072, 128),
}
for name in "net_mobilenet_v2", "net_resnet_50", "net_minilm_128", "net_bert_base_128":
    NETWORKS[name + "_sparse_80"] = sparse(NETWORKS[name], 0.8)
ENCODERS = {"net_minilm_128_sparse_80", "net_bert_base_128_sparse_80", "net_minilm_32", "net_minilm_128", "net_bert_base_128"}
