#!/usr/bin/env python3
"""Train the spoken-digit demo model and export it as ONNX.

    spoken_digits.py --data recordings.zip --work WORK --out OUT [--epochs N] [--seed S] [--resume]

`--data` is a zip of Free Spoken Digit Dataset recordings named `<digit>_<speaker>_<index>.wav`; the
rest of the training data is spoken by espeak-ng, which must be installed. WORK receives synthesized
speech and checkpoints, OUT receives `spoken_digits.onnx` and `metrics.json`. The same data,
espeak-ng, seed and epochs on the same machine give the same weights: one thread, and every epoch
draws from its own generator. No checkpoint is chosen by its score: the last one is exported.
"""

import argparse
import copy
import hashlib
import json
import math
import pathlib
import time

import numpy as np
import onnxruntime
import torch
from torch import nn

import spoken_digits_data as data
import spoken_digits_model as network

BATCH = 64
PEAK_RATE = 3e-3
WARM_UP_EPOCHS = 2
WEIGHT_DECAY = 1e-2
AVERAGING = 0.995
RECORDED_DRAWS = 3
SPOKEN_DRAWS = 3000


def parse_arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, metavar="ZIP", help="recordings")
    parser.add_argument("--work", required=True, metavar="DIR", help="cache and checkpoints")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the ONNX file goes")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from WORK's checkpoint")
    return parser.parse_args()


def learning_rate(progress, epochs):
    """Linear warm-up, then a cosine down to zero; `progress` is in epochs."""
    if progress < WARM_UP_EPOCHS:
        return PEAK_RATE * progress / WARM_UP_EPOCHS
    rest = (progress - WARM_UP_EPOCHS) / max(1e-9, epochs - WARM_UP_EPOCHS)
    return PEAK_RATE * 0.5 * (1 + math.cos(math.pi * min(1.0, rest)))


class Training:
    """Model, averaged model and optimizer, with what a checkpoint holds."""

    def __init__(self, options, recorded, spoken):
        torch.manual_seed(options.seed)
        self.options = options
        self.recorded = recorded
        self.spoken = spoken
        self.front_end = network.FrontEnd()
        self.model = network.Classifier()
        self.average = copy.deepcopy(self.model).eval()
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=0.0, weight_decay=WEIGHT_DECAY)
        self.augment = data.Augmenter(recorded + spoken, options.seed)
        self.epoch = 0
        self.checkpoint = pathlib.Path(options.work) / f"checkpoint_{options.seed}.pt"

    def save(self):
        """Write the checkpoint, replacing the previous one whole."""
        state = {"epoch": self.epoch, "epochs": self.options.epochs,
                 "model": self.model.state_dict(), "average": self.average.state_dict(),
                 "optimizer": self.optimizer.state_dict()}
        partial = self.checkpoint.with_suffix(".partial")
        torch.save(state, partial)
        partial.replace(self.checkpoint)

    def load(self):
        """Continue from the checkpoint."""
        state = torch.load(self.checkpoint, weights_only=True)
        if state["epochs"] != self.options.epochs:
            raise SystemExit(f"the checkpoint is of a run of {state['epochs']} epochs")
        self.epoch = state["epoch"]
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])

    def batches(self, random):
        """Yield augmented (samples, digits): every recording several times, some of the speech."""
        spoken = [self.spoken[i] for i in random.permutation(len(self.spoken))[:SPOKEN_DRAWS]]
        pool = self.recorded * RECORDED_DRAWS + spoken
        order = random.permutation(len(pool))
        for start in range(0, len(order) - BATCH + 1, BATCH):
            chosen = [pool[i] for i in order[start:start + BATCH]]
            samples = np.stack([self.augment(random, u.samples) for u in chosen])
            yield torch.from_numpy(samples), torch.tensor([u.digit for u in chosen])

    def update_average(self, step):
        """Move the averaged weights towards the model's; faster at first."""
        keep = min(AVERAGING, (1 + step) / (10 + step))
        fresh_values = self.model.state_dict().values()
        with torch.no_grad():
            for kept, fresh in zip(self.average.state_dict().values(), fresh_values):
                if kept.dtype.is_floating_point:
                    kept.lerp_(fresh, 1 - keep)
                else:
                    kept.copy_(fresh)

    def run_epoch(self):
        """Train one epoch; returns its mean loss."""
        random = np.random.default_rng((self.options.seed, self.epoch))
        torch.manual_seed(self.options.seed * 1_000_003 + self.epoch)
        steps = (RECORDED_DRAWS * len(self.recorded) + min(SPOKEN_DRAWS, len(self.spoken))) // BATCH
        self.model.train()
        total = 0.0
        for step, (samples, digits) in enumerate(self.batches(random)):
            for group in self.optimizer.param_groups:
                group["lr"] = learning_rate(self.epoch + step / steps, self.options.epochs)
            with torch.no_grad():
                features = self.front_end.augmented(samples, random)
            loss = nn.functional.cross_entropy(self.model(features), digits, label_smoothing=0.05)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.update_average(self.epoch * steps + step)
            total += loss.item()
        self.epoch += 1
        return total / (step + 1)

    def accuracy(self, utterances):
        """Fraction that the averaged model gets right."""
        right = 0
        with torch.no_grad():
            for start in range(0, len(utterances), 256):
                part = utterances[start:start + 256]
                samples = torch.from_numpy(np.stack([data.fit(u.samples) for u in part]))
                guess = self.average(self.front_end(samples)).argmax(1).numpy()
                right += int((guess == [u.digit for u in part]).sum())
        return right / len(utterances)


def evaluate(path, sets):
    """Score the exported file with onnxruntime; returns {set: {right, count}}."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    scores = {}
    for name, utterances in sets.items():
        inputs = [{"samples": data.fit(u.samples)[None]} for u in utterances]
        guess = np.array([session.run(None, i)[0].argmax() for i in inputs])
        scores[name] = {"right": int((guess == [u.digit for u in utterances]).sum()),
                        "count": len(utterances)}
    return scores


def check_export(path, training, utterances):
    """Largest difference between onnxruntime's and torch's logits."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    worst = 0.0
    for utterance in utterances:
        samples = data.fit(utterance.samples)[None]
        with torch.no_grad():
            expected = training.average(training.front_end(torch.from_numpy(samples))).numpy()
        found = session.run(None, {"samples": samples})[0]
        worst = max(worst, float(np.abs(found - expected).max()))
    if worst > 1e-3:
        raise SystemExit(f"the exported graph differs from the trained one by {worst}")
    return worst


def main():
    """Train, export, evaluate."""
    options = parse_arguments()
    torch.set_num_threads(1)
    for folder in (options.work, options.out):
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    recordings = data.read_recordings(options.data)
    recorded, held_recordings, held_speaker = data.split_recordings(recordings)
    spoken = data.synthesize(data.TRAINING_VARIANTS, 1, 1, options.work)
    held_voices = data.synthesize(data.EVALUATION_VARIANTS, 2, 2, options.work)
    sets = {"held-out recordings": held_recordings, "held-out speaker": held_speaker,
            "held-out voices": held_voices}
    print(f"{len(recorded)} recordings, {len(spoken)} espeak-ng utterances;",
          ", ".join(f"{name}: {len(u)}" for name, u in sets.items()), flush=True)
    training = Training(options, recorded, spoken)
    if options.resume and training.checkpoint.exists():
        training.load()
    while training.epoch < options.epochs:
        begin = time.monotonic()
        loss = training.run_epoch()
        training.save()
        seconds = time.monotonic() - begin
        line = f"epoch {training.epoch}/{options.epochs} loss {loss:.3f} {seconds:.0f} s"
        if training.epoch % 5 == 0 or training.epoch == options.epochs:
            line += "".join(f", {name} {training.accuracy(u):.4f}" for name, u in sets.items())
        print(line, flush=True)
    path = str(pathlib.Path(options.out) / "spoken_digits.onnx")
    network.export(training.average, path)
    metrics = {"seed": options.seed, "epochs": options.epochs,
               "sha256": hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest(),
               "largest difference from torch": check_export(path, training, held_recordings),
               "accuracy": evaluate(path, sets)}
    report = pathlib.Path(options.out) / "metrics.json"
    report.write_text(json.dumps(metrics, indent=2) + "\n")
    print(report.read_text())


if __name__ == "__main__":
    main()
