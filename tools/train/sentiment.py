#!/usr/bin/env python3
"""Finetune a sentence encoder to sentiment with an exit after every layer, and export it as ONNX.

    sentiment.py --base all_minilm_l6_v2.onnx --tokenizer tokenizer.json --train FILE.tsv... --held-out FILE.tsv...
                 --out OUT [--epochs 1] [--seed 1] [--resume]

`--train` files hold `text<TAB>label`, or GLUE's `label<TAB>sentence` with its header; texts that occur in a
`--held-out` file are left out of training. The exits learn together with the encoder, the later the heavier (PABEE: Zhou
et al. 2020), and from the last classifier's answers; gates learn afterwards when an exit agrees with it. OUT receives
`sentiment.pt` (the dense teacher of sparse_finetune.py) and `sentiment.onnx`; accuracies of every exit on the
held-out files are printed. Nothing is chosen by them: the last step is exported.
"""

import argparse
import pathlib

import numpy as np
import torch
from torch.nn import functional

import sentiment_data as data
import sentiment_model as network
from descent import Checkpoint, descend

BATCH = 32
PEAK_RATE = 8e-5
HEAD_RATE = 10.0
WARM_UP = 0.06
SMOOTHING = 0.05
GATE_EPOCHS = 3


def exit_loss(logits, labels, teacher):
    """Cross-entropy to labels and to the teacher's probabilities, layer l with weight l."""
    goal = functional.softmax(teacher.detach(), -1)
    total = 0.0
    for number, z in enumerate(logits, 1):
        hard = functional.cross_entropy(z, labels, label_smoothing=SMOOTHING)
        soft = functional.cross_entropy(z, goal) if z is not teacher else hard
        total = total + number * (hard + soft) / 2
    return total / sum(range(1, len(logits) + 1))


class Schedule:
    """Adam with linear warm-up and decay over a known number of steps; classifiers learn faster."""

    def __init__(self, model, steps, rate):
        slow = [p for layer in model.layers for p in layer.parameters()]
        fast = list(model.classifiers.parameters())
        for parameter in model.parameters():
            parameter.requires_grad_(False)
        for parameter in slow + fast:
            parameter.requires_grad_(True)
        self.slow, self.steps, self.rate, self.step = slow, steps, rate, 0
        self.optimizer = torch.optim.AdamW([{"params": slow, "times": 1.0}, {"params": fast, "times": HEAD_RATE}],
                                      weight_decay=0.01, betas=(0.9, 0.98))

    def descend(self, loss):
        """One step down a loss."""
        warm = (self.step + 1) / (WARM_UP * self.steps)
        factor = min(1.0, warm) * max(0.02, 1 - self.step / self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * factor * group["times"]
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.slow, 1.0)
        self.optimizer.step()
        self.step += 1


def train_gates(model, ids, random):
    """Fit the gates alone: does the exit agree with the last classifier?"""
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for parameter in model.gates.parameters():
        parameter.requires_grad_(True)
    adam = torch.optim.AdamW(model.gates.parameters(), lr=1e-3, weight_decay=0.01)
    chosen = random.permutation(len(ids))[:12000]
    ids = [ids[i] for i in chosen]
    pooled = []
    with torch.no_grad():
        for _, tokens, mask in data.batches(ids, 64):
            states = model.states(tokens, mask)
            answers = torch.stack([z.argmax(-1) for z in model.logits(states, mask)])
            pooled.append((torch.stack([model.pool(s, mask) for s in states]), answers))
    vectors = torch.cat([v for v, _ in pooled], 1)
    answers = torch.cat([a for _, a in pooled], 1)
    for _ in range(GATE_EPOCHS):
        for chunk in torch.from_numpy(random.permutation(len(ids))).split(128):
            loss = 0.0
            for l, gate in enumerate(model.gates):
                z = gate(vectors[l + 1, chunk], vectors[l, chunk])[:, 0]
                agrees = (answers[l, chunk] == answers[-1, chunk]).float()
                loss = loss + functional.binary_cross_entropy_with_logits(z, agrees)
            adam.zero_grad(set_to_none=True)
            loss.backward()
            adam.step()


@torch.no_grad()
def evaluate(model, path, tokenizer):
    """Accuracy of every classifier, and how often it agrees with the last, on a file."""
    texts, labels = data.read(path)
    answers = np.zeros((network.LAYERS, len(texts)), int)
    for chunk, tokens, mask in data.batches(data.tokenize(texts, tokenizer), 64):
        for l, z in enumerate(model.logits(model.states(tokens, mask), mask)):
            answers[l, chunk] = z.argmax(-1).numpy()
    right = " ".join(f"{(row == labels).mean():.4f}" for row in answers)
    same = " ".join(f"{(row == answers[-1]).mean():.4f}" for row in answers)
    print(f"{pathlib.Path(path).name}: {len(texts)} texts, right {right}, as the last {same}", flush=True)


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True, metavar="ONNX", help="the published encoder")
    parser.add_argument("--tokenizer", required=True, metavar="JSON")
    parser.add_argument("--train", required=True, nargs="+", metavar="TSV")
    parser.add_argument("--held-out", required=True, nargs="+", metavar="TSV")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", action="store_true", help="go on from OUT's checkpoint")
    return parser.parse_args()


def main():
    """Train, evaluate, export."""
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    texts, labels = data.training_set(options.train, options.held_out)
    ids, labels = data.tokenize(texts, options.tokenizer), torch.from_numpy(labels)
    model = network.load_base(options.base)
    steps = int(options.epochs * -(-len(ids) // BATCH))
    schedule = Schedule(model, steps, PEAK_RATE)
    print(f"{len(ids)} texts, {steps} steps", flush=True)
    checkpoint = Checkpoint(out / "sentiment.part.pt", model, schedule)
    if options.resume:
        checkpoint.load()

    def step(batch):
        chunk, tokens, mask = batch
        logits = model.logits(model.states(tokens, mask), mask)
        loss = exit_loss(logits, labels[chunk], logits[-1])
        schedule.descend(loss)
        return loss

    descend(schedule, lambda: data.batches(ids, BATCH, random), step, checkpoint.save)
    train_gates(model, ids, random)
    torch.save(model.state_dict(), out / "sentiment.pt")
    checkpoint.remove()
    for path in options.held_out:
        evaluate(model, path, options.tokenizer)
    network.Writer(model).write(str(out / "sentiment.onnx"))


if __name__ == "__main__":
    main()
