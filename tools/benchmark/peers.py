#!/usr/bin/env python3
"""Times our INT8 file against onnxruntime's INT8 model (QDQ, per-channel weights), in turns, in one run.

usage: peers.py --edgeconv FILE --library FILE --model M.onnx --data DIR [--samples 32] [--threads 1] [--rounds 7]
                [--budget 0.5] [--work DIR] [--json OUT]

DIR holds .npz samples whose keys are the model's input names (a `label` key is left alone): the same calibrate both sides.
Both runtimes are loaded once and take turns (A B A B ...), each running for `budget` seconds a turn; the median over all
runs counts. Ours is timed twice: edgert_run alone on inputs set before (as onnxruntime's bound inputs are), and with
edgert_set_input of the float tensor each time.
"""
import argparse
import ctypes as C
import glob
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np


class Tensor(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("dtype", C.c_int32), ("rank", C.c_uint32), ("zero_point", C.c_int32),
                ("scale", C.c_float), ("dims", C.c_int64 * 8), ("data", C.c_void_p), ("bytes", C.c_size_t)]


class SessionOptions(C.Structure):
    _fields_ = [("struct_size", C.c_uint32), ("threads", C.c_uint32), ("memory", C.c_void_p), ("memory_bytes", C.c_size_t)]


class Edgert:
    """One session of libedgert on one file."""

    def __init__(self, library, path, threads, feeds):
        self.lib = C.CDLL(library)
        model, self.session = C.c_void_p(), C.c_void_p()
        options = SessionOptions(C.sizeof(SessionOptions), threads, None, 0)
        self.check(self.lib.edgert_model_open_file(path.encode(), None, C.byref(model), None))
        self.check(self.lib.edgert_session_open(model, C.byref(options), C.byref(self.session), None))
        self.tensors = []
        for array in feeds.values():
            t = Tensor(C.sizeof(Tensor), 1, array.ndim, 0, 0)
            t.dims[:array.ndim] = array.shape
            t.data, t.bytes = array.ctypes.data, array.nbytes
            self.tensors.append((t, array))
        self.set_inputs()

    @staticmethod
    def check(status):
        if status:
            raise RuntimeError(f"libedgert: status {status}")

    def set_inputs(self):
        for i, (t, _) in enumerate(self.tensors):
            self.check(self.lib.edgert_set_input(self.session, i, C.byref(t), None))

    def run(self):
        self.check(self.lib.edgert_run(self.session, None, None, None))

    def set_and_run(self):
        self.set_inputs()
        self.run()


def ort_session(path, threads, feeds):
    """A call that runs onnxruntime on bound inputs and outputs."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    values = []
    for name, array in feeds.items():
        values.append(ort.OrtValue.ortvalue_from_numpy(array))
        binding.bind_ortvalue_input(name, values[-1])
    for output in session.get_outputs():
        binding.bind_output(output.name, "cpu")
    session.run_with_iobinding(binding)
    for output, value in zip(session.get_outputs(), binding.get_outputs()):
        binding.bind_ortvalue_output(output.name, value)
    return lambda: session.run_with_iobinding(binding)


def ort_quantize(model, samples, out):
    """onnxruntime's static INT8 in its best CPU form: QDQ, u8 activations, s8 weights per channel."""
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):
        def __init__(self):
            self.rows = iter(samples)

        def get_next(self):
            return next(self.rows, None)

    quant_pre_process(model, out + ".prepared", skip_symbolic_shape=True)
    quantize_static(out + ".prepared", out, Reader(), quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=False,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)


def turn(call, budget):
    """Times of single calls for `budget` seconds."""
    times, end = [], time.perf_counter() + budget
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("edgeconv", "library", "model", "data"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--budget", type=float, default=0.5)
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--json")
    a = parser.parse_args()
    os.makedirs(a.work, exist_ok=True)
    files = sorted(glob.glob(os.path.join(a.data, "*.npz")))[:a.samples]
    if not files:
        sys.exit(f"no .npz sample in {a.data}")
    samples = [{k: v for k, v in np.load(f).items() if k != "label"} for f in files]
    name = os.path.splitext(os.path.basename(a.model))[0]
    qdq, edge = (os.path.join(a.work, name + suffix) for suffix in (".qdq.onnx", ".edge"))
    ort_quantize(a.model, samples, qdq)
    subprocess.run([a.edgeconv, "convert", a.model, "-o", edge, "--calibrate", a.data], check=True, stdout=subprocess.DEVNULL)
    feeds = {k: np.ascontiguousarray(v) for k, v in samples[0].items()}
    ours = Edgert(os.path.abspath(a.library), edge, a.threads, feeds)
    calls = {"edgert int8, run": ours.run, "edgert int8, set input and run": ours.set_and_run,
             "onnxruntime int8 (QDQ, per channel)": ort_session(qdq, a.threads, feeds),
             "onnxruntime f32": ort_session(a.model, a.threads, feeds)}
    times = {k: [] for k in calls}
    for _ in range(a.rounds):
        for key, call in calls.items():
            call()
            times[key] += turn(call, a.budget)
    rows = {k: {"median_ms": statistics.median(v) * 1e3, "min_ms": min(v) * 1e3, "runs": len(v)} for k, v in times.items()}
    peer = rows["onnxruntime int8 (QDQ, per channel)"]["median_ms"]
    print(f"{name}, {a.threads} thread(s), {a.rounds} rounds in turns\n")
    print("| runtime | median ms | min ms | onnxruntime int8 / this | runs |\n| --- | ---: | ---: | ---: | ---: |")
    for key, row in rows.items():
        print(f"| {key} | {row['median_ms']:.3f} | {row['min_ms']:.3f} | {peer / row['median_ms']:.2f} | {row['runs']} |")
    if a.json:
        with open(a.json, "w") as f:
            json.dump({"model": name, "threads": a.threads, "rows": rows}, f, indent=1)


if __name__ == "__main__":
    main()
