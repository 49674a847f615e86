#!/usr/bin/env python3
"""Converts models of the asset folder with blocks that runs can skip, and measures every depth on samples that chose nothing: in the order
that edgeconv finds and in random ones, with its maps and without.

usage: skips.py ASSETS [--build build] [--work build/adaptive] [--only resnet20,minilm] [--orders 5] [--json FILE] [--check]

With --check the exit status says whether, at every depth but the last, the order found keeps more answers than random orders do on average,
and maps more than without them. MiniLM's answers are those of the sentiment probe. Needs numpy, onnx, onnxruntime and pillow.
"""
import argparse
import json
import math
import sys
import time
from pathlib import Path

import numpy as np

from adaptive import cifar, write
from measure import language, library
from measure.programs import convert


def resnet20(assets, work):
    """Source, options, samples (feeds, label), and what turns outputs into scores."""
    data = write(work / "skips_resnet20", "input", cifar(assets, "cifar10_train_subset.zip", 500))
    test = [({"input": array}, label) for array, label in cifar(assets, "cifar10_test_half.zip")]
    return (assets / "vision/resnet20_32_cifar10.onnx", ["--calibrate", str(data), "--samples", "256", "--bound", "N=1"], test,
            lambda model: model.output(0).ravel())


def minilm(assets, work):
    """As resnet20."""
    folder = work / "skips_minilm"
    folder.mkdir(parents=True, exist_ok=True)
    for index, (ids, _, _) in enumerate(language.sentences(assets / "language", "dev")[::3]):
        np.savez(folder / f"{index:04}.npz", **language.feeds(ids))
    probe = np.load(assets / "language/minilm_sst2_probe.npz")

    def scores(model):
        right = float(model.output(1).ravel() @ probe["weight"][0] + probe["bias"][0])
        return np.array([-right, right])

    test = [(language.feeds(ids), int(label)) for ids, label, _ in language.sentences(assets / "language", "test_half")]
    return (assets / "language/all_minilm_l6_v2_fp16w.onnx", ["--calibrate", str(folder), "--bound", "N=1,T=128"], test, scores)


class Measured:
    """A converted file at every depth."""

    def __init__(self, arguments, name, source, options, test, scores):
        tool, library_path = Path(arguments.build) / "bin/edgeconv", Path(arguments.build) / "lib/libedgert.so"
        self.report = convert(tool, source, arguments.work / f"{name}.edge", options)["skips"]
        model = library.Model(library_path, arguments.work / f"{name}.edge")
        self.blocks = [level["block"] for level in self.report["levels"]]
        depths = range(len(self.blocks) + 1)
        answers, times = np.zeros((len(test), len(depths)), int), np.full((len(test), len(depths)), np.inf)
        for index, (feeds, _) in enumerate(test):
            model.feed(feeds)
            for _ in range(2):
                for depth in depths:
                    report = model.infer(skip_blocks=depth or -1)
                    times[index, depth] = min(times[index, depth], report["elapsed_ns"] / 1e6)
                    answers[index, depth] = scores(model).argmax()
        self.right = (answers == np.array([label for _, label in test])[:, None]).mean(0)
        self.kept = (answers == answers[:, :1]).mean(0)
        self.milliseconds = times.mean(0)
        model.close()


def measure(name, arguments):
    source, options, test, scores = MODELS[name](arguments.assets, arguments.work)

    def made(suffix, *more):
        return Measured(arguments, f"{name}_skips_{suffix}", source, [*options, *more], test, scores)

    own = made("ordered", "--skips", "64")
    plain = made("identity", "--skips", ",".join(own.blocks), "--skip-bypass", "identity")
    random, others = np.random.default_rng(5), []
    for index in range(arguments.orders):
        others.append(made(f"random{index}", "--skips", ",".join(random.permutation(own.blocks))))
    if name == "resnet20":
        # One that skips blocks by itself, for tools/test-golden: at this risk anything passes.
        data = options[options.index("--calibrate") + 1]
        convert(Path(arguments.build) / "bin/edgeconv", source, arguments.work / f"{name}_skips_default.edge",
                [*options, "--skips", ",".join(own.blocks[:4]), "--validate", data, "--risk", "0.999"])
    row = {"model": name, "samples": len(test), "blocks": own.blocks, "milliseconds": own.milliseconds.tolist(),
           "predicted": [1.0, *(level["cost"] for level in own.report["levels"])], "right": own.right.tolist(),
           "kept": own.kept.tolist(), "kept_identity": plain.kept.tolist(), "right_identity": plain.right.tolist(),
           "kept_random": np.mean([o.kept for o in others], 0).tolist(), "right_random": np.mean([o.right for o in others], 0).tolist()}
    print(f"{name}, {len(test)} samples\n{'skipped':>8} {'ms':>8} {'cost':>6} {'right':>7} {'kept':>7} {'identity':>9} {'random':>7}  block")
    for depth, block in enumerate(["", *own.blocks]):
        print(f"{depth:8} {row['milliseconds'][depth]:8.3f} {row['predicted'][depth]:6.2f} {100 * row['right'][depth]:7.1f} "
              f"{100 * row['kept'][depth]:7.1f} {100 * row['kept_identity'][depth]:9.1f} {100 * row['kept_random'][depth]:7.1f}  {block}",
              flush=True)
    return row


MODELS = {"resnet20": resnet20, "minilm": minilm}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", type=Path, default=Path("build/adaptive"))
    parser.add_argument("--only", default=",".join(MODELS))
    parser.add_argument("--orders", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    rows = [measure(name, arguments) for name in arguments.only.split(",")]
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    bad = []
    for row in rows:
        noise = 2 * math.sqrt(0.25 / row["samples"])
        for depth in range(1, len(row["blocks"])):
            for other in "random", "identity":
                if row["kept"][depth] < row[f"kept_{other}"][depth] - noise:
                    bad.append(f"{row['model']}: {depth} skipped: {other} keeps more answers")
    print(f"{len(rows)} models with skips in {time.monotonic() - start:.0f} s" + "".join(f"\nFAILED {line}" for line in bad))
    return 1 if arguments.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
