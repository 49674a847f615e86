#!/usr/bin/env python3
"""Converts the asset models to f32 and INT8 and measures both against onnxruntime's float32.

usage: accuracy.py ASSETS [--held-out ASSETS2] [--build build] [--work DIR] [--only NAME,...] [--options "..."] [--json FILE]

Calibration samples never measure: without --held-out each data set is split, with it the second tree measures.
Needs numpy, onnx, onnxruntime and pillow.
"""
import argparse
import itertools
import json
import shlex
import sys
import tempfile
from pathlib import Path

import numpy as np

from measure import detections, library
from measure.lidar import Lidar
from measure.models import Assets
from measure.programs import convert, oracle


def write_calibration(folder, case):
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npz"):
        old.unlink()
    for index, sample in enumerate(case.calibration):
        np.savez(folder / f"{index:04}.npz", **case.feeds(sample))


BANDS = ((0, 10), (10, 20), (20, 30), (30, 50), (50, np.inf))  # metres


def worse(a, b):
    """The larger of two errors; NaN when one is."""
    return float(np.maximum(a, b))


class Tally:
    """What is counted over the evaluation samples of one model."""

    def __init__(self):
        self.samples = self.labelled = self.float_right = self.int8_right = self.lost = self.gained = 0
        self.decisions = self.agree = self.labelled_agree = 0
        self.bands = {band: np.zeros(4, np.int64) for band in BANDS}  # labelled, float right, INT8 right, equal
        self.reference_boxes = self.matched = self.extra = self.references = 0
        self.f32_stored = 0.0
        self.noise = self.signal = 0.0
        self.extents, self.f32_errors = {}, {}

    def add(self, case, sample, reference, single, whole):
        self.samples += 1
        for name, value in reference.items():
            low, high = self.extents.get(name, (np.inf, -np.inf))
            self.extents[name] = min(low, float(value.min())), max(high, float(value.max()))
            self.f32_errors[name] = worse(self.f32_errors.get(name, 0.0), np.abs(single[name] - value).max())
            self.signal += float((value.astype(np.float64) ** 2).sum())
            self.noise += float(((value - whole[name]).astype(np.float64) ** 2).sum())
        self.add_stored(case, sample, single)
        if case.decode:
            before, after = case.decode(reference), case.decode(whole)
            hits = detections.matched(before, after)
            self.reference_boxes += len(before)
            self.matched += hits
            self.extra += len(after) - hits
            return
        classes = case.classes or (lambda outputs, _: next(iter(outputs.values())).argmax())
        before, after = (np.atleast_1d(classes(outputs, sample)) for outputs in (reference, whole))
        self.decisions += before.size
        self.agree += int((before == after).sum())
        if sample.label is None:
            return
        label = np.atleast_1d(sample.label)
        known, was, now = label >= 0, before == label, after == label
        self.labelled += int(known.sum())
        self.labelled_agree += int(((before == after) & known).sum())
        if sample.distance is not None:
            for low, high in BANDS:
                inside = known & (sample.distance >= low) & (sample.distance < high)
                self.bands[low, high] += [part[inside].sum() for part in (known, was, now, before == after)]
        self.float_right += int((was & known).sum())
        self.int8_right += int((now & known).sum())
        self.lost += int((was & ~now & known).sum())
        self.gained += int((now & ~was & known).sum())

    def add_stored(self, case, sample, single):
        """Largest difference of the f32 file to the references stored with the assets, relative to their range."""
        for name, value in (case.references.get(sample.name) or {}).items():
            value, part = value if isinstance(value, tuple) else (value, ...)
            found = single[name] if name in single else None
            if found is not None and found.shape[0] == 1:
                found = found[0]
            if found is not None and name != "scores":
                found = found[part]
            if name == "scores" and found is not None:
                found = found[:, 1]
            if found is not None and found.size == value.size:
                error = np.abs(found.reshape(value.shape) - value.astype(np.float32)).max() / np.ptp(value.astype(np.float32))
                self.f32_stored = worse(self.f32_stored, error)
                self.references += 1

    def row(self):
        row = {key: value for key, value in vars(self).items() if not isinstance(value, dict)}
        row["f32_error"] = max(
            error / (self.extents[name][1] - self.extents[name][0] or 1.0) for name, error in self.f32_errors.items())
        row["bands"] = [[low, None if np.isinf(high) else high, *map(int, counts)]
                        for (low, high), counts in self.bands.items() if counts[0]]
        row["sqnr"] = 10 * np.log10(self.signal / self.noise) if self.noise else None
        return row


def measure(case, arguments, work, control=""):
    name = Path(case.file).stem
    model = Path(arguments.assets) / case.file
    tool = Path(arguments.build) / "bin/edgeconv"
    write_calibration(work / name, case)
    plain = convert(tool, model, work / f"{name}.f32.edge", ["--precision", "f32", *bounds(model)])
    quantized = work / f"{name}.{'control' if control else 'int8'}.edge"
    report = convert(tool, model, quantized,
                     ["--calibrate", str(work / name), *bounds(model), *shlex.split(control or arguments.options)])
    run = oracle(model)
    single = library.Model(Path(arguments.build) / "lib/libedgert.so", work / f"{name}.f32.edge")
    whole = library.Model(Path(arguments.build) / "lib/libedgert.so", quantized)
    tally = Tally()
    for sample in case.evaluation:
        feeds = case.feeds(sample)
        tally.add(case, sample, run(feeds), single.run(feeds), whole.run(feeds))
    for sample in case.calibration:
        if sample.name in case.references:
            tally.add_stored(case, sample, single.run(case.feeds(sample)))
    row = {"model": f"{name} {control}".strip(), "control": control, "calibration": len(case.calibration), **tally.row()}
    row["session_bytes"] = whole.session_bytes
    for key, source in (("f32", plain), ("int8", report)):
        row[f"{key}_memory"] = source["memory"]
    single.close()
    whole.close()
    return row


def bounds(model):
    """Run-time sizes of these models are batches; one sample at a time is measured."""
    import onnx
    inputs = onnx.load(model, load_external_data=False).graph.input
    names = {dim.dim_param for value in inputs for dim in value.type.tensor_type.shape.dim if dim.dim_param}
    return [word for name in sorted(names) for word in ("--bound", f"{name}=1")]


# Per cent of float's answers that INT8 must give: what the best settings of other tools reach, or more.
AGREEMENT = {
    "kws_dscnn": 98.5, "resnet8": 97.6, "resnet20": 98.6, "mobilenet_v2": 99.0, "squeezenet": 96.0, "tiny_darknet": 94.0,
}


def table(rows):
    head = ["model", "n", "cal.", "float %", "INT8 %", "points", "agreement %", "of labelled %", "detections matched", "SQNR dB",
            "f32 max abs diff / range: oracle", "stored", "arena/bound", "file bytes"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        if "error" in row:
            lines.append(f"| {row['model']} | {row['error']} |")
            continue
        n = row["labelled"]
        rate = lambda key: f"{100 * row[key] / n:.2f}" if n else "-"
        points = f"{100 * (row['gained'] - row['lost']) / n:+.2f} (+{row['gained']} -{row['lost']})" if n else "-"
        boxes = row["reference_boxes"]
        memory = row["int8_memory"]
        cells = [
            row["model"], row["samples"], row["calibration"], rate("float_right"), rate("int8_right"), points,
            "-" if boxes else f"{100 * row['agree'] / row['decisions']:.2f}",
            rate("labelled_agree"),
            f"{100 * row['matched'] / boxes:.1f} of {boxes} (+{row['extra']})" if boxes else "-",
            f"{row['sqnr']:.1f}" if row["sqnr"] else "exact", f"{row['f32_error']:.1e}", f"{row['f32_stored']:.1e}",
            f"{memory['arenaBytes'] / max(memory['arenaLowerBound'], 1):.3f}", memory["fileBytes"]]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def band_table(rows):
    """Accuracy of the lidar networks by distance from the sensor."""
    lines = ["| model | range, m | labelled | float % | INT8 % | points | agreement % |", "|" + " --- |" * 7]
    for row in rows:
        for low, high, n, was, now, equal in row.get("bands", []):
            lines.append(f"| {row['model']} | {low}-{high or ''} | {n} | {100 * was / n:.2f} | {100 * now / n:.2f} | "
                         f"{100 * (now - was) / n:+.2f} | {100 * equal / n:.2f} |")
    return "\n".join(["", *lines]) if len(lines) > 2 else ""


def misses(row):
    """Bounds that a model's figures do not hold: f32 to stored references, INT8 points and boxes, arena."""
    n, boxes, memory = row["labelled"], row["reference_boxes"], row["int8_memory"]
    if row["control"]:
        return []
    least = next((value for name, value in AGREEMENT.items() if row["model"].startswith(name)), 0)
    bounds = {  # written so that a NaN misses
        "f32 differs from the stored references by more than 1e-3 of their range": not row["f32_stored"] <= 1e-3,
        "f32 differs from onnxruntime by more than 1e-3 of the range": not row["f32_error"] <= 1e-3,
        "no stored reference was compared": row["references"] == 0,
        "nothing tells INT8 from float: no labels, no boxes, no agreement": not n and not boxes and not row["agree"],
        "without labels, INT8 agrees with float on less than 99 %": not n and not boxes and row["agree"] < 0.99 * row["decisions"],
        # A few hundred samples do not tell a point from chance, agreement with float's answers is sharper: so the paired
        # standard error is taken off the points, and agreement has a bound of its own.
        "INT8 loses more than 1.0 point": n and 100 * (row["lost"] - row["gained"] - (row["lost"] + row["gained"]) ** 0.5) > n,
        f"INT8 gives fewer than {least} % of float's answers": n and 100 * row["labelled_agree"] < least * n,
        "INT8 finds less than 95 % of the float detections": boxes and row["matched"] < 0.95 * boxes,
        "the arena is more than 10 % above its lower bound": memory["arenaBytes"] > 1.1 * memory["arenaLowerBound"],
    }
    return [f"{row['model']}: {text}" for text, missed in bounds.items() if missed]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--held-out")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work")
    parser.add_argument("--only", default="")
    parser.add_argument("--options", default="", help="further options of the INT8 conversion")
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is not held")
    arguments = parser.parse_args()
    work = Path(arguments.work or tempfile.mkdtemp(prefix="accuracy-"))
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    assets = Assets(arguments.assets, arguments.held_out)
    for case in itertools.chain(assets.cases(), Lidar(assets, oracle).cases()):
        name = Path(case.file).stem
        if arguments.only and not any(part in name for part in arguments.only.split(",")):
            continue
        print(f"{name}: {len(case.calibration)} calibrate, {len(case.evaluation)} measure", file=sys.stderr, flush=True)
        try:
            rows.append(measure(case, arguments, work))
            for control in case.controls:
                rows.append(measure(case, arguments, work, control))
        except RuntimeError as error:
            rows.append({"model": name, "error": str(error)})
            print(error, file=sys.stderr)
    if not rows:
        parser.error(f"--only {arguments.only}: no such model")
    print(table(rows) + band_table(rows))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1))
    missed = [line for row in rows if "error" not in row for line in misses(row)] if arguments.check else []
    print("\n".join(["", *missed]) if missed else "")
    held = sum(1 for row in rows if "error" not in row and not (arguments.check and misses(row)))
    print(f"{held} of {len(rows)} models" + (" within bounds" if arguments.check else " measured"))
    return 1 if missed or any("error" in row for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
