#!/usr/bin/env python3
"""Runs the language models in f32 and INT8 and compares with their stored references and with each other.

usage: language.py ASSETS [--held-out ASSETS2] [--build build] [--work DIR] [--only NAME,...] [--options "..."] [--json FILE] [--check]

MiniLM: embeddings and the sentiment probe on them, sentence by sentence at their own lengths. stories260K: two greedy continuations,
token by token with the cache in the session and all at once, and the likelihood of stories that it tells. What calibrates INT8 never
measures. Needs numpy and onnxruntime.
"""
import argparse
import json
import shlex
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from measure import language, library
from measure.programs import convert

TOLERANCE = 1e-3  # of the range of what is compared


class Bench:
    """Where things are, how files are made, and what was found."""

    def __init__(self, arguments, work):
        self.assets = Path(arguments.assets) / "language"
        self.unseen = Path(arguments.held_out or arguments.assets) / "language"
        self.build, self.work = Path(arguments.build), work
        self.options = shlex.split(arguments.options)
        self.rows = []

    def converted(self, model, precision, options):
        """The file of a model, opened."""
        output = self.work / f"{model}.{precision}.edge"
        more = self.options if precision == "int8" else []
        convert(self.build / "bin/edgeconv", self.assets / f"{model}.onnx", output, ["--precision", precision, *options, *more])
        return library.Model(self.build / "lib/libedgert.so", output)

    def samples(self, name, samples):
        """A folder of samples, one .npz file each."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.npz"):
            old.unlink()
        for index, arrays in enumerate(samples):
            np.savez(folder / f"{index:04}.npz", **arrays)
        return str(folder)

    def note(self, name, figures, bounds):
        """Keeps and prints a result; `bounds` says of each bound whether it is held."""
        missed = [text for text, held in bounds.items() if not held]
        self.rows.append({"name": name, "figures": figures, "missed": missed})
        text = ", ".join(f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}" for key, value in figures.items())
        print(f"{name:34} {text}" + "".join(f"; MISSED: {text}" for text in missed), flush=True)


def minilm(bench):
    name, bounds = "all_minilm_l6_v2_fp16w", ["--bound", "N=1,T=128"]
    test = language.sentences(bench.unseen, "test_half")
    single = bench.converted(name, "f32", bounds)
    stored = np.load(bench.assets / "ref_minilm.npz")
    found = single.run(language.feeds(stored["input_ids"]))
    worst = max(language.error(found[key], stored[key]) for key in ("token_embeddings", "sentence_embedding"))
    bench.note("MiniLM f32, one full reference", {"error": worst}, {"differs by more than 1e-3 of the range": worst <= TOLERANCE})
    before = [single.run(language.feeds(ids))["sentence_embedding"][0] for ids, _, _ in test]
    worst = max(language.error(own, reference) for own, (_, _, reference) in zip(before, test))
    bench.note("MiniLM f32, embeddings", {"sentences": len(test), "error": worst},
               {"an embedding differs by more than 1e-3 of its range": worst <= TOLERANCE})
    lengths(bench, single)
    single.close()
    chosen = language.sentences(bench.assets, "dev")[::3]
    data = bench.samples("minilm", [language.feeds(ids) for ids, _, _ in chosen])
    whole = bench.converted(name, "int8", ["--calibrate", data, *bounds])
    after = [whole.run(language.feeds(ids))["sentence_embedding"][0] for ids, _, _ in test]
    probe(bench, np.array(before), np.array(after), np.array([label for _, label, _ in test]), len(chosen))
    lengths(bench, whole)
    whole.close()


def lengths(bench, model):
    """A run's time at several lengths, in one session that was planned for the longest."""
    times = {}
    for length in (128, 8, 32) * 3:
        start = time.perf_counter()
        model.run(language.feeds(np.arange(1000, 1000 + length)[None]))
        times[length] = min(times.get(length, np.inf), 1e3 * (time.perf_counter() - start))
    bench.note("MiniLM, time by tokens", {**{f"{length} tokens, ms": times[length] for length in sorted(times)},
                                          "session bytes": model.session_bytes},
               {"time does not fall with length": times[8] < times[32] < times[128]})


def probe(bench, before, after, labels, calibration):
    """What the sentiment probe says of embeddings in f32 and INT8."""
    stored = np.load(bench.assets / "minilm_sst2_probe.npz")
    f32, int8 = (rows @ stored["weight"][0] + stored["bias"][0] > 0 for rows in (before, after))
    lost = 100 * float((f32 == labels).mean() - (int8 == labels).mean())
    cosine = (before * after).sum(1) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
    bench.note("MiniLM INT8, probe", {
        "sentences": len(labels), "calibration": calibration, "f32 right %": 100 * float((f32 == labels).mean()),
        "int8 right %": 100 * float((int8 == labels).mean()), "points lost": lost, "same %": 100 * float((f32 == int8).mean()),
        "mean cosine": float(cosine.mean())}, {"loses more than 1.0 point": lost <= 1.0})


def stories(bench):
    bounds = ["--state", "past_k=new_k,past_v=new_v", "--bound", "P=511"]
    step = bench.converted("stories260k_step", "f32", bounds)
    full = bench.converted("stories260k_full", "f32", ["--bound", "T=256"])
    stored = np.load(bench.assets / "ref_stories260k_greedy.npz")
    for index in (0, 1):
        tokens, prompt, logits = stored[f"tokens{index}"], int(stored[f"prompt_len{index}"]), stored[f"logits{index}"]
        found, own = language.tell(step, tokens[:prompt], len(tokens))
        continued(bench, f"stories f32, cache in session, {index}", own, logits, int((found != tokens).sum()))
        own = full.run({"tokens": tokens[None, :-1].astype(np.int64)})["logits"][0]
        continued(bench, f"stories f32, all at once, {index}", own, logits, int((own.argmax(1)[prompt - 1:] != tokens[prompt:]).sum()))
    full.close()
    random = np.random.default_rng(1)
    told = [language.tell(step, [1], 200, random)[0] for _ in range(24)]
    runs = [{"token": t[:-1, None].astype(np.int64), "position": np.arange(len(t) - 1)[:, None]} for t in told[:16]]
    whole = bench.converted("stories260k_step", "int8", ["--calibrate", bench.samples("stories", runs), *bounds])
    before, after = ([language.tell(model, tokens, len(tokens))[1] for tokens in told[16:]] for model in (step, whole))
    truth = np.concatenate([tokens[1:] for tokens in told[16:]])
    before, after = np.concatenate(before), np.concatenate(after)
    lost = float((language.likelihood(before, truth) - language.likelihood(after, truth)).mean())
    bench.note("stories INT8, eight other stories", {
        "tokens": len(truth), "calibration": len(runs), "nats lost a token": lost,
        "same next token %": 100 * float((before.argmax(1) == after.argmax(1)).mean())},
        {"loses more than 0.05 nats a token": lost <= 0.05})
    step.close()
    whole.close()


def continued(bench, name, found, logits, differing):
    worst = language.error(found, logits)
    bench.note(name, {"tokens": len(logits), "differing": differing, "error": worst},
               {"tokens differ": differing == 0, "logits differ by more than 1e-3 of their range": worst <= TOLERANCE})


CASES = {"minilm": minilm, "stories": stories}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--held-out")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work")
    parser.add_argument("--only", default="", help="some of " + ", ".join(CASES))
    parser.add_argument("--options", default="", help="further options of the INT8 conversions")
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is not held")
    arguments = parser.parse_args()
    bench = Bench(arguments, Path(arguments.work or tempfile.mkdtemp(prefix="language-")))
    bench.work.mkdir(parents=True, exist_ok=True)
    broken = 0
    for name in [name for name in CASES if not arguments.only or name in arguments.only.split(",")]:
        try:
            CASES[name](bench)
        except RuntimeError as failure:
            broken += 1
            print(f"{name}: {failure}", flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(bench.rows, indent=1))
    missed = sum(bool(row["missed"]) for row in bench.rows)
    print(f"{len(bench.rows) - missed} of {len(bench.rows)} results within bounds, {broken} models failed")
    return 1 if broken or not bench.rows or (arguments.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
