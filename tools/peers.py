#!/usr/bin/env python3
"""Times our INT8 and f32 files against onnxruntime, OpenVINO and LiteRT on the same models and inputs, in turns, in one run.

usage: peers.py [--assets DIR] [--only NAME,...] [--model M.onnx --data DIR] [--peers onnxruntime,openvino,litert] [--threads 1,2]
                [--neighbour] [--rounds 7] [--budget 0.4] [--build build] [--work DIR] [--tensorflow PYTHON]
                [--peak PROGRAM] [--json FILE] [--markdown FILE]

All contenders of a workload are loaded once and take turns (A B C A B C ...), each running for `budget` seconds a turn; medians are over
all runs. Inputs and outputs are bound once, where a runtime can. Files are made once and kept in `work`:

  int8     ours, converted from the float model and calibrated; LiteRT's, quantized throughout
  qdq      of onnxruntime's quantizer (uint8 activations, weights per channel): one file for it, for OpenVINO and, but for encoders, for ours
  dynamic  encoders and recurrent networks with activations quantized as they run, by onnxruntime's and LiteRT's converters
  nncf     of OpenVINO's quantizer
  f32      the float model

A peer counts with its best form, float included; ours with its best INT8 form, and with float too where one step of a recurrent network
is timed. `peak` is a program that prints the machine's INT8 rate
on one core; it runs before each workload. With --neighbour no peers are timed: ours with one and with two threads, while another process
spins on one of two processors. Needs numpy, onnx, onnxruntime and pillow, and what the peers need.
"""
import argparse
import json
import os
import sys
from pathlib import Path

import numpy as np

from measure import contenders, neighbour, report, turns
from measure.files import Maker
from measure.machine import Peak, processors
from measure.quantized import PER_CHANNEL, Form
from measure.workloads import Workload, macs, workloads


def given(model, data):
    """A model with a folder of .npz samples."""
    files = sorted(Path(data).glob("*.npz"))[:32]
    if not files:
        sys.exit(f"no .npz sample in {data}")
    samples = [{key: value for key, value in np.load(file).items() if key != "label"} for file in files]
    return Workload(Path(model), Form(Path(model).stem, PER_CHANNEL), samples)


def measure(workload, threads, arguments, maker, peak):
    """Median and least milliseconds of each contender with so many threads."""
    found, absent = maker.contenders(workload)
    job = {"cpus": processors(threads), "rounds": arguments.rounds, "budget": arguments.budget, "feeds": maker.feeds(workload),
           "contenders": [{**contender, "threads": threads} for contender in found]}
    rate = peak.measure()
    answer = turns.take(job, Path(arguments.build) / "lib/libedgert.so")
    for index, reason in answer["refused"].items():
        absent[f"{found[index]['runtime']} {found[index]['form']}"] = reason
    rows = [{"runtime": found[index]["runtime"], "form": found[index]["form"], **report.figures(rounds)}
            for index, rounds in answer["times"].items()]
    return {"workload": workload.name, "threads": threads, "macs": macs(maker.work / workload.name / "f32.onnx", workload.samples[0]),
            "peak_gmacs": rate, "rows": rows, "absent": absent, "forms_that_count": ["int8", "qdq"] + ["f32"] * bool(workload.steps),
            "float_layers": {form: maker.float_layers(workload, form) for runtime, form in
                             ((row["runtime"], row["form"]) for row in rows) if runtime == "edgert" and form != "f32"}}


def parsed():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets")
    parser.add_argument("--only", default="")
    parser.add_argument("--model")
    parser.add_argument("--data")
    parser.add_argument("--peers", default=",".join(contenders.PEERS))
    parser.add_argument("--threads", default="1")
    parser.add_argument("--neighbour", action="store_true")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--budget", type=float, default=0.4)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--tensorflow")
    parser.add_argument("--peak")
    parser.add_argument("--json")
    parser.add_argument("--markdown")
    arguments = parser.parse_args()
    if bool(arguments.model) != bool(arguments.data):
        parser.error("--model and --data go together")
    arguments.peers = [peer for peer in arguments.peers.split(",") if peer]
    unknown = set(arguments.peers) - set(contenders.PEERS)
    if unknown:
        parser.error(f"no peer is called {', '.join(unknown)}: there are {', '.join(contenders.PEERS)}")
    arguments.threads = [int(count) for count in arguments.threads.split(",")]
    if max(arguments.threads) > len(os.sched_getaffinity(0)) or arguments.neighbour and len(os.sched_getaffinity(0)) < 2:
        parser.error("there are fewer processors than threads asked for")
    return arguments


def main():
    arguments = parsed()
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    maker = Maker(arguments.build, work, arguments.peers, arguments.tensorflow)
    peak = Peak(arguments.peak)
    names = arguments.only.split(",") if arguments.only else []
    found = ([given(arguments.model, arguments.data)] if arguments.model
             else workloads(work, arguments.assets, lambda name: not names or name in names))
    results, text = [], []

    def show(more):
        """Prints a table, and keeps all so far in the files."""
        text.append(more)
        print("\n" + more, flush=True)
        if arguments.json:
            Path(arguments.json).write_text(json.dumps({"peak_gmacs": peak.best, "results": results}, indent=1))
        if arguments.markdown:
            Path(arguments.markdown).write_text("\n\n".join(text) + "\n")

    for workload in found:
        if arguments.neighbour:
            results.append(neighbour.measure(workload, arguments, maker))
            show(neighbour.table(results[-1]))
            continue
        for threads in arguments.threads:
            results.append(measure(workload, threads, arguments, maker, peak))
            show(report.table(results[-1]))
    if not results:
        sys.exit(f"no workload is called {arguments.only}")
    show(neighbour.summary(results) if arguments.neighbour else report.summary(results, arguments.peers))


if __name__ == "__main__":
    main()
