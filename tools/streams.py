#!/usr/bin/env python3
"""Streams recordings and text through the recurrent models, in f32 and INT8, and compares with onnxruntime's stored results.

usage: streams.py ASSETS [--build build] [--work DIR] [--only NAME,...] [--json FILE] [--check]

INT8 is calibrated on frames, with their states, that the float model meets in other data than is reported on: keyword clips and a
noisy recording for speech, the training text for characters. Needs numpy, onnx and onnxruntime.
"""
import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from accuracy import convert, oracle
from measure import library, streams
from measure.streams import NETWORKS, Stream

CALIBRATION_SAMPLES = 256
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
        """A stream through a converted file."""
        if (name, precision) not in self.opened:
            network, output = NETWORKS[name], self.work / f"{name}.{precision}.edge"
            form = ["--precision", precision, *(["--calibrate", str(self.work / name)] if precision == "int8" else [])]
            self.reports[name, precision] = convert(
                self.build / "bin/edgeconv", self.assets / network.file, output, form + network.options)
            self.opened[name, precision] = library.Model(self.build / "lib/libedgert.so", output)
        return Stream(name, self.opened[name, precision].run)

    def calibrate(self, names, play):
        """Keeps frames that the float streams of some networks meet while `play(*streams)` runs."""
        records = [[] for _ in names]
        play(*(self.reference(name, record) for name, record in zip(names, records)))
        for name, record in zip(names, records):
            folder = self.work / name
            folder.mkdir(parents=True, exist_ok=True)
            for old in folder.glob("*.npz"):
                old.unlink()
            for index, feeds in enumerate(record[::max(1, len(record) // CALIBRATION_SAMPLES)]):
                np.savez(folder / f"{index:04}.npz", **feeds)

    def sound(self, name):
        return streams.read_wave(self.assets / "speech" / name)

    def clips(self):
        """The keyword clips, one after the other."""
        return np.concatenate([streams.read_wave(path) for path in sorted((self.assets / "speech/kws_wav").glob("*.wav"))])

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
    bench.calibrate([name], lambda stream: streams.voice(stream, bench.clips()))
    sound = bench.sound("vad_speech_30s.wav")
    for precision in PRECISIONS:
        stream = bench.converted(name, precision)
        found, expected = streams.voice(stream, sound), stored["probability"]
        error = max(relative(found, expected), relative(stream.now["state"], stored["final_state"]))
        same = float(((found > 0.5) == (expected > 0.5)).mean())
        bounds = {
            "f32": {"probabilities or the last state differ by more than 1e-3 of their range": error <= 1e-3},
            "int8": {"less than 98 % of the decisions are the float ones": same >= 0.98},
        }
        yield row("vad_speech_30s", precision, len(found), {"error": error, "decisions %": 100 * same}, bounds[precision])


def denoiser(bench, names, play, lag):
    """Two noisy recordings, with stored results, and a real one."""
    label = names[0].split("_")[0]
    bench.calibrate(names, lambda *chain: play(*chain, np.concatenate([bench.sound("denoise_real_noisy.wav"), bench.clips()[:160000]])))
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
    """Half of the test text of tiny Shakespeare; logits of the first 512 steps are stored, and the last state."""
    stored = np.load(bench.assets / "language/ref_charlstm_shakespeare.npz")
    train = bench.text("tinyshakespeare_head90.txt")[:4096]
    bench.calibrate([name], lambda stream: streams.characters(stream, train))
    text, right = bench.text("shakespeare_tail_half.txt"), {}
    for precision in PRECISIONS:
        stream = bench.converted(name, precision)
        logits = streams.characters(stream, text[:-1])
        error = relative(logits[:512], stored["logits"])
        state = max(relative(stream.now[key], stored[f"{key[0]}1_after_all"]) for key in ("h0", "c0"))
        right[precision] = 100 * float((logits.argmax(1) == text[1:]).mean())
        shifted = logits - logits.max(1, keepdims=True)
        chosen = shifted[np.arange(len(logits)), text[1:]] - np.log(np.exp(shifted).sum(1))
        figures = {"error": error, "state error": state, "bits/char": float(-chosen.mean() / np.log(2)), "right %": right[precision]}
        bounds = {
            "f32": {"logits of 512 steps differ by more than 1e-3 of their range": error <= 1e-3},
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
    return 1 if broken or (arguments.check and missed) else 0


if __name__ == "__main__":
    sys.exit(main())
