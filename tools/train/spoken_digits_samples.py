#!/usr/bin/env python3
"""Regenerate the spoken-digit model's sample and calibration utterances.

    spoken_digits_samples.py --out Models/speech/spoken_digits

Writes `samples/` and `calibration/`: 60 WAV files each (8 kHz mono PCM16, at most one second) spoken
by espeak-ng with noise added, and `labels.tsv` with `path<TAB>class`. The voices of `samples/` are
never trained on, those of `calibration/` are. The same espeak-ng and numpy give the same bytes.
"""

import argparse
import pathlib

import numpy as np

import spoken_digits_data as data

TAKES = 6
SETS = {"samples": (data.SAMPLE_VARIANTS, 101), "calibration": (data.TRAINING_VARIANTS, 102)}


def disturb(random, speech):
    """Put speech at a random level into a little room and coloured noise."""
    before, after = random.integers(100, 900, 2)
    clip = np.pad(speech / np.abs(speech).max(), (before, after))[:data.CLIP_SAMPLES]
    level = np.sqrt(np.mean(speech ** 2)) / np.abs(speech).max()
    noise = data.coloured_noise(random, len(clip), random.uniform(0, 1.5))
    clip = clip + noise * level * 10 ** (-random.uniform(6, 26) / 20)
    return clip / np.abs(clip).max() * 10 ** (random.uniform(-20, -1) / 20)


def write_set(folder, variants, seed):
    """Write one set, `TAKES` utterances a digit, and its labels; replaces what is there."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.wav"):
        stale.unlink()
    rows = []
    for digit in range(len(data.WORDS)):
        for _ in range(TAKES):
            accent = str(random.choice(data.ACCENTS))
            voice = data.draw_voice(random, accent, str(random.choice(variants)))
            variant = voice.variant.replace(" ", "-")
            name = f"{digit}_{voice.accent}_{variant}_{voice.words_per_minute}.wav"
            data.write_wav(folder / name, disturb(random, data.speak(digit, voice)))
            rows.append(f"{name}\t{digit}\n")
    if len(set(rows)) != len(rows):
        raise SystemExit("two utterances share a name; choose another seed")
    (folder / "labels.tsv").write_text("".join(rows))


def main():
    """Write both sets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, metavar="DIR", help="the model's folder")
    options = parser.parse_args()
    for name, (variants, seed) in SETS.items():
        write_set(pathlib.Path(options.out) / name, variants, seed)


if __name__ == "__main__":
    main()
