"""What sparse_finetune.py must know of a network: its data, its matrices, its loss."""

import torch
from torch.nn import functional

import pictures
import pictures_model
import sentiment
import sentiment_data
import sentiment_model

TEMPERATURE = 2.0


def divergence(logits, goal):
    """Kullback-Leibler divergence of softened probabilities, in the scale of a cross-entropy."""
    now = functional.log_softmax(logits / TEMPERATURE, -1)
    return functional.kl_div(now, functional.log_softmax(goal / TEMPERATURE, -1), log_target=True,
                             reduction="batchmean") * TEMPERATURE ** 2


def square_head(states, goals, weight):
    """Mean over layers of |state - goal|^2 / |goal|^2, elements weighted."""
    total = 0.0
    for state, goal in zip(states, goals):
        total = total + ((state - goal) ** 2 * weight).sum() / (goal ** 2 * weight).sum()
    return total / len(states)


class EncoderAdapter:
    """The sentiment encoder; all 36 matrices of its layers become sparse."""

    rate = 1.5e-4

    def __init__(self, options):
        self.options = options
        texts, labels = sentiment_data.training_set(options.train, options.held_out)
        self.ids = sentiment_data.tokenize(texts, options.tokenizer)
        self.labels = torch.from_numpy(labels)

    def load(self, path):
        """A network with saved weights."""
        model = sentiment_model.Encoder()
        model.load_state_dict(torch.load(path))
        return model

    def matrices(self, model):
        """(name, layer) of what becomes sparse."""
        return model.matrices()

    def calibration(self, random, count):
        """Batches of some training texts, the longer ones."""
        longest = sorted(range(len(self.ids)), key=lambda i: -len(self.ids[i]))[:8 * count]
        chosen = random.choice(longest, count, replace=False)
        return sentiment_data.batches([self.ids[i] for i in chosen], 64)

    def batches(self, random):
        """An epoch of batches."""
        return sentiment_data.batches(self.ids, sentiment.BATCH, random)

    def forward(self, model, batch):
        """Layers' outputs and the classifiers' logits."""
        states = model.states(*batch[1:])
        return states, model.logits(states, batch[2])

    def loss(self, now, goal, batch):
        """Last classifier and layers to the dense network's, exits as in the dense training."""
        mask = batch[2][..., None]
        exits = sentiment.exit_loss(now[1], self.labels[batch[0]], goal[1][-1])
        return divergence(now[1][-1], goal[1][-1]) + square_head(now[0][1:], goal[0][1:], mask) + 0.5 * exits

    def schedule(self, model, steps):
        """The optimizer."""
        return sentiment.Schedule(model, steps, self.rate)

    def finish(self, model, random):
        """Gates follow the recovered classifiers."""
        sentiment.train_gates(model, self.ids, random)

    def evaluate(self, model):
        """Print accuracies on the held-out files."""
        for path in self.options.held_out:
            sentiment.evaluate(model, path, self.options.tokenizer)

    def export(self, model, path):
        """Write ONNX."""
        sentiment_model.Writer(model).write(path)


class PicturesAdapter:
    """The residual network for pictures; every convolution but the first becomes sparse, those of its exits too."""

    rate = 0.02
    # Pictures whose patches are enough for second moments.
    seen = 300

    def __init__(self, options):
        self.options = options
        self.pictures, self.labels = pictures.read_folder(options.train[0])

    def load(self, path):
        """A network with saved weights."""
        model = pictures_model.Network()
        model.load_state_dict(torch.load(path))
        return model.to(memory_format=torch.channels_last).eval()

    def matrices(self, model):
        """(name, layer) of what becomes sparse."""
        return model.convolutions()

    def calibration(self, random, count):
        """Batches of some training pictures."""
        chosen = random.choice(len(self.labels), min(count, self.seen), replace=False)
        return pictures.batches(self.pictures[chosen], self.labels[chosen], random)

    def batches(self, random):
        """An epoch of batches."""
        return pictures.batches(self.pictures, self.labels, random)

    def forward(self, model, batch):
        """Blocks' outputs and the classifiers' logits."""
        return model(batch[0])

    def loss(self, now, goal, batch):
        """Last classifier and blocks to the dense network's, exits as in the dense training."""
        exits = pictures.exit_loss(now[1], batch[1], goal[1][-1])
        return divergence(now[1][-1], goal[1][-1]) + square_head(now[0], goal[0], 1) + exits

    def schedule(self, model, steps):
        """The optimizer; normalizations learn again."""
        model.train()
        return pictures.Schedule(model, steps, self.rate)

    def finish(self, model, random):
        """Nothing follows."""

    def evaluate(self, model):
        """Print accuracies on the held-out files."""
        for path in self.options.held_out:
            pictures.evaluate(model, path)

    def export(self, model, path):
        """Write ONNX."""
        pictures_model.Writer(model).write(path)


ADAPTERS = {"encoder": EncoderAdapter, "pictures": PicturesAdapter}


def add_arguments(parser):
    """Where the networks' data are."""
    parser.add_argument("--tokenizer", metavar="JSON", help="encoder")
    parser.add_argument("--train", nargs="+", default=[], metavar="FILE", help="pictures: a folder with a folder a class")
    parser.add_argument("--held-out", nargs="+", default=[], metavar="FILE")
