#!/usr/bin/env python3
"""Compare the converter's float reference with onnxruntime over ONNX models.

usage: evaluate_onnx.py EDGECONV MODEL.onnx... [--passes] [--seed N] [--runs N] [--size SYMBOL=N...]

Inputs are random; prints one line a model with the largest difference relative to the output's range, and exits 1 when
one is above 1e-4.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime


def make(value, rng, sizes):
    tensor = value.type
    shape = [sizes.setdefault(d, 7) if isinstance(d, str) or d is None else d for d in value.shape]
    if "float" in tensor:
        return rng.standard_normal(shape).astype(np.float32)
    kind = {"tensor(int64)": np.int64, "tensor(int32)": np.int32, "tensor(bool)": np.bool_, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8}[tensor]
    if value.name == "sr":
        return np.array(16000, kind)
    if value.name == "cell":
        return np.arange(np.prod(shape)).reshape(shape).astype(kind)
    return rng.integers(0, 2, shape).astype(kind)


def compare(edgeconv, path, passes, seed, runs, sizes):
    rng = np.random.default_rng(seed)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    feeds = {v.name: make(v, rng, sizes) for v in session.get_inputs()}
    expected = session.run(None, feeds)
    with tempfile.TemporaryDirectory() as folder:
        command = [edgeconv, "reference", path, "--output", folder, "--runs", str(runs)] + (["--passes"] if passes else [])
        for index, (name, value) in enumerate(feeds.items()):
            file = os.path.join(folder, f"input_{index}.bin")
            value.tofile(file)
            command += ["--input", f"{name}={'x'.join(map(str, value.shape))}={file}"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            return None, result.stderr.strip()[-300:]
        worst = 0.0
        for index, value in enumerate(expected):
            ours = np.fromfile(os.path.join(folder, f"output_{index}.bin"), np.float32)
            value = np.asarray(value, np.float32)
            if ours.size != value.size:
                return None, f"output {index} has {ours.size} elements, not {value.size}"
            if ours.size:
                span = max(float(value.max() - value.min()), float(np.abs(value).max()), 1e-6)
                worst = max(worst, float(np.nan_to_num(np.abs(ours - value.ravel()), nan=np.inf).max()) / span)
        return worst, result.stdout.splitlines()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("edgeconv")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--passes", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--size", action="append", default=[], help="SYMBOL=N; 7 by default")
    arguments = parser.parse_args()
    given = {k: int(v) for k, v in (text.split("=") for text in arguments.size)}
    failed = False
    for path in arguments.models:
        worst, note = compare(arguments.edgeconv, path, arguments.passes, arguments.seed, arguments.runs, dict(given))
        failed |= worst is None or worst > 1e-4
        print(f"{os.path.basename(path):44} {'failed' if worst is None else f'{worst:.2e}'}  {note}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
