"""Ours with one and two threads on two processors while another process spins on one of them: a neighbour that takes its share."""
import contextlib
import os
import subprocess
import sys
from pathlib import Path

from . import report, turns
from .machine import processors

PLACES = ("nowhere", "on one processor", "on either")
ALLOWED = 1.3  # two threads beside a neighbour to one thread without


@contextlib.contextmanager
def spinning(cpus):
    """A process that uses all the time it gets on these processors; none without processors."""
    if not cpus:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", "while True: pass"], preexec_fn=lambda: os.sched_setaffinity(0, cpus))
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(workload, arguments, maker):
    """Median milliseconds by where the neighbour is, of one thread and of two; places take turns."""
    cpus, folder = processors(2), maker.work / workload.name
    folder.mkdir(parents=True, exist_ok=True)
    plain = maker.plain(workload, folder)
    path = str(maker.edge(workload, folder, "int8", plain).resolve())
    job = {"cpus": cpus, "rounds": 1, "budget": arguments.budget, "feeds": maker.feeds(workload),
           "contenders": [{"runtime": "edgert", "path": path, "threads": threads} for threads in (1, 2)]}
    times = {place: {1: [], 2: []} for place in PLACES}
    for _ in range(arguments.rounds):
        for place, where in zip(PLACES, ([], cpus[:1], cpus)):
            with spinning(where):
                answer = turns.take(job, Path(arguments.build) / "lib/libedgert.so")
            for index, threads in enumerate((1, 2)):
                times[place][threads] += answer["times"][index]
    return {"workload": workload.name, "neighbour": {
        place: {str(threads): report.figures(rounds) for threads, rounds in found.items()} for place, found in times.items()}}


def ratio(result, place):
    """Two threads beside the neighbour to one thread without."""
    quiet = result["neighbour"][PLACES[0]]["1"]["median_ms"]
    return result["neighbour"][place]["2"]["median_ms"] / quiet


def table(result):
    lines = [f"{result['workload']}, edgert INT8 beside a process that spins; median ms", "",
             "| the other process | one thread | two threads | two threads / one thread undisturbed |", "| --- | ---: | ---: | ---: |"]
    for place, found in result["neighbour"].items():
        lines.append(f"| {place} | {found['1']['median_ms']:.3f} | {found['2']['median_ms']:.3f} | {ratio(result, place):.2f} |")
    return "\n".join(lines)


def summary(results):
    lines = []
    for place in PLACES[1:]:
        slow = [f"{result['workload']} {ratio(result, place):.2f}" for result in results if ratio(result, place) > ALLOWED]
        lines.append(f"neighbour {place}: " + (f"above {ALLOWED}: {', '.join(slow)}" if slow else f"all within {ALLOWED}"))
    return "\n".join(lines)
