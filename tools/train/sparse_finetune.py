#!/usr/bin/env python3
"""Make a trained network block-sparse and let it recover under its dense self.

    sparse_finetune.py --network encoder --dense DENSE.pt --out OUT --levels 0.5:250,0.62:250,0.7:900 [--height 4] ...

`--levels` are sparsities with the training steps after each. At a level every matrix is pruned in one shot (block_sparsity.py),
then what is left trains with its mask fixed: Kullback-Leibler divergence to the dense network's answers, plus the
normalized squared error of every layer's output (SquareHead: Kurtic et al. 2023), plus the losses of its
exits. Each level leaves NETWORK_<sparsity>.pt in OUT, the last one NETWORK.onnx too; what is printed of the held-out files chooses
nothing.
"""

import argparse
import pathlib

import numpy as np
import torch

import block_sparsity as blocks
import sparse_networks
from descent import descend

CALIBRATION = 1500


class Masks:
    """Masks of a network's matrices, by layer."""

    def __init__(self):
        self.by_layer = {}

    def prune(self, adapter, model, sparsity, height, random):
        """Choose and refit for a sparsity."""
        layers = [layer for _, layer in adapter.matrices(model)]
        with torch.no_grad(), blocks.Grams(layers) as grams:
            for batch in adapter.calibration(random, CALIBRATION):
                adapter.forward(model, batch)
        for layer in layers:
            weights, mask = blocks.prune(blocks.matrix(layer), grams.sums[layer], 1 - sparsity, height)
            blocks.set_matrix(layer, weights)
            self.by_layer[layer] = mask

    def apply(self):
        """Zero what is masked out."""
        for layer, mask in self.by_layer.items():
            blocks.set_matrix(layer, blocks.matrix(layer) * mask)


def recover(adapter, model, teacher, masks, steps, random):
    """Train the kept weights."""
    schedule = adapter.schedule(model, steps)

    def step(batch):
        with torch.no_grad():
            goal = adapter.forward(teacher, batch)
        loss = adapter.loss(adapter.forward(model, batch), goal, batch)
        schedule.descend(loss)
        masks.apply()
        return loss

    descend(schedule, lambda: adapter.batches(random), step)


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", required=True, choices=sorted(sparse_networks.ADAPTERS))
    parser.add_argument("--dense", required=True, metavar="PT", help="the trained network")
    parser.add_argument("--out", required=True, metavar="DIR")
    parser.add_argument("--levels", required=True, metavar="SPARSITY:STEPS,...")
    parser.add_argument("--height", type=int, default=4, help="outputs of a block")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", metavar="PT", help="a level's weights to go on from")
    sparse_networks.add_arguments(parser)
    return parser.parse_args()


def main():
    """Level by level."""
    options = arguments()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    random = np.random.default_rng(options.seed)
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    adapter = sparse_networks.ADAPTERS[options.network](options)
    teacher, model = (adapter.load(path) for path in (options.dense, options.resume or options.dense))
    for parameter in teacher.parameters():
        parameter.requires_grad_(False)
    masks = Masks()
    for level in options.levels.split(","):
        sparsity, steps = level.split(":")
        masks.prune(adapter, model, float(sparsity), options.height, random)
        print(f"sparsity {sparsity}, one shot:", flush=True)
        adapter.evaluate(model)
        recover(adapter, model, teacher, masks, int(steps), random)
        torch.save(model.state_dict(), out / f"{options.network}_{sparsity}.pt")
        print(f"sparsity {sparsity}, after {steps} steps:", flush=True)
        adapter.evaluate(model)
    adapter.finish(model, random)
    adapter.export(model, str(out / f"{options.network}.onnx"))


if __name__ == "__main__":
    main()
