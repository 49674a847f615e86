#!/usr/bin/env python3
"""Prints the demo's summary as a Markdown table.   usage: demo_table.py DEMO_DIR LIBRARY"""
import json
import os
import sys


def load(folder, kind, precision):
    with open(os.path.join(folder, f"{kind}.{precision}.json")) as f:
        return json.load(f)


def main():
    folder, library = sys.argv[1:]
    print("| | f32 | INT8 |\n| --- | ---: | ---: |")
    rows = {p: (load(folder, "eval", p), load(folder, "bench", p), os.path.getsize(f"{folder}/digits.{p}.edge")) for p in ("f32", "int8")}
    lines = {
        "accuracy": lambda e, b, size: f"{e['correct']} of {e['samples']} ({100 * e['accuracy']:.1f} %)",
        "model file": lambda e, b, size: f"{size:,} bytes",
        "session memory": lambda e, b, size: f"{b['session_bytes']:,} bytes",
        "median latency": lambda e, b, size: f"{b['median_ms']:.3f} ms",
        "cold start (open, session, first run)": lambda e, b, size: f"{b['cold_ms']:.2f} ms",
    }
    for name, line in lines.items():
        print(f"| {name} | {line(*rows['f32'])} | {line(*rows['int8'])} |")
    print(f"\nlibedgert.so: {os.path.getsize(library):,} bytes; kernels: {rows['int8'][1]['isa']}; one thread.")


if __name__ == "__main__":
    main()
