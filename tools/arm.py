#!/usr/bin/env python3
"""Counts ARM64 instructions per inference of our INT8 and f32 files and of onnxruntime on the same models, under QEMU. No board needed.

usage: arm.py [--assets DIR] [--only NAME,...] [--cpus cortex-a53,cortex-a76] [--model M.onnx --data DIR] [--profile N]
              [--build build] [--work DIR] [--cache DIR] [--json FILE]

A count is that of RUNS inferences after a first one, divided by RUNS: the same at every repetition but for a few thousand of
onnxruntime's. Counts rank code for one CPU; they are no times. Inputs are bound once. The INT8 model is what onnxruntime's quantizer makes
(QDQ, uint8 activations, weights per channel), which both run: ours is converted from it, so that the same layers are INT8. `profile`
prints that many of our functions that take most.
"""
import argparse
import bisect
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx

import peers
from measure.emulator import CPUS, Emulator, run
from measure.files import Maker
from measure.workloads import macs, workloads

MODELS = ("mobilenet_v2", "dscnn", "minilm_128")
RUNS = 3
TYPES = {"float32": 1, "int8": 3, "uint8": 4, "int32": 6, "int64": 7}  # edgert_dtype
SWIFT = Path(shutil.which("swift") or "swift").resolve().parent


def files(workload, maker):
    """Ours and the peer's files of a workload: ours in INT8 holds the same quantized layers as the peer's."""
    folder = maker.work / workload.name
    folder.mkdir(exist_ok=True)
    plain = maker.plain(workload, folder)
    quantized = maker.onnx_forms(workload, folder, plain)["qdq"]
    ours = {"int8": maker.edge(workload, folder, "qdq", quantized), "f32": maker.edge(workload, folder, "f32", plain)}
    return ours, {"int8": quantized, "f32": plain}


def runner(build, emulator):
    """The program that runs our files, once with the library and once with its objects, whose symbols name what a profile finds."""
    source = "tools/benchmark/count_model.c"
    out, library = emulator.root / "tmp", Path(build) / "aarch64/lib"
    shutil.copy(library / "libedgert.so", out / "libedgert.so.1")
    common = ["aarch64-linux-gnu-gcc", "-O2", "-no-pie", "-I", "Sources/CEdgeRT/include", source]
    run(*common, "-o", out / "count_model", f"-L{library}", "-ledgert")
    run(*common, "-o", out / "count_symbols", "-B", SWIFT, "-fuse-ld=lld", ".build-embedded/libedgert-testing-aarch64.a",
        "-Wl,--gc-sections", "-lm", "-lpthread")


def inputs(model, feeds, folder):
    """Arguments of count_model that give it these inputs."""
    found = []
    names = [value.name for value in onnx.load(model, load_external_data=False).graph.input if value.name in feeds]
    for index, name in enumerate(names):
        array = np.ascontiguousarray(feeds[name])
        array.tofile(folder / f"input{index}")
        found += [str(index), str(TYPES[array.dtype.name]), ",".join(map(str, array.shape)), f"/tmp/input{index}"]
    return found


def measure(workload, arguments, emulator, maker):
    """Instructions per inference by runtime, precision and CPU."""
    ours, theirs = files(workload, maker)
    folder = emulator.root / "tmp"
    feeds = workload.samples[0]
    np.savez(folder / "inputs.npz", **feeds)
    given = inputs(theirs["f32"], feeds, folder)
    rows = []
    for cpu in arguments.cpus.split(","):
        for precision in ("int8", "f32"):
            shutil.copy(ours[precision], folder / "model.edge")
            shutil.copy(theirs[precision], folder / "model.onnx")
            rows.append({"runtime": "edgert", "precision": precision, "cpu": cpu, "instructions": emulator.count(
                cpu, RUNS, "/tmp/count_model", "/tmp/model.edge", RUNS, *given)})
            if arguments.profile:
                print(profile(workload.name, precision, cpu, emulator, given, arguments.profile), flush=True)
            else:
                rows.append({"runtime": "onnxruntime", "precision": precision, "cpu": cpu, "instructions": emulator.count(
                    cpu, RUNS, "/usr/bin/python3.11", "/tmp/count_peer.py", "/tmp/model.onnx", "/tmp/inputs.npz", RUNS)})
    return {"workload": workload.name, "macs": macs(theirs["f32"], feeds), "rows": rows}


def profile(name, precision, cpu, emulator, given, most):
    """Our functions that take most instructions."""
    symbols = []
    for line in run("aarch64-linux-gnu-nm", "-n", emulator.root / "tmp/count_symbols").splitlines():
        address, kind, symbol = ([None, *line.split()] if line.startswith(" ") else line.split())[:3]
        if kind in "tTwW" and address and not symbol.startswith("$"):
            symbols.append((int(address, 16), symbol))
    starts, found = [address for address, _ in symbols], {}
    for address, instructions in emulator.blocks(cpu, "/tmp/count_symbols", "/tmp/model.edge", RUNS, *given):
        symbol = symbols[max(bisect.bisect_right(starts, address) - 1, 0)][1]
        found[symbol] = found.get(symbol, 0) + instructions / RUNS
    total = sum(found.values())
    lines = [f"\n{name} {precision} {cpu}: {total / 1e6:.3f} million instructions"]
    for symbol, count in sorted(found.items(), key=lambda item: -item[1])[:most]:
        lines.append(f"  {count / 1e6:10.3f}  {100 * count / total:5.1f} %  {symbol}")
    return "\n".join(lines)


def table(result):
    """Markdown: a line a CPU and runtime, with the ratios that matter."""
    lines = [f"\n{result['workload']}, {result['macs'] / 1e6:.1f} million multiply-accumulates\n",
             "| CPU | runtime | precision | million instructions | multiply-accumulates an instruction | edgert INT8 / this |",
             "| --- | --- | --- |" + " ---: |" * 3]
    for row in result["rows"]:
        ours = next(other["instructions"] for other in result["rows"]
                    if (other["runtime"], other["precision"], other["cpu"]) == ("edgert", "int8", row["cpu"]))
        lines.append(f"| {row['cpu']} | {row['runtime']} | {row['precision']} | {row['instructions'] / 1e6:.3f} | "
                     f"{result['macs'] / row['instructions']:.2f} | {ours / row['instructions']:.3f} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets")
    parser.add_argument("--only")
    parser.add_argument("--cpus", default="cortex-a53,cortex-a76")
    parser.add_argument("--model")
    parser.add_argument("--data")
    parser.add_argument("--profile", type=int, default=0)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/bench")
    parser.add_argument("--cache", default=os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "edgert/arm"))
    parser.add_argument("--json")
    arguments = parser.parse_args()
    if bool(arguments.model) != bool(arguments.data):
        parser.error("--model and --data go together")
    unknown = set(arguments.cpus.split(",")) - set(CPUS)
    if unknown:
        parser.error(f"unknown CPU {' '.join(unknown)}: {' '.join(CPUS)} are known")
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    emulator = Emulator(arguments.cache)
    runner(arguments.build, emulator)
    maker = Maker(arguments.build, work, ["onnxruntime"])
    wanted = arguments.only.split(",") if arguments.only else MODELS if arguments.assets else ("spoken_digits",)
    results = []
    for workload in ([peers.given(arguments.model, arguments.data)] if arguments.model
                     else workloads(work, arguments.assets, lambda name: name in wanted)):
        results.append(measure(workload, arguments, emulator, maker))
        print(table(results[-1]), flush=True)
    if not results:
        sys.exit(f"no workload is called {arguments.only}")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
