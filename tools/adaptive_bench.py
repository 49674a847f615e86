#!/usr/bin/env python3
"""Times our sentiment encoder, sparse and with certified exits, against its own full depth and against peers, sentence by sentence.

usage: adaptive_bench.py ASSETS [--build build] [--work build/bench/adaptive] [--count N] [--json FILE]

Calibrates on training sentences of the folder's SST-2, certifies on its validation half, measures on its test half: mean over sentences
of the least of three single calls of one thread each, all in turns. onnxruntime (float32, and INT8 weights with run-time activations) and OpenVINO
run the same ONNX file. Needs numpy, onnx, onnxruntime, openvino and tokenizers.
"""
import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
import onnx

from measure import library
from measure.language import sentences
from measure.programs import convert

SOURCE = Path(__file__).resolve().parent.parent / "Models/text/sentiment/sentiment.onnx"
EXITS = "exit1,exit2,exit3,exit4,exit5"
CALLS = 3


def write(folder, samples):
    """Samples (token ids, label) as files that edgeconv reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, (ids, label) in enumerate(samples):
        np.savez(folder / f"{index:05}.npz", input_ids=ids, label=np.int64(label))
    return str(folder)


def training(language, count):
    """Every so many of the training sentences."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(str(language / "minilm_tokenizer.json"))
    tokenizer.no_padding()
    lines = [line.rsplit("\t", 1) for line in (language / "sst2_train.tsv").read_text().splitlines()]
    return [(np.int64([tokenizer.encode(text).ids]), int(label)) for text, label in lines[::len(lines) // count]]


def ours(build, path, **options):
    """Logits of our file for token ids."""
    model = library.Model(build / "lib/libedgert.so", path)

    def call(ids):
        model.feed({"input_ids": ids})
        model.infer(**options)
        return model.output(0)
    return call


def onnxruntime(path):
    """Logits by onnxruntime."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids: session.run(["logits"], {"input_ids": ids})[0]


def openvino(path):
    """Logits by OpenVINO."""
    import openvino as ov
    settings = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1}
    compiled = ov.Core().compile_model(str(path), "CPU", settings)
    return lambda ids: compiled({"input_ids": ids})[compiled.output("logits")]


def contenders(arguments, language):
    """Calls by name, and the report of the conversion."""
    from onnxruntime.quantization import QuantType, quantize_dynamic
    work, build = Path(arguments.work), Path(arguments.build)
    work.mkdir(parents=True, exist_ok=True)
    data = ["--calibrate", write(work / "calibrate", training(language, 128)), "--bound", "tokens=128"]
    check = [(ids, label) for ids, label, _ in sentences(language, "dev")]
    report = convert(build / "bin/edgeconv", SOURCE, work / "sentiment.edge",
                     [*data, "--validate", write(work / "validate", check), "--exits", EXITS])
    plain, codes = work / "plain.onnx", work / "plain.int8.onnx"
    onnx.utils.extract_model(str(SOURCE), str(plain), ["input_ids"], ["logits"])
    quantize_dynamic(plain, codes, weight_type=QuantType.QInt8, per_channel=True)
    return report, {
        "edgert, exits on": ours(build, work / "sentiment.edge"),
        "edgert, full depth": ours(build, work / "sentiment.edge", full_depth=1),
        "onnxruntime INT8 (run-time activations)": onnxruntime(codes),
        "onnxruntime float32": onnxruntime(plain),
        "OpenVINO float32": openvino(plain),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets", type=Path)
    parser.add_argument("--build", default="build")
    parser.add_argument("--work", default="build/bench/adaptive")
    parser.add_argument("--count", type=int, help="sentences, at most")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    language = arguments.assets / "language"
    report, calls = contenders(arguments, language)
    tested = sentences(language, "test_half")[:arguments.count]
    least = np.full((len(calls), len(tested)), np.inf)
    right = np.zeros((len(calls), len(tested)), bool)
    for column, (ids, label, _) in enumerate(tested):
        for _ in range(CALLS):
            for row, call in enumerate(calls.values()):
                start = time.perf_counter()
                logits = call(ids)
                least[row, column] = min(least[row, column], time.perf_counter() - start)
                right[row, column] = logits.argmax() == label
    rows = [{"contender": name, "ms": 1000 * times.mean(), "right": hits.mean()} for name, times, hits in zip(calls, least, right)]
    print(f"{len(tested)} sentences; exits by {report['exits']['criterion']} from {report['exits'].get('threshold')}, "
          f"{'certified' if report['exits'].get('certificate') else 'not certified'}")
    print("| | mean ms | times ours | right, % |\n| --- | ---: | ---: | ---: |")
    for row in rows:
        print(f"| {row['contender']} | {row['ms']:.2f} | {row['ms'] / rows[0]['ms']:.2f} | {100 * row['right']:.1f} |")
    if arguments.json:
        arguments.json.write_text(json.dumps({"rows": rows, "exits": report["exits"]}, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
