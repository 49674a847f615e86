#!/usr/bin/env python3
"""Quantizes asset models with onnxruntime, converts them without data, and compares the files with onnxruntime.

usage: quantized.py ASSETS [--build build] [--work DIR] [--samples N] [--only NAME,...] [--json FILE] [--check]

An output that is not quantized itself counts in steps of 8 bits over its range. Needs numpy, onnx, onnxruntime and pillow.
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np

from accuracy import convert
from measure import library, quantized
from measure.models import Assets, Case, Sample, spread
from measure.quantized import DEFAULT, PER_CHANNEL, PRODUCTS, WEIGHTED, Form

LEAST_SAME, LEAST_WITHIN = 0.995, 0.99
CALIBRATION = 256


def sentences(root):
    """MiniLM on tokens of SST-2; a class is the sign that a linear probe gives the sentence."""
    folder = Path(root) / "language"
    probe = np.load(folder / "minilm_sst2_probe.npz")
    weight, bias = (probe[key].astype(np.float64).ravel() for key in probe.files)

    def read(name):
        data = np.load(folder / name)
        cuts = data["offsets"]
        return [Sample(f"{name}/{i}", data["ids"][a:b][None].astype(np.int64)) for i, (a, b) in enumerate(zip(cuts, cuts[1:]))]

    case = Case("language/all_minilm_l6_v2_fp16w.onnx", "input_ids", read("sst2_dev.npz"), read("sst2_test_half.npz"))
    case.feeds = lambda sample: {
        "input_ids": sample.array, "attention_mask": np.ones_like(sample.array), "token_type_ids": np.zeros_like(sample.array)}
    case.classes = lambda outputs, _: outputs["sentence_embedding"].ravel() @ weight + bias[0] > 0
    return case


def cases(assets):
    """A name, a model with its data, and a form."""
    resnet, mobilenet = assets.cifar("resnet20_32_cifar10"), assets.imagenet("mobilenet_v2_1.0_224_imagenet")
    yield resnet, Form("resnet20_per_channel", PER_CHANNEL, ("--bound", "N=1"))
    yield resnet, Form("resnet20_default", DEFAULT, ("--bound", "N=1"))
    yield mobilenet, Form("mobilenet_v2_per_channel", PER_CHANNEL)
    yield mobilenet, Form("mobilenet_v2_default", DEFAULT)
    yield sentences(assets.root), Form("minilm_weighted", WEIGHTED, ("--bound", "N=1,T=128"), weights_only=True)
    yield sentences(assets.root), Form("minilm_per_channel", PRODUCTS, ("--bound", "N=1,T=128"))


def measure(case, form, arguments, work):
    """The figures of one quantized model."""
    model = work / f"{form.name}.onnx"
    calibration, _ = spread(case.calibration, CALIBRATION)
    quantized.quantize(Path(arguments.assets) / case.file, model, form, [case.feeds(sample) for sample in calibration])
    build = Path(arguments.build)
    report = convert(build / "bin/edgeconv", model, work / f"{form.name}.edge", list(form.bounds))
    file = library.Model(build / "lib/libedgert.so", work / f"{form.name}.edge")
    run = quantized.oracle(model)
    classes = case.classes or (lambda outputs, _: next(iter(outputs.values())).argmax())
    pairs, same = [], 0
    evaluation = spread(case.evaluation, arguments.samples)[0] if arguments.samples else case.evaluation
    for sample in evaluation:
        feeds = case.feeds(sample)
        expected, found = run(feeds), file.run(feeds)
        same += int(classes(expected, sample) == classes(found, sample))
        pairs.append((expected, found))
    file.close()
    scales = quantized.steps(model)
    outputs = {}
    for name in pairs[0][0]:
        low = min(expected[name].min() for expected, _ in pairs)
        high = max(expected[name].max() for expected, _ in pairs)
        step = scales.get(name) or (high - low) / 255
        off = np.concatenate([np.abs(expected[name] - found[name]).ravel() for expected, found in pairs]) / step
        outputs[name] = {
            "within": float((off <= 1.001).mean()), "equal": float((off == 0).mean()), "steps": float(off.max()),
            "elements": off.size, "quantized": name in scales}
    layers = report["layers"]
    int8 = sum(layer["precision"] == "int8" for layer in layers)
    return {"model": form.name, "samples": len(evaluation), "same": same / len(evaluation), "outputs": outputs,
            "int8": int8, "float": len(layers) - int8, "file_bytes": report["memory"]["fileBytes"]}


def table(rows):
    head = ["model", "nodes INT8 / float", "file bytes", "n", "same class %", "output", "within one step %", "equal %", "most steps"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for row in rows:
        for name, output in row["outputs"].items():
            cells = [row["model"], f"{row['int8']} / {row['float']}", row["file_bytes"], row["samples"], f"{100 * row['same']:.2f}",
                     name, f"{100 * output['within']:.3f}", f"{100 * output['equal']:.3f}", f"{output['steps']:.3g}"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def misses(row):
    """Bounds that do not hold, written so that a NaN misses."""
    if not row["same"] >= LEAST_SAME:
        yield f"{row['model']}: same class as onnxruntime on less than {100 * LEAST_SAME} %"
    for name, output in row["outputs"].items():
        if not output["within"] >= LEAST_WITHIN:
            yield f"{row['model']}: less than {100 * LEAST_WITHIN} % of {name} within one step"
    if row["int8"] == 0:
        yield f"{row['model']}: nothing is INT8"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/quantized")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true", help="fail when a bound is missed")
    arguments = parser.parse_args()
    work = Path(arguments.work)
    work.mkdir(parents=True, exist_ok=True)
    rows = []
    for case, form in cases(Assets(arguments.assets)):
        if form.name in arguments.only.split(",") or not arguments.only:
            rows.append(measure(case, form, arguments, work))
            print(f"{form.name}: done", file=sys.stderr)
    print(table(rows))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1))
    missed = [text for row in rows for text in misses(row)]
    for text in missed:
        print(f"MISSED {text}")
    if arguments.check:
        print(f"{len(rows)} quantized models, {len(missed)} bounds missed")
        sys.exit(bool(missed or not rows))


if __name__ == "__main__":
    main()
