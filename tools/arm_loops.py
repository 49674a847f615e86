#!/usr/bin/env python3
"""What llvm-mca says of the inner loops of the ARM64 kernels: cycles of a turn, and multiply-accumulates a cycle, on four CPUs.

usage: arm_loops.py [--mca llvm-mca-19] [--json FILE]

Compiles the kernels as the board build does, cuts the loop that multiplies most out of the assembly of each, and prints Markdown. A
model of a pipeline with every load a hit: it ranks variants of a loop on one CPU, and is no time.
"""
import argparse
import json
import re
import shutil
import subprocess
from pathlib import Path

CPUS = ("cortex-a53", "cortex-a55", "cortex-a76", "neoverse-n1")
TURNS = 100
KERNELS = "Sources/CEdgeKernels"
LOOPS = (("INT8 convolution, no dot product", "conv_s8/conv_s8_neon.c", "run_tile"),
         ("INT8 convolution, dot product", "conv_s8/conv_s8_neondot.c", "run_tile"),
         ("f32 convolution and product", "conv_f32/conv_f32_neon.c", "tile_sums__neon"),
         ("INT8 depthwise 3x3", "depthwise_s8/depthwise_s8_neon.c", "edge_s8_depthwise__neon"),
         ("f32 depthwise", "conv_f32/conv_f32_neon.c", "edge_f32_depthwise__neon"))
MACS = {"sdot": 16, "smull": 8, "smull2": 8, "smlal": 8, "smlal2": 8, "fmla": 4}
FLAGS = ("--target=aarch64-linux-gnu -isystem /usr/aarch64-linux-gnu/include -std=c11 -O2 -ffp-contract=off -fno-unroll-loops "
         "-fno-asynchronous-unwind-tables -fPIC -S -o -").split()


def clang():
    return Path(shutil.which("swift") or "swift").resolve().parent / "clang"


def macs(lines):
    return sum(MACS.get(line.split()[0], 0) for line in lines if line.strip())


def inner_loop(assembly, function):
    """The instructions of a function's innermost loop with most multiply-accumulates: from a label to the branch back to it."""
    lines = re.search(rf"^{function}:.*?^\.Lfunc_end", assembly, re.M | re.S)[0].splitlines()
    labels = {line.split(":")[0]: i for i, line in enumerate(lines) if re.match(r"\.L\w+:", line)}
    best = []
    for i, line in enumerate(lines):
        branch = re.match(r"\s+(?:b\.\w+|cbn?z|tbn?z)\s.*?(\.L\w+)$", line)
        if not branch or labels.get(branch[1], i) >= i:
            continue
        body = lines[labels[branch[1]] + 1:i + 1]
        inner = {name for name, place in labels.items() if labels[branch[1]] < place < i}
        if any(re.match(r"\s+(?:b\.\w+|cbn?z|tbn?z)\s", other) and other.split()[-1] in inner and
               labels[other.split()[-1]] < place for place, other in enumerate(body, labels[branch[1]] + 1)):
            continue
        code = [text.split("//")[0].rstrip() for text in body if re.match(r"\s+[a-z]", text)]
        if macs(code) > macs(best):
            best = code
    return best


def cycles(mca, code, cpu):
    """Cycles of one turn; the branch is left out, as llvm-mca knows no loops."""
    text = "\n".join(line for line in code if not re.match(r"\s+(?:b\.\w+|cbn?z|tbn?z|bl?)\s", line))
    done = subprocess.run([mca, "-mtriple=aarch64", f"-mcpu={cpu}", "-mattr=+dotprod", f"-iterations={TURNS}"], input=text, text=True,
                          capture_output=True, check=True)
    return int(re.search(r"Total Cycles:\s+(\d+)", done.stdout)[1]) / TURNS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mca", default="llvm-mca-19")
    parser.add_argument("--json")
    arguments = parser.parse_args()
    results = []
    print("| loop | multiply-accumulates | instructions | " + " | ".join(f"{cpu}: cycles (each)" for cpu in CPUS) + " |\n"
          "| --- | ---: | ---: |" + " ---: |" * len(CPUS))
    for name, source, function in LOOPS:
        assembly = subprocess.run([str(clang()), *FLAGS, f"{KERNELS}/{source}"], capture_output=True, text=True, check=True).stdout
        code = inner_loop(assembly, function)
        found = {cpu: cycles(arguments.mca, code, cpu) for cpu in CPUS}
        results.append({"loop": name, "macs": macs(code), "instructions": len(code), "cycles": found})
        print(f"| {name} | {macs(code)} | {len(code)} | " + " | ".join(f"{found[cpu]:.0f} ({macs(code) / found[cpu]:.1f})" for cpu in CPUS) + " |")
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
