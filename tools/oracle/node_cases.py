#!/usr/bin/env python3
"""Run the converter's float reference over ONNX's own node test cases.

usage: node_cases.py EDGECONV [NAME_PART...]

Prints every case that fails although its operator is known, a count of the refused ones by operator, and the totals.
"""
import collections
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from onnx import TensorProto, numpy_helper
from onnx.backend.test.loader import load_node_model_tests

KINDS = {"float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool"}


def array(value):
    return numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)


def run(edgeconv, case):
    model = case.model
    ops = "+".join(sorted({n.op_type for n in model.graph.node}))
    if any(isinstance(v, list) for v in list(case.data_sets[0][0]) + list(case.data_sets[0][1])):
        return ops, "skipped", "sequences"
    inputs, outputs = ([array(v) for v in part] for part in case.data_sets[0])
    if any(str(a.dtype) not in KINDS for a in inputs + outputs):
        return ops, "skipped", "types"
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "model.onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        command = [edgeconv, "reference", path, "--output", work]
        for index, (info, value) in enumerate(zip(model.graph.input, inputs)):
            if value.dtype == np.float16:
                value = value.astype(np.float32)
            file = os.path.join(work, f"in_{index}")
            value.tofile(file)
            command += ["--input", f"{info.name}={'x'.join(map(str, value.shape))}={file}"]
        try:
            result = subprocess.run(command, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return ops, "hung", ""
        if result.returncode < 0 or result.returncode > 128:
            return ops, "crashed", result.stderr[-200:]
        if result.returncode != 0:
            return ops, "refused" if "is not known" in result.stderr else "failed", result.stderr.strip()[-200:]
        for index, expected in enumerate(outputs):
            ours = np.fromfile(os.path.join(work, f"output_{index}.bin"), np.float32)
            expected = expected.astype(np.float32).ravel()
            if ours.size != expected.size or not np.allclose(ours, expected, rtol=1e-3, atol=1e-5, equal_nan=True):
                return ops, "wrong", f"output {index}: {ours[:4]} is not {expected[:4]}, sizes {ours.size} {expected.size}"
    return ops, "passed", ""


def main():
    edgeconv, parts = sys.argv[1], sys.argv[2:]
    cases = [c for c in load_node_model_tests() if c.data_sets and (not parts or any(p in c.name for p in parts))]
    totals, refused = collections.Counter(), collections.Counter()
    with ThreadPoolExecutor(2) as pool:
        for case, (ops, verdict, note) in zip(cases, pool.map(lambda c: run(edgeconv, c), cases)):
            totals[verdict] += 1
            if verdict == "refused":
                refused[ops] += 1
            elif verdict not in ("passed", "skipped"):
                print(f"{case.name:60} {verdict} {note}", flush=True)
    print("refused:", ", ".join(f"{op} {count}" for op, count in refused.most_common()))
    print(dict(totals))


if __name__ == "__main__":
    main()
