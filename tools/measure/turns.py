"""A process that loads contenders and gives them turns (A B C A B C ...); one for each number of threads, as thread pools of peers are
made once a process, for the processors that it may use then.

`python -m measure.turns` reads a job from standard input and prints times. The job: cpus, rounds, budget (seconds a turn), feeds (an .npz
file), contenders (each runtime, form, path, threads). The answer: `times` in seconds for each, a list a round, and what was `refused`.
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from . import contenders


def turn(call, budget):
    """Seconds of single calls, for `budget` seconds."""
    call()
    times, end = [], time.perf_counter() + budget
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def serve(job):
    os.sched_setaffinity(0, job["cpus"])
    feeds = {key: np.ascontiguousarray(value) for key, value in np.load(job["feeds"]).items()}
    calls, refused = [], {}
    for index, contender in enumerate(job["contenders"]):
        try:
            load = contenders.CONTENDERS[contender["runtime"]]
            calls.append((index, load(contender["path"], contender["threads"], feeds)))
        except (RuntimeError, ValueError, ImportError) as error:
            refused[index] = str(error).strip().splitlines()[-1]
    times = {index: [] for index, _ in calls}
    for _ in range(job["rounds"]):
        for index, call in calls:
            times[index].append(turn(call, job["budget"]))
    return {"times": times, "refused": refused}


def take(job, library):
    """Runs a job in a process of its own."""
    done = subprocess.run([sys.executable, "-m", "measure.turns"], input=json.dumps(job), capture_output=True, text=True,
                          cwd=Path(__file__).parent.parent, env=dict(os.environ, EDGERT_LIBRARY=os.path.abspath(library)))
    if done.returncode != 0:
        raise RuntimeError(f"a process of contenders ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    answer = json.loads(done.stdout.splitlines()[-1])
    return {kind: {int(index): value for index, value in found.items()} for kind, found in answer.items()}


if __name__ == "__main__":
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what peers print is no answer
    print(json.dumps(serve(json.load(sys.stdin))), file=answer, flush=True)
