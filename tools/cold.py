#!/usr/bin/env python3
"""Times a model from the start of a process to its first output, ours in a C program and the peers in Python, and the memory they have then.

usage: cold.py --program COLD [MODEL.onnx --data DIR] [--peers onnxruntime,openvino,litert] [--repetitions 21] [--build build]
               [--work DIR] [--json FILE]

The model is net_mobilenet_v2 of tools/peers.py unless given with .npz samples. Ours is tools/measure/cold.c: from before its process
starts until the parent reads the first output. A peer's time begins after Python and numpy are there, and its memory is what it adds to
theirs: kinder to it than to ours. Memory is what is resident after 20 more runs. Files are in the page cache.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from measure import contenders  # imports no peer until it loads one
from measure.machine import processors


PINNED = ["taskset", "-c", str(processors(1)[0])]


def resident():
    """Resident bytes of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def peer(runtime, path, feeds):
    """Figures of this process as it comes to load a peer."""
    feeds = dict(np.load(feeds))
    before, start = resident(), time.perf_counter()
    call = contenders.CONTENDERS[runtime](path, 1, feeds)
    call()
    first = 1e3 * (time.perf_counter() - start)
    for _ in range(20):
        call()
    return {"start_to_output_ms": first, "resident_bytes": resident() - before}


def repeated(contender, feeds, repetitions):
    """Medians and the least time of a peer over processes of its own."""
    command = [*PINNED, sys.executable, __file__, "--one", contender["runtime"], contender["path"], feeds]
    runs = [json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
            for _ in range(1 + repetitions)][1:]
    times = [run["start_to_output_ms"] for run in runs]
    return {"start_to_output_ms": {"min": min(times), "median": statistics.median(times)},
            "resident_bytes": statistics.median(run["resident_bytes"] for run in runs)}


def row(name, form, figures, resident_bytes):
    times = figures["start_to_output_ms"]
    return f"| {name} | {form} | {times['median']:.2f} | {times['min']:.2f} | {resident_bytes / 2**20:.2f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?")
    parser.add_argument("--data")
    parser.add_argument("--program", required=True)
    parser.add_argument("--peers", default=",".join(contenders.PEERS))
    parser.add_argument("--repetitions", type=int, default=21)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    from measure.files import Maker  # with onnxruntime, which a process that times it must not have yet
    from measure.workloads import workloads
    from peers import given
    maker = Maker(arguments.build, arguments.work, arguments.peers.split(","))
    workload = (given(arguments.model, arguments.data) if arguments.model
                else next(workloads(arguments.work, None, lambda name: name == "net_mobilenet_v2")))
    found, absent = maker.contenders(workload)
    edge = next(contender["path"] for contender in found if (contender["runtime"], contender["form"]) == ("edgert", "int8"))
    ours = json.loads(subprocess.run([*PINNED, arguments.program, edge, str(arguments.repetitions)], check=True,
                                     capture_output=True, text=True).stdout)
    added, file_bytes = ours["resident_bytes"] - ours["empty_resident_bytes"], Path(edge).stat().st_size
    print(f"{workload.name}, one thread: start to first output, and memory\n")
    print("| runtime | form | median ms | min ms | resident MB |\n| --- | --- | ---: | ---: | ---: |")
    print(row("edgert", "int8", ours, added))
    results = [{"runtime": "edgert", "form": "int8", "file_bytes": file_bytes, **ours}]
    for contender in found:
        if contender["runtime"] == "edgert" or contender["form"] == "f32":
            continue
        figures = repeated(contender, maker.feeds(workload), arguments.repetitions)
        results.append({"runtime": contender["runtime"], "form": contender["form"], **figures})
        print(row(contender["runtime"], contender["form"], figures, figures["resident_bytes"]), flush=True)
    print("".join(f"\nABSENT: {who}: {reason}" for who, reason in absent.items()))
    bound = file_bytes + ours["session_bytes"]
    print(f"edgert: opening {ours['open_ms']['median']:.3f} ms, session {ours['session_ms']['median']:.3f} ms, first run "
          f"{ours['first_run_ms']['median']:.3f} ms; an empty process starts in {ours['start_of_nothing_ms']['median']:.3f} ms.")
    print(f"Resident beyond an empty process: {added / 2**20:.2f} MB, file and session {bound / 2**20:.2f} MB.")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(peer(*sys.argv[2:])))
    else:
        main()
