"""A six-layer encoder with a classifier after every layer, in PyTorch and as ONNX.

The encoder is that of all-MiniLM-L6-v2 (Wang et al. 2020, Reimers and Gurevych 2019), whose weights it starts from.
Classifier l < 6 is an early exit; its gate says how likely its answer is the last one's (Q-exit: Balagansky
and Gavrilov 2022).
"""

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from onnx_graph import GraphWriter

WIDTH = 384
HEADS = 12
HIDDEN = 1536
LAYERS = 6
CLASSES = 2
EPSILON = 1e-12
MASKED = -1e4
GATE_WIDTH = 32


class Layer(nn.Module):
    """Self-attention and feed-forward part, each with a residual and a normalization after it."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.output_norm = nn.LayerNorm(WIDTH, EPSILON)
        self.widen = nn.Linear(WIDTH, HIDDEN)
        self.narrow = nn.Linear(HIDDEN, WIDTH)
        self.narrow_norm = nn.LayerNorm(WIDTH, EPSILON)

    def heads(self, x):
        """[B, T, WIDTH] to [B, HEADS, T, WIDTH / HEADS]."""
        return x.unflatten(-1, (HEADS, -1)).transpose(1, 2)

    def forward(self, x, bias):
        q, k, v = (self.heads(part(x)) for part in (self.query, self.key, self.value))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v, bias)
        x = self.output_norm(x + self.output(mixed.transpose(1, 2).flatten(2)))
        return self.narrow_norm(x + self.narrow(nn.functional.gelu(self.widen(x))))


class Gate(nn.Module):
    """Logit of "this classifier answers as the last one does" from two layers' sentence vectors."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2 * WIDTH, GATE_WIDTH)
        self.second = nn.Linear(GATE_WIDTH, 1)

    def forward(self, now, before):
        return self.second(torch.tanh(self.first(torch.cat([now, before], -1))))


class Encoder(nn.Module):
    """Token ids [B, T] and mask [B, T] to what each layer gives, and to logits."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(30522, WIDTH)
        self.places = nn.Embedding(512, WIDTH)
        self.kinds = nn.Embedding(2, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, EPSILON)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.classifiers = nn.ModuleList(nn.Linear(WIDTH, CLASSES) for _ in range(LAYERS))
        self.gates = nn.ModuleList(Gate() for _ in range(LAYERS - 1))

    def states(self, ids, mask):
        """[B, T, WIDTH] before the first and after every layer."""
        x = self.norm(self.words(ids) + self.places.weight[:ids.shape[1]] + self.kinds.weight[0])
        bias = ((1 - mask) * MASKED)[:, None, None, :]
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1], bias))
        return states

    @staticmethod
    def pool(state, mask):
        """Mean over the tokens of each sentence."""
        return (state * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def logits(self, states, mask):
        """[LAYERS][B, CLASSES] of all classifiers."""
        return [classify(self.pool(state, mask))
                for classify, state in zip(self.classifiers, states[1:])]

    def gate_logits(self, states, mask):
        """[LAYERS - 1][B] of all gates."""
        pooled = [self.pool(state, mask) for state in states]
        return [gate(pooled[l + 1], pooled[l])[:, 0] for l, gate in enumerate(self.gates)]

    def matrices(self):
        """(name, linear layer) of all products of the encoder, in order."""
        return [(f"layer{number}.{name}", getattr(layer, name))
                for number, layer in enumerate(self.layers, 1)
                for name in ("query", "key", "value", "output", "widen", "narrow")]


def load_base(path):
    """An encoder with the weights of the published sentence encoder."""
    stored = {t.name: torch.from_numpy(numpy_helper.to_array(t).astype(np.float32))
              for t in onnx.load(path).graph.initializer}
    model = Encoder()

    def fill(module, name):
        weight = stored[f"{name}.weight"]
        module.weight.copy_(weight.T if isinstance(module, nn.Linear) else weight)
        if getattr(module, "bias", None) is not None:
            module.bias.copy_(stored[f"{name}.bias"])

    with torch.no_grad():
        fill(model.words, "embeddings.word_embeddings")
        fill(model.places, "embeddings.position_embeddings")
        fill(model.kinds, "embeddings.token_type_embeddings")
        fill(model.norm, "embeddings.LayerNorm")
        for number, layer in enumerate(model.layers):
            base = f"encoder.layer.{number}"
            fill(layer.query, f"{base}.attention.self.query")
            fill(layer.key, f"{base}.attention.self.key")
            fill(layer.value, f"{base}.attention.self.value")
            fill(layer.output, f"{base}.attention.output.dense")
            fill(layer.output_norm, f"{base}.attention.output.LayerNorm")
            fill(layer.widen, f"{base}.intermediate.dense")
            fill(layer.narrow, f"{base}.output.dense")
            fill(layer.narrow_norm, f"{base}.output.LayerNorm")
    return model


class Writer(GraphWriter):
    """Writes an encoder as ONNX: float16 matrices, word vectors in 8 bits, float32 arithmetic."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def half(self, name, tensor):
        """A matrix stored as float16."""
        stored = self.constant(f"{name}.stored", tensor.detach().numpy().astype(np.float16))
        return self.add("Cast", f"{name}.weight", [stored], to=TensorProto.FLOAT)

    def linear(self, name, x, layer):
        """x W' + b."""
        product = self.add("MatMul", f"{name}.product", [x, self.half(name, layer.weight.T)])
        bias = self.constant(f"{name}.bias", layer.bias.detach().numpy())
        return self.add("Add", name, [product, bias])

    def norm(self, name, x, layer):
        """Layer normalization."""
        scale = self.constant(f"{name}.scale", layer.weight.detach().numpy())
        shift = self.constant(f"{name}.shift", layer.bias.detach().numpy())
        return self.add("LayerNormalization", name, [x, scale, shift], axis=-1, epsilon=EPSILON)

    def embed(self):
        """`input_ids` to [1, T, WIDTH]."""
        table = self.model.words.weight.detach().numpy()
        scale = np.maximum(np.abs(table).max(1, keepdims=True), 1e-9).astype(np.float32) / 127
        codes = self.constant("words.codes", np.rint(table / scale).astype(np.int8))
        ids = "input_ids"
        rows = self.add("Gather", "words.rows", [codes, ids])
        rows = self.add("Cast", "words.numbers", [rows], to=TensorProto.FLOAT)
        steps = self.add("Gather", "words.steps", [self.constant("words.scale", scale), ids])
        x = self.add("Mul", "words", [rows, steps])
        places = self.model.places.weight + self.model.kinds.weight[0]
        length = self.add("Shape", "length", [ids], start=1, end=2)
        zero, axis = (self.constant(n, np.array([0], np.int64)) for n in ("zero", "axis"))
        places = self.add("Slice", "places", [self.half("places", places), zero, length, axis])
        return self.norm("embedded", self.add("Add", "sum", [x, places]), self.model.norm)

    def split(self, name, x, layer):
        """A linear layer cut into heads [1, HEADS, T, WIDTH / HEADS]."""
        shape = self.constant(f"{name}.shape", np.array([0, 0, HEADS, WIDTH // HEADS], np.int64))
        x = self.add("Reshape", f"{name}.cut", [self.linear(name, x, layer), shape])
        return self.add("Transpose", f"{name}.heads", [x], perm=[0, 2, 1, 3])

    def layer(self, name, x, layer):
        """One encoder layer."""
        q, k, v = (self.split(f"{name}.{part}", x, getattr(layer, part))
                   for part in ("query", "key", "value"))
        k = self.add("Transpose", f"{name}.keys", [k], perm=[0, 1, 3, 2])
        scores = self.add("MatMul", f"{name}.scores", [q, k])
        scale = self.constant(f"{name}.scale", np.float32((WIDTH // HEADS) ** -0.5))
        scores = self.add("Mul", f"{name}.scaled", [scores, scale])
        weights = self.add("Softmax", f"{name}.attention", [scores], axis=-1)
        mixed = self.add("MatMul", f"{name}.mixed", [weights, v])
        mixed = self.add("Transpose", f"{name}.rows", [mixed], perm=[0, 2, 1, 3])
        shape = self.constant(f"{name}.shape", np.array([0, 0, WIDTH], np.int64))
        mixed = self.add("Reshape", f"{name}.joined", [mixed, shape])
        y = self.linear(f"{name}.output", mixed, layer.output)
        x = self.norm(f"{name}.output_norm", self.add("Add", f"{name}.output_sum", [y, x]),
                      layer.output_norm)
        y = self.gelu(name, self.linear(f"{name}.widen", x, layer.widen))
        y = self.linear(f"{name}.narrow", y, layer.narrow)
        return self.norm(f"{name}.norm", self.add("Add", f"{name}.narrow_sum", [y, x]),
                         layer.narrow_norm)

    def gelu(self, name, x):
        """x * (1 + erf(x / sqrt 2)) / 2."""
        root = self.constant(f"{name}.root", np.float32(2 ** 0.5))
        one, half = (self.constant(f"{name}.{n}", np.float32(v)) for n, v in (("one", 1), ("half", .5)))
        y = self.add("Erf", f"{name}.erf", [self.add("Div", f"{name}.by_root", [x, root])])
        y = self.add("Mul", f"{name}.erf_times", [x, self.add("Add", f"{name}.erf_more", [y, one])])
        return self.add("Mul", f"{name}.gelu", [y, half])

    def gate(self, name, now, before, gate):
        """Sigmoid of a gate's logit, [1, 1]."""
        joined = self.add("Concat", f"{name}.joined", [now, before], axis=-1)
        x = self.add("Tanh", f"{name}.tanh", [self.linear(f"{name}.first", joined, gate.first)])
        return self.add("Sigmoid", name, [self.linear(f"{name}.second", x, gate.second)])

    def write(self, path):
        """All nodes; outputs `logits`, and `exit1`.. and `gate1`.. of the layers before the last."""
        x = self.embed()
        before = self.add("ReduceMean", "layer0.mean", [x], axes=[1], keepdims=0)
        for number, layer in enumerate(self.model.layers, 1):
            x = self.layer(f"layer{number}", x, layer)
            pooled = self.add("ReduceMean", f"layer{number}.mean", [x], axes=[1], keepdims=0)
            last = number == LAYERS
            self.linear("logits" if last else f"exit{number}", pooled,
                        self.model.classifiers[number - 1])
            if not last:
                self.gate(f"gate{number}", pooled, before, self.model.gates[number - 1])
            before = pooled
        ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
        names = ["logits", *(f"exit{l}" for l in range(1, LAYERS))]
        outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [1, CLASSES]) for n in names]
        outputs += [helper.make_tensor_value_info(f"gate{l}", TensorProto.FLOAT, [1, 1])
                    for l in range(1, LAYERS)]
        self.save(path, "sentiment", [ids], outputs)
