"""The processors that contenders run on, and the INT8 peak of one."""
import os
import subprocess


def processors(count):
    """The last `count` processors that this process may use."""
    return sorted(os.sched_getaffinity(0))[-count:]


class Peak:
    """Runs tools/benchmark/peak.c's program on the last processor; GMAC/s, or None without a program."""

    def __init__(self, program=None):
        self.program, self.best = program, None

    def measure(self):
        """The best rate so far: what else runs only ever takes from it."""
        if self.program:
            pinned = {processors(1)[0]}
            done = subprocess.run([self.program], check=True, capture_output=True, text=True,
                                  preexec_fn=lambda: os.sched_setaffinity(0, pinned))
            self.best = max(self.best or 0, float(done.stdout.split()[0]))
        return self.best
