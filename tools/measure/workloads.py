"""Models that runtimes are timed on, with inputs that calibrate them and the number of their multiply-accumulates."""
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from . import language
from .models import Assets, spread
from .quantized import PER_CHANNEL, WEIGHTED, Form

CALIBRATION = 32
TEXT = 4096  # tokens that sentences are cut from


@dataclass
class Workload:
    """A float model; the first of the samples is timed, all of them calibrate."""
    model: Path
    form: Form
    samples: list

    @property
    def name(self):
        return self.form.name


def workloads(assets=None):
    """Our own model, and those of an asset folder."""
    folder = Path("Models/speech/spoken_digits")
    yield Workload(folder / "spoken_digits.onnx", Form("spoken_digits", PER_CHANNEL),
                   [{"samples": recording(path, 8000)} for path in spread(sorted((folder / "calibration").glob("*.wav")), CALIBRATION)[0]])
    if assets is None:
        return
    found = Assets(assets)
    for case, name, bounds in ((found.keywords(), "dscnn", ("--bound", "N=1")),
                               (found.cifar("resnet20_32_cifar10"), "resnet20", ("--bound", "N=1")),
                               (found.imagenet("mobilenet_v2_1.0_224_imagenet"), "mobilenet_v2", ())):
        samples = [case.feeds(sample) for sample in spread(case.calibration, CALIBRATION)[0]]
        yield Workload(Path(assets) / case.file, Form(name, PER_CHANNEL, bounds), samples)
    text = np.concatenate([ids.ravel() for ids, _, _ in language.sentences(Path(assets) / "language", "dev")])[:TEXT]
    for length in (32, 128):
        samples = [language.feeds(text[None, start:start + length])
                   for start in range(0, len(text) - length, (len(text) - length) // CALIBRATION)]
        yield Workload(Path(assets) / "language/all_minilm_l6_v2_fp16w.onnx",
                       Form(f"minilm_{length}", WEIGHTED, ("--bound", f"N=1,T={length}"), weights_only=True), samples)


def recording(path, length):
    """16-bit samples as -1..1, padded or cut."""
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768
    padded = np.zeros((1, length), np.float32)
    padded[0, :min(length, len(samples))] = samples[:length]
    return padded


def macs(path, feeds):
    """Multiply-accumulates of a model's convolutions and matrix products on these inputs."""
    model = onnx.load(path)
    for value in model.graph.input:
        if value.name in feeds:
            for dim, size in zip(value.type.tensor_type.shape.dim, feeds[value.name].shape):
                dim.dim_value = size
    model = onnx.shape_inference.infer_shapes(model, data_prop=True)
    values = [*model.graph.value_info, *model.graph.input, *model.graph.output]
    shapes = {value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values}
    shapes.update((tensor.name, list(tensor.dims)) for tensor in model.graph.initializer)
    total = 0
    for node in model.graph.node:
        if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
            continue
        a, b, y = (shapes.get(name, []) for name in (node.input[0], node.input[1], node.output[0]))
        if node.op_type == "Conv":
            total += np.prod(y) * np.prod(b[1:])
        elif node.op_type == "ConvTranspose":
            total += np.prod(a) * np.prod(b[1:])
        else:
            total += np.prod(y) * a[-1]
    return int(total)
