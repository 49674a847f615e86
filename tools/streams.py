#!/usr/bin/env python3
"""Streams recordings and text through the recurrent models, in f32 and INT8, and compares with onnxruntime's stored results.

usage: streams.py ASSETS [--build build] [--work DIR] [--only NAME,...] [--json FILE] [--check]

INT8 is calibrated on streams of other data than is reported on: keyword clips and a noisy recording for speech, the training text
for characters. Needs numpy and onnxruntime.
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from measure import library, streams
from measure.programs import convert, oracle
from measure.streams import NETWORKS, Session, Stream

PRECISIONS = ("f32", "int8")


class Bench:
    """The networks of one asset folder, as onnxruntime and as converted files run them."""

    def __init__(self, assets, build, work):
        self.assets, self.build, self.work = Path(assets), Path(build), Path(work)
        self.oracles, self.opened, self.reports = {}, {}, {}

    def reference(self, name, record=None):
        """A stream through onnxruntime."""
        network = NETWORKS[name]
        run = self.oracles.setdefault(name, oracle(self.assets / network.file))
        return Stream(name, lambda feeds: run({**feeds, **network.fixed}), record)

    def converted(self, name, precision):
        """A stream through a converted file, from its beginning."""
        if (name, precision) not in self.opened:
            network, output = NETWORKS[name], self.work / f"{name}.{precision}.edge"
            form = ["--precision", precision, *(["--calibrate", str(self.work / name)] if precision == "int8" else [])]
            self.reports[name, precision] = convert(
                self.build / "bin/edgeconv", self.assets / network.file, output, form + network.options)
            self.opened[name, precision] = library.Model(self.build / "lib/libedgert.so", output)
        return Session(self.opened[name, precision])

    def calibrate(self, names, play, data):
        """Writes what each network of a chain takes in while the float chain plays some data, a stream a file."""
        for name in names:
            folder = self.work / name
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.npz"):
                old.unlink()
        for index, item in enumerate(data):
            records = [[] for _ in names]
            play(*(self.reference(name, record) for name, record in zip(names, records)), item)
            for name, record in zip(names, records):
                np.savez(self.work / name / f"{index:04}.npz", **{key: np.stack([feeds[key] for feeds in record]) for key in record[0]})

    def sound(self, name):
        return streams.read_wave(self.assets / "speech" / name)

    def clips(self):
        """The keyword clips, one second each."""
        return [streams.read_wave(path) for path in sorted((self.assets / "speech/kws_wav").glob("*.wav"))]

    def text(self, name):
        """Characters of a text as the network numbers them."""
        numbers = json.loads((self.assets / "language/charlstm_shakespeare_vocab.json").read_text())
        return [numbers[character] for character in (self.assets / "language" / name).read_text()]


def relative(found, expected):
    """Largest difference, relative to the range of what is expected."""
    return float(np.abs(found - expected).max() / np.ptp(expected))


def row(stream, precision, steps, figures, bounds):
    """One line of the table; `bounds` says of each bound whether it is held."""
    return {"stream": stream, "precision": precision, "steps": steps, "figures": figures,
            "missed": [text for text, held in bounds.items() if not held]}


def voice(bench, name):
    """Voice activity in 30 s of speech."""
    stored = np.load(bench.assets / "speech/ref_vad.npz")
    bench.calibrate([name], streams.voice, bench.clips())
    sound = bench.sound("vad_speech_30s.wav")
    for precision in PRECISIONS:
        stream = bench.converted(name, precision)
        found, expected = streams.voice(stream, sound), stored["probability"]
        error = relative(found, expected)
        same = float(((found > 0.5) == (expected > 0.5)).mean())
        bounds = {
            "f32": {"probabilities differ by more than 1e-3 of their range": error <= 1e-3},
            "int8": {"less than 98 % of the decisions are the float ones": same >= 0.98},
        }
        yield row("vad_speech_30s", precision, len(found), {"error": error, "decisions %": 100 * same}, bounds[precision])


def denoiser(bench, names, play, lag):
    """Two noisy recordings, with stored results, and a real one."""
    label = names[0].split("_")[0]
    bench.calibrate(names, play, [*np.split(bench.sound("denoise_real_noisy.wav")[:144000], 9), *bench.clips()[::4]])
    clean, quality = bench.sound("denoise_clean.wav"), {}
    for precision in PRECISIONS:
        for recording in ("noisy_0dB", "noisy_10dB", "real_noisy"):
            if precision == "int8" and recording == "real_noisy":
                continue
            sound = bench.sound(f"denoise_{recording}.wav")
            found = play(*(bench.converted(name, precision) for name in names), sound)
            figures, bounds = {}, {}
            if recording == "real_noisy":
                expected = play(*(bench.reference(name) for name in names), sound)
            else:
                expected = bench.sound(f"ref_denoise_{recording}_{label}.wav") * (32768 / 32767)
                figures["SI-SDR dB"] = quality[precision, recording] = streams.distortion(
                    found[lag:], clean[:len(clean) - lag])
            figures["SNR dB"] = streams.signal_to_noise(found, expected)
            if precision == "f32":
                bounds["the result is less than 60 dB above its difference to the reference"] = figures["SNR dB"] >= 60
            else:
                figures["SI-SDR lost"] = quality["f32", recording] - quality["int8", recording]
                bounds["INT8 loses more than 0.5 dB of SI-SDR"] = figures["SI-SDR lost"] <= 0.5
            yield row(recording, precision, len(sound), figures, bounds)


def characters(bench, name):
    """Half of the test text of tiny Shakespeare; logits of the first 512 steps are stored."""
    stored = np.load(bench.assets / "language/ref_charlstm_shakespeare.npz")
    train = bench.text("tinyshakespeare_head90.txt")
    bench.calibrate([name], streams.characters, [train[start:start + 64] for start in range(0, len(train) - 64, len(train) // 32)])
    whole = oracle(bench.assets / NETWORKS[name].file)(
        {"chars": np.array(bench.text("shakespeare_tail_half.txt")[:-1])[:, None], **bench.reference(name).now})["logits"]
    text, right = bench.text("shakespeare_tail_half.txt"), {}
    for precision in PRECISIONS:
        stream = bench.converted(name, precision)
        logits = streams.characters(stream, text[:-1])
        error = max(relative(logits[:512], stored["logits"]), relative(logits, whole))
        right[precision] = 100 * float((logits.argmax(1) == text[1:]).mean())
        shifted = logits - logits.max(1, keepdims=True)
        chosen = shifted[np.arange(len(logits)), text[1:]] - np.log(np.exp(shifted).sum(1))
        figures = {"error": error, "bits/char": float(-chosen.mean() / np.log(2)), "right %": right[precision]}
        bounds = {
            "f32": {"logits differ by more than 1e-3 of their range": error <= 1e-3},
            "int8": {"INT8 loses more than 1.0 point": right["f32"] - right[precision] <= 1.0},
        }
        yield row("shakespeare_tail_half", precision, len(logits), figures, bounds[precision])


CASES = {
    "silero": lambda bench: voice(bench, "silero"),
    "silero_original": lambda bench: voice(bench, "silero_original"),
    "dtln": lambda bench: denoiser(bench, ["dtln_1", "dtln_2"], streams.dtln, 384),
    "gtcrn": lambda bench: denoiser(bench, ["gtcrn"], streams.gtcrn, 0),
    "charlstm": lambda bench: characters(bench, "charlstm"),
}


def line(model, result):
    figures = ", ".join(f"{key} {value:.3g}" if key.endswith("error") else f"{key} {value:.2f}" for key, value in result["figures"].items())
    return f"{model:16} {result['stream']:22} {result['precision']:5} {result['steps']:6}  {figures}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--build", default="build")
    parser.add_argument("--work")
    parser.add_argument("--only", default="")
    parser.add_argument("--json")
    parser.add_argument("--check", action="store_true", help="exit 1 when a bound is not held")
    arguments = parser.parse_args()
    bench = Bench(arguments.assets, arguments.build, Path(arguments.work or tempfile.mkdtemp(prefix="streams-")))
    results, missed, broken = {}, [], 0
    for model in [name for name in CASES if not arguments.only or name in arguments.only.split(",")]:
        results[model] = []
        try:
            for result in CASES[model](bench):
                results[model].append(result)
                print(line(model, result), flush=True)
                missed += [f"{model}, {result['stream']}, {result['precision']}: {text}" for text in result["missed"]]
        except RuntimeError as error:
            broken += 1
            print(f"{model}: {error}", flush=True)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(results, indent=1))
    print("\n".join(missed))
    total = sum(map(len, results.values()))
    print(f"{total - len(missed)} of {total} streams within bounds, {broken} models failed")
    return 1 if broken or not total or (arguments.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
