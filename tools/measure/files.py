"""The files of a workload that runtimes are timed on, each made once and kept while what it is made of stays older."""
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from onnxruntime import quantization

from . import networks, quantized
from .programs import convert

HERE = Path(__file__).parent


class Maker:
    """Makes the files of workloads in a folder, each in a folder of its own.

    - `build`: where edgeconv is.
    - `peers`: runtimes besides ours.
    - `tensorflow`: a Python with tensorflow, which writes LiteRT's files; None where there is none.
    """

    def __init__(self, build, work, peers, tensorflow=None):
        self.edgeconv, self.work, self.peers, self.tensorflow = Path(build) / "bin/edgeconv", Path(work), peers, tensorflow

    def contenders(self, workload):
        """Runtime, form and path of each contender, ours first, and why peers have none."""
        folder = self.work / workload.name
        folder.mkdir(parents=True, exist_ok=True)
        plain = self.plain(workload, folder)
        found, absent = self.ours(workload, folder, plain), {}
        for form, path in self.onnx_forms(workload, folder, plain).items():
            # Where only products with weights are quantized and their results are float, edgeconv makes a float model.
            if form == "qdq" and not workload.form.weights_only:
                found.insert(1, ("edgert", "qdq", self.edge(workload, folder, "qdq", path)))
            for peer in ("onnxruntime", "openvino"):
                if peer in self.peers and (peer, form) != ("openvino", "dynamic"):
                    found.append((peer, form, path))
        if "openvino" in self.peers and not workload.steps:
            try:
                found.append(("openvino", "nncf", self.made(folder / "nncf.xml", [plain], lambda path: self.nncf(workload, plain, path))))
            except ModuleNotFoundError:
                absent["openvino nncf"] = "nncf is not installed"
            except Exception as error:  # whatever OpenVINO cannot read
                absent["openvino nncf"] = str(error).strip().splitlines()[0]
        if "litert" in self.peers:
            forms, reason = self.litert(workload, folder)
            found += [("litert", form, path) for form, path in forms.items()]
            if reason:
                absent["litert"] = reason
        return [{"runtime": runtime, "form": form, "path": str(path.resolve())} for runtime, form, path in found], absent

    def feeds(self, workload):
        """An .npz file of the sample that is timed."""
        path = self.work / workload.name / "feeds.npz"
        np.savez(path, **workload.samples[0])
        return str(path.resolve())

    def plain(self, workload, folder):
        """The float model with weights of float32."""
        return self.made(folder / "f32.onnx", [workload.model], lambda path: quantized.single(workload.model, path))

    def ours(self, workload, folder, plain):
        return [("edgert", form, self.edge(workload, folder, form, plain)) for form in ("int8", "f32")]

    def edge(self, workload, folder, form, source):
        """Our file: "int8" calibrated on the samples, "f32", or "qdq", the quantized model as it is."""
        def make(path):
            precision = [] if form == "qdq" else ["--precision", form]
            options = [*precision, *workload.form.bounds, *workload.options]
            if form == "int8":
                samples = folder / "samples"
                samples.mkdir(exist_ok=True)
                for old in samples.glob("*.npz"):
                    old.unlink()
                for index, sample in enumerate(workload.steps or workload.samples):
                    np.savez(samples / f"{index:04}.npz", **sample)
                options += ["--calibrate", str(samples)]
            convert(self.edgeconv, source, path, options, shows_progress=sys.stderr.isatty())
        return self.made(folder / f"{form}.edge", [source, self.edgeconv], make)

    def float_layers(self, workload, form):
        """How many of a converted model's layers are in float, and of how many; what edgeconv reports."""
        report = json.loads((self.work / workload.name / f"{form}.json").read_text())
        layers = [layer for layer in report["layers"] if layer["op"] in ("Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU")]
        return sum(layer["precision"] == "f32" for layer in layers), len(layers)

    def onnx_forms(self, workload, folder, plain):
        """Float; "qdq" by onnxruntime's static quantizer; "dynamic", where activations are quantized as it runs."""
        forms = {}
        if not workload.steps:
            forms["qdq"] = self.made(folder / "qdq.onnx", [plain], lambda path: quantized.quantize(
                workload.model, path, workload.form, workload.samples))
        if workload.form.weights_only or workload.steps:
            forms["dynamic"] = self.made(folder / "dynamic.onnx", [plain], lambda path: quantization.quantize_dynamic(
                plain, path, weight_type=quantization.QuantType.QInt8, per_channel=True, extra_options={"MatMulConstBOnly": True}))
        return {**forms, "f32": plain}

    def nncf(self, workload, plain, path):
        import nncf
        import openvino
        model = nncf.quantize(
            openvino.convert_model(plain), nncf.Dataset(workload.samples), subset_size=len(workload.samples),
            preset=nncf.QuantizationPreset.MIXED, fast_bias_correction=True,
            model_type=nncf.ModelType.TRANSFORMER if workload.form.weights_only else None)
        openvino.save_model(model, path)

    def litert(self, workload, folder):
        """LiteRT's files by form, or why there are none."""
        if workload.name not in networks.NETWORKS:
            return {}, "its files are written for the networks of random weights only"
        if not find_spec("ai_edge_litert"):
            return {}, "ai-edge-litert is not installed"
        forms = ["f32", "int8"] + ["dynamic"] * (workload.name in networks.ENCODERS)
        paths = {form: folder / f"{workload.name}.{form}.tflite" for form in forms}
        if self.tensorflow is None and not all(path.exists() for path in paths.values()):
            return {}, "there is no tensorflow to write its files with"

        def make(_):
            done = subprocess.run([self.tensorflow, HERE / "networks_litert.py", workload.name, folder], capture_output=True, text=True)
            if done.returncode != 0:
                raise RuntimeError(f"writing {workload.name} for LiteRT: {done.stderr.strip()[-2000:]}")
        if self.tensorflow is not None:
            self.made(paths[forms[-1]], [HERE / "networks_litert.py", HERE / "networks.py"], make)
        return paths, None

    @staticmethod
    def made(path, sources, make):
        """The path, with the file made if it is older than a source."""
        if not path.exists() or any(path.stat().st_mtime < Path(source).stat().st_mtime for source in sources):
            print(f"making {path}", file=sys.stderr, flush=True)
            make(path)
            path.touch()
        return path
