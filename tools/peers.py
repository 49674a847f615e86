#!/usr/bin/env python3
"""Times our INT8 and f32 files against onnxruntime and OpenVINO on the same models and inputs, in turns, in one run.

usage: peers.py [--assets DIR] [--only NAME,...] [--model M.onnx --data DIR] [--threads 1] [--rounds 7] [--budget 0.4]
                [--build build] [--work DIR] [--peak GMACS] [--json FILE]

All are loaded once and take turns (A B C A B C ...), each running for `budget` seconds a turn; medians are over all runs. Inputs and
outputs are bound once, where a runtime can. The peers' INT8 model is onnxruntime's (QDQ, uint8 activations, weights per channel), both
converters calibrate on the same samples; OpenVINO reads the same file. `peak` is the machine's INT8 rate on one core, for the share
of it that each reaches. Needs numpy, onnx, onnxruntime, openvino and pillow.
"""
import argparse
import json
import math
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from measure import contenders, quantized
from measure.programs import convert
from measure.quantized import PER_CHANNEL, Form
from measure.workloads import Workload, macs, workloads


def turn(call, budget):
    """Seconds of single calls, for `budget` seconds."""
    times, end = [], time.perf_counter() + budget
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def given(model, data):
    """A model with a folder of .npz samples."""
    files = sorted(Path(data).glob("*.npz"))[:32]
    if not files:
        sys.exit(f"no .npz sample in {data}")
    samples = [{key: value for key, value in np.load(file).items() if key != "label"} for file in files]
    return Workload(Path(model), Form(Path(model).stem, PER_CHANNEL), samples)


def prepare(workload, arguments, work):
    """The files of a workload: ours in INT8 and f32, the peers' in INT8 and f32."""
    target = work / f"{workload.name}.int8.onnx"
    quantized.quantize(workload.model, target, workload.form, workload.samples)
    folder = work / f"{workload.name}.samples"
    folder.mkdir(exist_ok=True)
    for index, sample in enumerate(workload.samples):
        np.savez(folder / f"{index:04}.npz", **sample)
    ours = {}
    for precision, more in (("int8", ["--calibrate", str(folder)]), ("f32", [])):
        ours[precision] = work / f"{workload.name}.{precision}.edge"
        convert(Path(arguments.build) / "bin/edgeconv", workload.model, ours[precision],
                ["--precision", precision, *workload.form.bounds, *more])
    return ours, {"int8": target, "f32": target.with_suffix(".f32.onnx")}


def measure(workload, arguments, work):
    """Median and least milliseconds of each contender, ours first."""
    ours, theirs = prepare(workload, arguments, work)
    feeds = {key: np.ascontiguousarray(value) for key, value in workload.samples[0].items()}
    library = Path(arguments.build) / "lib/libedgert.so"
    calls, refused = {}, []
    for precision in ("int8", "f32"):
        calls["edgert", precision] = contenders.edgert(library, ours[precision], arguments.threads, feeds)
        for peer, load in contenders.PEERS.items():
            try:
                calls[peer, precision] = load(theirs[precision], arguments.threads, feeds)
            except RuntimeError as error:
                refused.append(f"{peer} {precision} does not load it: {str(error).strip().splitlines()[-1]}")
    times = {key: [] for key in calls}
    for _ in range(arguments.rounds):
        for key, call in calls.items():
            call()
            times[key] += turn(call, arguments.budget)
    return {
        "workload": workload.name, "macs": macs(theirs["f32"], feeds), "threads": arguments.threads, "refused": refused,
        "rows": [{"runtime": runtime, "precision": precision, "median_ms": 1e3 * statistics.median(found),
                  "min_ms": 1e3 * min(found), "runs": len(found)} for (runtime, precision), found in times.items()]}


def best(result, ours):
    """The best INT8 median, of ours or of the peers (any precision: a peer's float counts where it is faster)."""
    return min(row["median_ms"] for row in result["rows"]
               if (row["runtime"] == "edgert") == ours and (not ours or row["precision"] == "int8"))


def table(result, peak):
    peer = best(result, ours=False)
    lines = [f"\n{result['workload']}, {result['macs'] / 1e6:.1f} million multiply-accumulates, {result['threads']} thread(s)\n",
             "| runtime | precision | median ms | min ms | best peer / this | of INT8 peak | runs |", "| --- | --- |" + " ---: |" * 5]
    for row in result["rows"]:
        share = f"{100 * result['macs'] / (1e6 * row['min_ms'] * peak * result['threads']):.0f} %" if peak else "-"
        lines.append(f"| {row['runtime']} | {row['precision']} | {row['median_ms']:.3f} | {row['min_ms']:.3f} | "
                     f"{peer / row['median_ms']:.2f} | {share} | {row['runs']} |")
    return "\n".join(lines + [""] * bool(result["refused"]) + result["refused"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets")
    parser.add_argument("--only", default="")
    parser.add_argument("--model")
    parser.add_argument("--data")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--budget", type=float, default=0.4)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--peak", type=float)
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if bool(arguments.model) != bool(arguments.data):
        parser.error("--model and --data go together")
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    if arguments.threads == 1:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    found = [given(arguments.model, arguments.data)] if arguments.model else workloads(arguments.assets)
    results = []
    for workload in found:
        if arguments.only and workload.name not in arguments.only.split(","):
            continue
        results.append(measure(workload, arguments, work))
        print(table(results[-1], arguments.peak), flush=True)
    if not results:
        sys.exit(f"no workload is called {arguments.only}")
    ratios = [best(result, ours=False) / best(result, ours=True) for result in results]
    print("\nbest peer / edgert INT8: " + ", ".join(f"{result['workload']} {ratio:.2f}" for result, ratio in zip(results, ratios))
          + f"; geometric mean {math.exp(statistics.mean(map(math.log, ratios))):.2f}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"peak": arguments.peak, "results": results}, indent=1))


if __name__ == "__main__":
    main()
