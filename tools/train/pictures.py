#!/usr/bin/env python3
"""Train a residual network with early exits on 32x32 pictures, and export it as ONNX.

    pictures.py --base resnet20.onnx --train DIR --held-out ZIP --out OUT [--epochs 2] [--seed 1] [--resume]

`--train` has a folder a class, in the order of their names; `--held-out` is a zip of `<class>_<number>.jpg`. The trunk starts from
published weights; trunk and exits learn together, from labels and from the published network's answers. OUT receives
`pictures.pt` and `pictures.onnx`; accuracies on the held-out zip are printed. Nothing is chosen by them.
"""

import argparse
import io
import pathlib
import zipfile

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

import pictures_model as network
from descent import Checkpoint, descend

BATCH = 64
PEAK_RATE = 0.05
WARM_UP = 0.05
TEMPERATURE = 2.0
# How much of the loss each exit and the end weigh.
WEIGHTS = (0.5, 0.7, 0.8, 1.0)


def decode(data):
    """A picture file as uint8 [32, 32, 3]."""
    return np.asarray(Image.open(data).convert("RGB"))


def read_folder(path):
    """Pictures uint8 [N, 32, 32, 3] and labels [N] of a folder a class."""
    classes = sorted(p for p in pathlib.Path(path).iterdir() if p.is_dir())
    files = [(file, label) for label, folder in enumerate(classes) for file in sorted(folder.iterdir())]
    return np.stack([decode(file) for file, _ in files]), np.array([label for _, label in files])


def read_zip(path):
    """Pictures and labels of a zip of `<class>_<number>.jpg`."""
    with zipfile.ZipFile(path) as archive:
        names = sorted(archive.namelist())
        return (np.stack([decode(io.BytesIO(archive.read(name))) for name in names]),
                np.array([int(name.split("_")[0]) for name in names]))


def normalize(pictures):
    """uint8 [N, 32, 32, 3] to the network's input [N, 3, 32, 32]."""
    values = (pictures.astype(np.float32) / 255 - network.MEAN) / network.DEVIATION
    return torch.from_numpy(values.astype(np.float32)).permute(0, 3, 1, 2).contiguous(
        memory_format=torch.channels_last)


def augment(pictures, random):
    """Shifted by up to 4 pixels, mirrored half of the time."""
    padded = np.pad(pictures, ((0, 0), (4, 4), (4, 4), (0, 0)))
    top, left = random.integers(0, 9, (2, len(pictures)))
    rows = top[:, None] + np.arange(32)
    columns = left[:, None] + np.arange(32)
    mirrored = random.random(len(pictures)) < 0.5
    columns[mirrored] = columns[mirrored, ::-1]
    return padded[np.arange(len(pictures))[:, None, None], rows[:, :, None], columns[:, None, :]]


def batches(pictures, labels, random):
    """An epoch of augmented batches (input, labels)."""
    for chunk in np.split(random.permutation(len(labels)), range(BATCH, len(labels), BATCH)):
        yield normalize(augment(pictures[chunk], random)), torch.from_numpy(labels[chunk])


def exit_loss(logits, labels, goal):
    """Half cross-entropy, half divergence from softened answers of a teacher, by WEIGHTS."""
    total = 0.0
    target = functional.log_softmax(goal.detach() / TEMPERATURE, -1)
    for weight, z in zip(WEIGHTS, logits):
        soft = functional.kl_div(functional.log_softmax(z / TEMPERATURE, -1), target, log_target=True,
                                 reduction="batchmean") * TEMPERATURE ** 2
        total = total + weight * (functional.cross_entropy(z, labels) + soft) / 2
    return total / sum(WEIGHTS)


class Schedule:
    """Momentum with a linear warm-up and a cosine down to zero over a known number of steps."""

    def __init__(self, model, steps, rate):
        self.steps, self.rate, self.step = steps, rate, 0
        self.parameters = list(model.parameters())
        self.optimizer = torch.optim.SGD(self.parameters, rate, momentum=0.9, weight_decay=1e-4, nesterov=True)

    def descend(self, loss):
        """One step down a loss."""
        warm = (self.step + 1) / (WARM_UP * self.steps)
        wave = 0.5 * (1 + np.cos(np.pi * self.step / self.steps))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * min(1.0, warm) * wave
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 5.0)
        self.optimizer.step()
        self.step += 1


@torch.no_grad()
def evaluate(model, path):
    """Print the accuracy of every exit and the end, and how often each answers as the end."""
    pictures, labels = read_zip(path)
    model.eval()
    answers = []
    for start in range(0, len(labels), 250):
        logits = model(normalize(pictures[start:start + 250]))[1]
        answers.append(torch.stack([z.argmax(-1) for z in logits]).numpy())
    answers = np.concatenate(answers, 1)
    right = " ".join(f"{(row == labels).mean():.4f}" for row in answers)
    same = " ".join(f"{(row == answers[-1]).mean():.4f}" for row in answers)
    print(f"{pathlib.Path(path).name}: {len(labels)} pictures, right {right}, as the end {same}", flush=True)


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", required=True, metavar="ONNX", help="a published ResNet-20")
    parser.add_argument("--train", required=True, metavar="DIR")
    parser.add_argument("--held-out", required=True, metavar="ZIP")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--epochs", type=float, default=2)
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
    pictures, labels = read_folder(options.train)
    teacher, model = (network.load_base(options.base).to(memory_format=torch.channels_last) for _ in "12")
    teacher.eval()
    steps = int(options.epochs * -(-len(labels) // BATCH))
    schedule = Schedule(model, steps, PEAK_RATE)
    checkpoint = Checkpoint(out / "pictures.part.pt", model, schedule)
    if options.resume:
        checkpoint.load()
    print(f"{len(labels)} pictures, {steps} steps", flush=True)
    evaluate(teacher, options.held_out)

    def step(batch):
        images, answers = batch
        model.train()
        with torch.no_grad():
            goal = teacher(images)[1][-1]
        loss = exit_loss(model(images)[1], answers, goal)
        schedule.descend(loss)
        return loss

    descend(schedule, lambda: batches(pictures, labels, random), step, checkpoint.save)
    torch.save(model.state_dict(), out / "pictures.pt")
    checkpoint.remove()
    evaluate(model, options.held_out)
    network.Writer(model).write(str(out / "pictures.onnx"))


if __name__ == "__main__":
    main()
