"""Models that runtimes are timed on, with inputs that calibrate them and the number of their multiply-accumulates."""
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx

from . import language, networks, networks_onnx, streams
from .models import Assets, spread
from .programs import oracle
from .quantized import PER_CHANNEL, WEIGHTED, Form

CALIBRATION = 32
RANDOM_SAMPLES = 4
TEXT = 4096  # tokens that sentences are cut from


@dataclass
class Workload:
    """A float model; the first of the samples is timed, all of them calibrate.

    A model that keeps states has `steps` too: ours is calibrated on these, arrays of steps that follow each other, and the peers'
    samples have the states as inputs.
    """
    model: Path
    form: Form
    samples: list
    steps: list = field(default_factory=list)
    options: list = field(default_factory=list)  # of edgeconv

    @property
    def name(self):
        return self.form.name


def workloads(work, assets=None, wanted=lambda name: True):
    """Our own model, networks of random weights, which are written into the folder `work`, and models of an asset folder."""
    if wanted("spoken_digits"):
        folder = Path("Models/speech/spoken_digits")
        yield Workload(folder / "spoken_digits.onnx", Form("spoken_digits", PER_CHANNEL), [
            {"samples": recording(path, 8000)} for path in spread(sorted((folder / "calibration").glob("*.wav")), CALIBRATION)[0]])
    for name in filter(wanted, networks.NETWORKS):
        yield random_network(name, Path(work))
    if assets is not None:
        yield from asset_models(Path(assets), wanted)


def random_network(name, work):
    path, random = work / f"{name}.onnx", np.random.default_rng(1)
    sources = [Path(module.__file__) for module in (networks, networks_onnx)]
    if not path.exists() or any(path.stat().st_mtime < source.stat().st_mtime for source in sources):
        networks_onnx.write(name, path)
    given = onnx.load(path, load_external_data=False).graph.input[0]
    shape = [dim.dim_value for dim in given.type.tensor_type.shape.dim]
    samples = [{given.name: random.standard_normal(shape).astype(np.float32)} for _ in range(RANDOM_SAMPLES)]
    is_encoder = name in networks.ENCODERS
    return Workload(path, Form(name, WEIGHTED if is_encoder else PER_CHANNEL, weights_only=is_encoder), samples)


def asset_models(assets, wanted):
    if wanted("silero"):
        yield voice_activity(assets)
    found = Assets(assets)
    for case, file, name, bounds in ((found.keywords, (), "dscnn", ("--bound", "N=1")),
                                     (found.cifar, ("resnet20_32_cifar10",), "resnet20", ("--bound", "N=1")),
                                     (found.imagenet, ("mobilenet_v2_1.0_224_imagenet",), "mobilenet_v2", ())):
        if wanted(name):
            case = case(*file)
            samples = [case.feeds(sample) for sample in spread(case.calibration, CALIBRATION)[0]]
            yield Workload(assets / case.file, Form(name, PER_CHANNEL, bounds), samples)
    for length in filter(lambda length: wanted(f"minilm_{length}"), (32, 128)):
        text = np.concatenate([ids.ravel() for ids, _, _ in language.sentences(assets / "language", "dev")])[:TEXT]
        samples = [language.feeds(text[None, start:start + length])
                   for start in range(0, len(text) - length, (len(text) - length) // CALIBRATION)]
        yield Workload(assets / "language/all_minilm_l6_v2_fp16w.onnx",
                       Form(f"minilm_{length}", WEIGHTED, ("--bound", f"N=1,T={length}"), weights_only=True), samples)


def voice_activity(assets):
    """One step of voice activity, calibrated on recordings of keywords; timed on a step in the midst of one."""
    network, samples, steps = streams.NETWORKS["silero"], [], []
    run = oracle(assets / network.file)

    def step(feeds):
        samples.append(feeds)
        return run(feeds)
    for path in spread(sorted((assets / "speech/kws_wav").glob("*.wav")), CALIBRATION)[0]:
        record = []
        streams.voice(streams.Stream("silero", step, record), streams.read_wave(path))
        steps.append({key: np.stack([feeds[key] for feeds in record]) for key in record[0]})
    return Workload(assets / network.file, Form("silero", PER_CHANNEL), samples[15:], steps, network.options)


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
