"""The loop of the recipes: batch after batch down a loss, with a line and a checkpoint every hundred steps."""

import time

import torch

EVERY = 100


class Checkpoint:
    """Weights, optimizer and step of a training in one file."""

    def __init__(self, path, model, schedule):
        self.path, self.model, self.schedule = path, model, schedule

    def save(self):
        """Write all of them."""
        torch.save((self.model.state_dict(), self.schedule.optimizer.state_dict(), self.schedule.step), self.path)

    def load(self):
        """Go on from what was written, if anything was."""
        if self.path.exists():
            weights, optimizer, self.schedule.step = torch.load(self.path)
            self.model.load_state_dict(weights)
            self.schedule.optimizer.load_state_dict(optimizer)

    def remove(self):
        """When the training is done."""
        self.path.unlink(missing_ok=True)


def descend(schedule, epoch, step, save=None):
    """Call `step(batch)`, which descends and returns the loss, on batches of `epoch()` until the schedule's steps are done."""
    start, mean = time.time(), None
    while schedule.step < schedule.steps:
        for batch in epoch():
            loss = step(batch)
            mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
            if schedule.step % EVERY == 0:
                print(f"step {schedule.step} loss {mean:.4f} {time.time() - start:.0f} s", flush=True)
                if save:
                    save()
            if schedule.step == schedule.steps:
                break
