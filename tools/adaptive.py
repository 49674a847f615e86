#!/usr/bin/env python3
"""Converts models of the asset folder with early exits, and measures exits, certificates and budgets on samples that neither fitted,
validated nor chose anything.

usage: adaptive.py ASSETS [--build build] [--work build/adaptive] [--splits 200] [--json FILE] [--check]

ResNet-20 gets fitted heads and a certificate; the range-image network has an exit of its own. With --check the exit status says whether
full depth equals the model without exits byte for byte, certificates hold on random splits, and exits beat leaving at random.
Needs numpy, onnx, onnxruntime and pillow.
"""
import argparse
import contextlib
import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from measure import library
from measure.lidar import range_image
from measure.models import PICTURES, Lazy
from measure.programs import convert

CRITERIA = {1: "confidence", 2: "margin", 3: "entropy", 4: "patience"}
RISK, CONFIDENCE = 0.02, 0.95


def write(folder, key, samples):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npz"):
        old.unlink()
    for index, (array, label) in enumerate(samples):
        label = {} if label is None else {"label": np.int64(label)}
        np.savez(folder / f"{index:05}.npz", **{key: array}, **label)
    return folder


def cifar(assets, name, count=None):
    import io
    import zipfile
    with zipfile.ZipFile(assets / "vision" / name) as archive:
        members = sorted(archive.namelist())
        np.random.default_rng(7).shuffle(members)
        return [(Lazy(m, io.BytesIO(archive.read(m)), PICTURES["resnet20_32_cifar10"], int(m.split("_")[0])).array,
                 int(m.split("_")[0])) for m in members[:count]]


def answers(output):
    """The class at every place."""
    return np.atleast_1d(output.argmax(1 if output.ndim == 4 else -1)).ravel()


class Traces:
    """For every sample: certainties [criterion][sample, exit], whether each exit's answer is the whole model's, and the label's."""

    def __init__(self, model, key, samples):
        self.model, self.count = model, model.infer(exit_threshold=math.inf)["blocks_run"] - 1
        exits = range(1, self.count + 1)
        self.certainty = {code: np.zeros((len(samples), self.count)) for code in CRITERIA}
        self.loss, self.right = np.zeros((len(samples), self.count + 1)), np.full((len(samples), self.count + 1), np.nan)
        for index, (array, label) in enumerate(samples):
            model.feed({key: array})
            model.infer(full_depth=1)
            whole = answers(model.output(0))
            for code in list(self.certainty):
                try:
                    for exit in exits:
                        report = model.infer(exit_threshold=math.inf, max_exit=exit, exit_criterion=code)
                        self.certainty[code][index, exit - 1] = report["confidence"]
                        if code == 1:
                            answer = answers(model.output(0))
                            self.loss[index, exit - 1] = (answer != whole).mean()
                            if label is not None:
                                self.right[index, exit - 1] = (answer == label).mean()
                except RuntimeError:
                    del self.certainty[code]
            if label is not None:
                self.right[index, -1] = (whole == label).mean()

    def exits(self, code, threshold, rows=slice(None)):
        """The exit each sample leaves at, from 0; the end last."""
        passes = self.certainty[code][rows] >= threshold
        return np.where(passes.any(1), passes.argmax(1), self.count)

    def at(self, code, threshold, costs, rows=slice(None)):
        """Loss, cost, accuracy, and accuracy with as many runs at each exit at random."""
        taken = self.exits(code, threshold, rows)
        loss, right = self.loss[rows], self.right[rows]
        shares = np.bincount(taken, minlength=self.count + 1) / len(taken)
        picked = np.arange(len(taken)), taken
        return loss[picked].mean(), costs[taken].mean(), right[picked].mean(), float(shares @ right.mean(0)), float(shares @ loss.mean(0))


def binomial_tail(n, k, p):
    return sum(math.exp(math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(p) + (n - i) * math.log(1 - p))
               for i in range(k + 1))


def allowed(n, risk, confidence):
    """The most losses of n that certify the risk; -1 when none do."""
    k = -1
    while k < n and binomial_tail(n, k + 1, risk) <= 1 - confidence:
        k += 1
    return k


GRID = np.float32(0.9975) - np.float32(0.0025) * np.arange(399, dtype=np.float32)


def splits(traces, code, costs, count, seed=3):
    """Certified thresholds on random halves: shares whose loss on all samples is above the risk, and on the other half, which has noise
    of its own; and how much is kept of the saving of the best threshold of the same loss without a certificate."""
    random, n = np.random.default_rng(seed), len(traces.loss)
    half, rows = n // 2, np.arange(n)
    most = allowed(half, RISK, CONFIDENCE)
    losses = np.stack([traces.loss[rows, traces.exits(code, t)] for t in GRID])
    spent = np.stack([costs[traces.exits(code, t)] for t in GRID])
    violated, wrong, kept = 0, 0, []
    for _ in range(count):
        order = random.permutation(n)
        a, b = order[:half], order[half:]
        lost = losses[:, a].sum(1)
        certified = int(np.argmax(lost > most)) - 1 if (lost > most).any() else len(GRID) - 1
        best = int(np.argmax(lost > RISK * half)) - 1 if (lost > RISK * half).any() else len(GRID) - 1
        if certified < 0:
            continue
        violated += losses[certified, b].mean() > RISK
        wrong += losses[certified].mean() > RISK
        kept.append((1 - spent[certified, b].mean()) / max(1 - spent[best, b].mean(), 1e-9))
    return wrong / count, violated / count, float(np.mean(kept)) if kept else math.nan


def depth_times(model, key, samples, repeats=40):
    """Milliseconds to each exit, to the end with and without heads: the least of many, interleaved."""
    count = model.infer(exit_threshold=math.inf)["blocks_run"] - 1
    ways = [{"exit_threshold": math.inf, "max_exit": exit} for exit in range(1, count + 1)]
    ways += [{"exit_threshold": math.inf}, {"full_depth": 1}]
    least = np.full(len(ways), np.inf)
    for array, _ in samples[:4]:
        model.feed({key: array})
        for _ in range(repeats):
            for way, options in enumerate(ways):
                least[way] = min(least[way], model.infer(**options)["elapsed_ns"] / 1e6)
    return least


@contextlib.contextmanager
def co_runner():
    """A process that keeps another core busy, with memory that the last level of cache does not hold."""
    code = "import numpy as np\na = np.ones(1 << 24, np.float32)\nwhile True: a += 1"
    process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        yield
    finally:
        process.kill()
        process.wait()


def budgets(model, key, samples, shortest, count=1000, seed=5):
    """With a co-runner: share of runs with random budgets that kept them, from what the shortest way seldom exceeds to the median of the
    whole; the worst excess in milliseconds; and the share of runs that did without the whole.

    `shortest` are the options of the shortest way."""
    random, kept, worst, short = np.random.default_rng(seed), 0, 0.0, 0

    def milliseconds(index, **options):
        model.feed({key: samples[index % len(samples)][0]})
        return model.infer(**options)

    with co_runner():
        low = np.quantile([milliseconds(i, **shortest)["elapsed_ns"] / 1e6 for i in range(200)], 0.995)
        high = np.median([milliseconds(i, exit_threshold=math.inf, skip_blocks=-1)["elapsed_ns"] / 1e6 for i in range(100)])
        for index in range(count):
            budget = random.uniform(low, max(high, low))
            report = milliseconds(index, exit_threshold=math.inf, skip_blocks=-1, budget_ns=int(budget * 1e6))
            kept += report["budget_met"]
            short += report["blocks_skipped"] > 0
            worst = max(worst, report["elapsed_ns"] / 1e6 - budget)
    return kept / count, worst, short / count


def measure(name, source, key, calibrate, validate, samples, arguments, options):
    work, tool = Path(arguments.work), Path(arguments.build) / "bin/edgeconv"
    given = ["--calibrate", str(write(work / f"{name}_calibrate", key, calibrate))]
    if validate:
        given += ["--validate", str(write(work / f"{name}_validate", key, validate))]
    report = convert(tool, source, work / f"{name}.edge", [*given, *options, "--report", str(work / f"{name}.html")])
    model = library.Model(Path(arguments.build) / "lib/libedgert.so", work / f"{name}.edge")
    exits = report["exits"]
    times = depth_times(model, key, samples)
    traces = Traces(model, key, samples)
    costs = np.append(times[:-2], times[-2]) / times[-1]
    row = {"model": name, "samples": len(samples), "exits": exits["exits"], "criterion": exits["criterion"],
           "threshold": exits.get("threshold"), "certificate": exits.get("certificate"),
           "milliseconds": [round(float(t), 4) for t in times], "worst_case": float(times[-2] / times[-1]),
           "predicted": [e["cost"] for e in exits["exits"]], "measured": [float(c) for c in costs[:-1]], "curves": {}}
    for code, title in CRITERIA.items():
        if code not in traces.certainty:
            continue
        grid = [1.0, 2.0, 3.0] if code == 4 else GRID[::10]
        row["curves"][title] = [dict(zip(("threshold", "loss", "cost", "accuracy", "random_accuracy", "random_loss"),
                                         map(float, (t, *traces.at(code, t, costs))))) for t in grid]
    code = next((c for c, title in CRITERIA.items() if title == exits["criterion"]), None)
    if code and exits.get("threshold") is not None:
        row["chosen"] = dict(zip(("loss", "cost", "accuracy", "random_accuracy", "random_loss"),
                                 map(float, traces.at(code, exits["threshold"], costs))))
        row["full_accuracy"] = float(traces.right[:, -1].mean())
    row["budgets_kept"], row["budget_excess_ms"], row["budget_short"] = budgets(
        model, key, samples, {"exit_threshold": math.inf, "max_exit": 1})
    if validate and code and code != 4:
        pool = Traces(model, key, list(validate) + list(samples))
        row["violations"], row["violations_other_half"], row["saving_kept"] = splits(
            pool, code, np.append(row["predicted"], exits["worstCost"]), arguments.splits)
    print(json.dumps({k: v for k, v in row.items() if k != "curves"}, indent=1))
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/adaptive")
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="resnet20,rangeseg")
    arguments = parser.parse_args()
    rows = []
    start = time.monotonic()
    if "resnet20" in arguments.only:
        tested = cifar(arguments.assets, "cifar10_test_half.zip")
        rows.append(measure("resnet20", arguments.assets / "vision/resnet20_32_cifar10.onnx", "input",
                            cifar(arguments.assets, "cifar10_train_subset.zip", 2000), tested[:1000], tested[1000:], arguments,
                            ["--exits", "auto", "--bound", "N=1"]))
    if "rangeseg" in arguments.only:
        scans = {part: [(range_image(points.astype(np.float32)), None) for points in
                        np.load(arguments.assets / f"lidar/semantickitti_{part}_street.npz")["points"]]
                 for part in ("seen", "unseen")}
        rows.append(measure("rangeseg", arguments.assets / "lidar/rangeseg_semantickitti_64x1024.onnx", "range_image",
                            scans["seen"][:4], [], scans["seen"][4:] + scans["unseen"], arguments, ["--exits", "exit0_logits"]))
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))
    bad = [f"{row['model']}: certificates fail on {100 * row['violations']:.1f} % of splits" for row in rows
           if row.get("violations", 0) > 0.05 + 2 * math.sqrt(0.05 * 0.95 / arguments.splits)]
    print(f"{len(rows)} adaptive models in {time.monotonic() - start:.0f} s" + "".join(f"\nFAILED {line}" for line in bad))
    return 1 if arguments.check and bad else 0


if __name__ == "__main__":
    sys.exit(main())
