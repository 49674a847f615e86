"""Figures of timed contenders, and tables of them."""
import math
import statistics


def figures(rounds):
    """Milliseconds of the runs of all rounds."""
    times = [1e3 * time for found in rounds for time in found]
    return {"median_ms": statistics.median(times), "min_ms": min(times), "runs": len(times)}


def best(result, ours, key="median_ms"):
    """The row that counts: of ours the fastest of the forms that count, of the peers the fastest of all; None where there is none."""
    rows = [row for row in result["rows"]
            if (row["runtime"] == "edgert") == ours and (not ours or row["form"] in result["forms_that_count"])]
    return min(rows, key=lambda row: row[key], default=None)


def share(result, row):
    """Of the INT8 peak that a row's least time reaches, in percent."""
    if not result["peak_gmacs"] or not result["macs"]:
        return "-"
    return f"{100 * result['macs'] / (1e6 * row['min_ms'] * result['peak_gmacs'] * result['threads']):.0f} %"


def table(result):
    """One workload: every contender."""
    peer = best(result, ours=False)
    head = f"{result['workload']}, {result['macs'] / 1e6:.1f} million multiply-accumulates, {result['threads']} thread(s)"
    if result["peak_gmacs"] and result["macs"]:
        head += f", {result['macs'] / (1e6 * result['peak_gmacs'] * result['threads']):.3f} ms at the INT8 peak"
    lines = [head, "", "| runtime | form | median ms | min ms | best peer / this | of INT8 peak | runs |", "| --- | --- |" + " ---: |" * 5]
    for row in result["rows"]:
        ratio = f"{peer['median_ms'] / row['median_ms']:.2f}" if peer else "-"
        lines.append(f"| {row['runtime']} | {row['form']} | {row['median_ms']:.3f} | {row['min_ms']:.3f} | {ratio} | "
                     f"{share(result, row)} | {row['runs']} |")
    notes = [f"edgert {form}: {count} of {layers} layers in float" for form, (count, layers) in result["float_layers"].items() if count]
    notes += [f"ABSENT: {who}: {reason}" for who, reason in result["absent"].items()]
    return "\n".join(lines + [""] * bool(notes) + notes)


def summary(results, peers):
    """All workloads, for each number of threads: ours, each peer's best, the ratio, and its geometric mean."""
    tables = []
    for threads in dict.fromkeys(result["threads"] for result in results):
        chosen = [result for result in results if result["threads"] == threads]
        lines = [f"{threads} thread(s), median ms of the best form of each; ratio: best peer / edgert", "",
                 "| workload | edgert | form | " + " | ".join(peers) + " | ratio | ratio of minima | of INT8 peak |",
                 "| --- | ---: | --- |" + " ---: |" * (len(peers) + 3)]
        ratios = []
        for result in chosen:
            ours, peer = best(result, ours=True), best(result, ours=False)
            cells = [f"{row['median_ms']:.3f}" if row else "ABSENT" for row in (fastest(result, name) for name in peers)]
            ratio, least = "-", "-"
            if peer:
                ratios.append(peer["median_ms"] / ours["median_ms"])
                ratio = f"{ratios[-1]:.2f}"
                least = f"{best(result, False, 'min_ms')['min_ms'] / best(result, True, 'min_ms')['min_ms']:.2f}"
            lines.append(f"| {result['workload']} | {ours['median_ms']:.3f} | {ours['form']} | " + " | ".join(cells)
                         + f" | {ratio} | {least} | {share(result, ours)} |")
        if ratios:
            lines += ["", f"geometric mean of the ratios: {math.exp(statistics.mean(map(math.log, ratios))):.2f}"]
        tables.append("\n".join(lines))
    return "\n\n".join(tables)


def fastest(result, runtime):
    """The fastest row of a runtime; None where it has none."""
    return min((row for row in result["rows"] if row["runtime"] == runtime), key=lambda row: row["median_ms"], default=None)
