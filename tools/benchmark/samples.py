#!/usr/bin/env python3
"""Turns a folder of recordings or pictures into .npz samples.

usage: samples.py FOLDER OUT --input NAME (--audio LENGTH | --image HALF) [--count N]

--audio: 16-bit mono WAV, scaled to -1..1, padded or cut to [1, LENGTH].  --image: RGB, x / HALF - 1, as [1, 3, H, W].
"""
import argparse
import os
import wave

import numpy as np


def audio(path, length):
    with wave.open(path) as f:
        samples = np.frombuffer(f.readframes(f.getnframes()), "<i2").astype(np.float32) / 32768
    padded = np.zeros((1, length), np.float32)
    padded[0, :min(length, len(samples))] = samples[:length]
    return padded


def image(path, half):
    from PIL import Image
    pixels = np.asarray(Image.open(path).convert("RGB"), np.float32)
    return np.ascontiguousarray((pixels / half - 1).transpose(2, 0, 1)[None])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--input", required=True)
    parser.add_argument("--audio", type=int)
    parser.add_argument("--image", type=float)
    parser.add_argument("--count", type=int, default=64)
    a = parser.parse_args()
    ending = ".wav" if a.audio else (".jpg", ".png")
    files = sorted(f for f in os.listdir(a.folder) if f.lower().endswith(ending))
    os.makedirs(a.out, exist_ok=True)
    for i, name in enumerate(files[::max(1, len(files) // a.count)][:a.count]):
        path = os.path.join(a.folder, name)
        np.savez(os.path.join(a.out, f"{i:04}.npz"), **{a.input: audio(path, a.audio) if a.audio else image(path, a.image)})


if __name__ == "__main__":
    main()
