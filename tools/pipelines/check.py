#!/usr/bin/env python3
"""Runs edgerun from raw files to results on real models, and compares with the references of the assets.

usage: check.py ASSETS [--work DIR] [--build build] [--only NAME,...]

Every model is converted to f32 with the preprocessing file of its name beside this script. Prints a line a pipeline and ends with
"N of N pipelines agree".
"""
import argparse
import collections
import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
NEGLIGIBLE = 1e-3


class Bench:
    """Converts and runs; paths of the assets."""

    def __init__(self, assets, work, build):
        self.assets, self.work, self.build = Path(assets), Path(work), Path(build)
        self.work.mkdir(parents=True, exist_ok=True)

    def convert(self, model, rules, *options):
        """The path of the converted model."""
        preprocessing = self.work / f"{rules}.json"
        shutil.copy(HERE / preprocessing.name, preprocessing)
        output = self.work / f"{rules}.edge"
        command = [self.build / "bin/edgeconv", "convert", self.assets / model, "-o", output, "--precision", "f32",
                   "--preprocess", preprocessing, *options]
        self.check(command)
        return output

    def beside(self, name):
        """Puts a file of the assets where a preprocessing file may name it."""
        shutil.copy(self.assets / name, self.work)

    def run(self, model, *words):
        """The lines of results."""
        return [json.loads(line) for line in self.check([self.build / "bin/edgerun", model, *words]).splitlines()]

    def folder(self, name):
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def check(self, command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(str(word) for word in command)}: exit {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def expect(condition, message):
    if not condition:
        raise RuntimeError(message)


def softmax(scores):
    powers = np.exp(scores.astype(np.float64) - scores.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def scores(line, count):
    values = np.zeros(count)
    for entry in line["top"]:
        values[entry["index"]] = entry["score"]
    return values


def mobilenet(bench):
    reference = np.load(bench.assets / "vision/ref_mobilenet_v2_1.0_224_imagenet.npz")
    classes = (bench.assets / "vision/imagenet_classes.txt").read_text().splitlines()
    photographs = bench.folder("photographs")
    for name in reference["files"]:
        shutil.copy(bench.assets / "vision/imagenet_224" / str(name).split("/")[-1], photographs)
    model = bench.convert("vision/mobilenet_v2_1.0_224_imagenet.onnx", "mobilenet", "--labels",
                          bench.assets / "vision/imagenet_classes.txt")
    wanted = {str(name).split("/")[-1]: logits for name, logits in zip(reference["files"], reference["logits"])}
    lines = bench.run(model, photographs, "--top", "1000")
    expect(len(lines) == len(wanted), f"{len(lines)} lines for {len(wanted)} photographs")
    worst = 0
    for line in lines:
        logits = wanted[Path(line["input"]).name]
        best = line["top"][0]
        expect(best["index"] == logits.argmax(), f"{line['input']}: class {best['index']}, not {logits.argmax()}")
        expect(best["label"] == classes[best["index"]], f"{line['input']}: label {best['label']}")
        worst = max(worst, np.abs(scores(line, len(logits)) - softmax(logits)).max())
    expect(worst < NEGLIGIBLE, f"scores differ by {worst:.1e}")
    return f"{len(lines)} photographs, all classes equal, scores within {worst:.1e}"


def matched(found, wanted, size):
    """How many wanted boxes are found, and the largest distance of an edge in pixels and of a score."""
    hits, pixels, score = 0, 0.0, 0.0
    free = list(found)
    for row in wanted:
        edges = np.clip(row[:4], 0, 1) * np.array([size[0], size[1]] * 2)
        index = int(row[5]) if len(row) > 5 else 0
        distances = [np.abs(np.array(entry["box"]) - edges).max() if entry["index"] == index else np.inf for entry in free]
        if distances and min(distances) < 1:
            entry = free.pop(int(np.argmin(distances)))
            hits, pixels, score = hits + 1, max(pixels, min(distances)), max(score, abs(entry["score"] - row[4]))
    return hits, pixels, score


def detector(bench, model, rules, photographs, size, references, *options):
    lines = bench.run(bench.convert(model, rules, *options), photographs)
    boxes = found = hits = 0
    pixels = score = 0.0
    for line in lines:
        wanted = references[Path(line["input"]).name]
        boxes, found = boxes + len(wanted), found + len(line["detections"])
        some, edge, difference = matched(line["detections"], wanted, size)
        hits, pixels, score = hits + some, max(pixels, edge), max(score, difference)
    expect(len(lines) == len(references), f"{len(lines)} lines for {len(references)} photographs")
    expect(hits == boxes == found, f"{hits} of {boxes} boxes, {found} found")
    expect(pixels < 0.05 and score < NEGLIGIBLE, f"boxes differ by {pixels:.3f} pixels, scores by {score:.1e}")
    return f"{len(lines)} photographs, all {boxes} boxes found and no other, within {pixels:.3f} pixels"


def ultraface(bench):
    references = json.loads((bench.assets / "vision/ref_face_detections.json").read_text())
    return detector(bench, "vision/ultraface_rfb_320x240_face.onnx", "ultraface", bench.assets / "vision/face_320x240",
                    (320, 240), references)


def coco(bench, name, model):
    references = json.loads((bench.assets / "vision/ref_coco_detections.json").read_text())
    return detector(bench, model, name, bench.assets / "vision/coco_352", (352, 352),
                    {photograph: boxes[name] for photograph, boxes in references.items()},
                    "--labels", bench.assets / "vision/coco_classes.txt")


def nanodet(bench):
    return coco(bench, "nanodet", "vision/nanodet_m_320_coco.onnx")


def fastestdet(bench):
    return coco(bench, "fastestdet", "vision/fastestdet_352_coco.onnx")


def keywords(bench):
    speech = bench.assets / "speech"
    reference = np.load(speech / "kws_test_mfcc.npz")
    clips = {str(name).replace("_silence_", "silence").replace("_unknown_", "unknown").replace("/", "_"): logits
             for name, logits in zip(reference["files"], reference["ref_logits"])}
    model = bench.convert("speech/kws_dscnn_mfcc49x10.onnx", "keywords", "--bound", "N=1")
    lines = bench.run(model, speech / "kws_wav", "--top", "12")
    expect(len(lines) == len(list((speech / "kws_wav").glob("*.wav"))), f"{len(lines)} lines")
    worst = 0
    for line in lines:
        logits = clips[Path(line["input"]).name]
        expect(line["top"][0]["index"] == logits.argmax(), f"{line['input']}: {line['top'][0]}")
        worst = max(worst, np.abs(scores(line, 12) - softmax(logits)).max())
    # The references are of features rounded to float16.
    expect(worst < 2e-3, f"scores differ by {worst:.1e}")
    return f"{len(lines)} recordings, all words equal, scores within {worst:.1e}"


def stretches(active, seconds, gap, least):
    """Segments of active frames, found by another route than edgerun's."""
    found = []
    for frame in np.flatnonzero(active):
        start, end = frame * seconds, (frame + 1) * seconds
        if found and start - found[-1][1] <= gap + 1e-9:
            found[-1][1] = end
        else:
            found.append([start, end])
    return [segment for segment in found if segment[1] - segment[0] >= least - 1e-9]


def silero(bench):
    speech = bench.assets / "speech"
    wanted = np.load(speech / "ref_vad.npz")["probability"]
    rules = json.loads((HERE / "silero.json").read_text())
    *frames, last = bench.run(bench.convert("speech/silero_vad_16k_static.onnx", "silero"), speech / "vad_speech_30s.wav")
    expect(len(frames) == len(wanted) == last["frames"], f"{len(frames)} frames")
    found = np.array([frame["score"] for frame in frames])
    worst = np.abs(found - wanted).max()
    expect(worst < NEGLIGIBLE, f"scores differ by {worst:.1e}")
    times = np.array([[frame["start"], frame["end"]] for frame in frames])
    grid = np.arange(len(frames))[:, None] * 0.032 + [0, 0.032]
    expect(np.abs(times - grid).max() < 1e-6, "times are not those of frames of 32 ms")
    segments = stretches(wanted > rules["segments.threshold"], 0.032, rules["segments.gap"], rules["segments.least"])
    ours = [[segment["start"], segment["end"]] for segment in last["segments"]]
    expect(np.allclose(ours, segments), f"segments {ours}, not {segments}")
    return f"{len(frames)} frames within {worst:.1e}, {len(segments)} segments equal"


def resampled(bench):
    """The recording at 44.1 kHz by linear interpolation: --resample leads back to the same decisions."""
    speech = bench.assets / "speech"
    wanted = np.load(speech / "ref_vad.npz")["probability"]
    with wave.open(str(speech / "vad_speech_30s.wav")) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    other = bench.work / "44100.wav"
    positions = np.arange(len(samples) * 441 // 160) * 160 / 441
    with wave.open(str(other), "wb") as file:
        file.setparams((1, 2, 44100, 0, "NONE", ""))
        file.writeframes(np.interp(positions, np.arange(len(samples)), samples).round().astype("<i2").tobytes())
    model = bench.convert("speech/silero_vad_16k_static.onnx", "silero")
    refused = subprocess.run([str(bench.build / "bin/edgerun"), str(model), str(other)], capture_output=True, text=True)
    expect(refused.returncode == 1 and "--resample" in refused.stdout, "another rate is not refused with its remedy")
    *frames, _ = bench.run(model, other, "--resample")
    found = np.array([frame["score"] for frame in frames])[:len(wanted)]
    share = float(((found > 0.5) == (wanted > 0.5)).mean())
    expect(len(found) == len(wanted) and share > 0.98, f"{share:.3f} of decisions are equal")
    return f"{100 * share:.1f} % of {len(wanted)} decisions equal after 44.1 kHz"


def scans(bench):
    """Scans as scanner's images and as clouds; their points, labels and references."""
    lidar = bench.assets / "lidar"
    archive = np.load(lidar / "semantickitti_seen_street.npz")
    reference = np.load(lidar / "ref_semantickitti_seen_street.npz")
    images, clouds = bench.folder("scanner_images"), bench.folder("clouds")
    for index, points in enumerate(archive["points"]):
        np.save(images / f"{index}.npy", points)
        points.astype("<f4")[points[..., 4] > 0][:, :4].tofile(clouds / f"{index}.bin")
    return archive, reference, images, clouds


def labelled(bench, model, inputs, name):
    """Lines of results and labels of points by input."""
    folder = bench.folder(name)
    lines = bench.run(model, inputs, "--point-labels", folder)
    labels = {Path(line["input"]).stem: np.fromfile(folder / f"{Path(line['input']).stem}.label", "<u4") for line in lines}
    for line in lines:
        expect(line["points"] == len(labels[Path(line["input"]).stem]), f"{line['input']}: labels are not one a point")
    return lines, labels


def range_image(bench):
    archive, reference, images, clouds = scans(bench)
    ids = np.array(json.loads((HERE / "range_image.json").read_text())["point-labels.ids"])
    model = bench.convert("lidar/rangeseg_semantickitti_64x1024.onnx", "range_image")
    lines, exact = labelled(bench, model, images, "image_labels")
    _, projected = labelled(bench, model, clouds, "cloud_labels")
    tally = collections.Counter()
    for index, points in enumerate(archive["points"]):
        seen, truth = points[..., 4] > 0, archive["label"][index]
        wanted = ids[reference[f"range_argmax_scan{index}"]]
        expect((exact[str(index)].reshape(seen.shape)[seen] == wanted[seen]).all(), f"scan {index}: labels differ")
        expect((exact[str(index)].reshape(seen.shape)[~seen] == 0).all(), f"scan {index}: no return, but a label")
        counts = {ids[entry["index"]]: entry["points"] for entry in lines[index]["classes"]}
        expect(counts == dict(zip(*np.unique(wanted[seen], return_counts=True))), f"scan {index}: counts differ")
        known = truth[seen] > 0
        tally["points"] += int(known.sum())
        tally["exact"] += int((wanted[seen] == ids[truth[seen]])[known].sum())
        tally["projected"] += int((projected[str(index)] == ids[truth[seen]])[known].sum())
    exact_rate, projected_rate = tally["exact"] / tally["points"], tally["projected"] / tally["points"]
    expect(abs(exact_rate - projected_rate) < 0.01, f"accuracy {projected_rate:.4f} from clouds, {exact_rate:.4f} from images")
    whole, _ = labelled(bench, model, bench.assets / "lidar/kitti_full_360_000000.bin", "kitti_labels")
    return (f"{len(lines)} scans, all labels equal; accuracy of their clouds {projected_rate:.4f}, of the images {exact_rate:.4f}; "
            f"a KITTI cloud of {whole[0]['points']} points")


def pillars(bench):
    archive, reference, _, clouds = scans(bench)
    ids = np.array(json.loads((HERE / "pillars.json").read_text())["point-labels.ids"])
    model = bench.convert("lidar/pillarseg_bev128_full.onnx", "pillars")
    lines, labels = labelled(bench, model, clouds, "pillar_labels")
    points = agreeing = 0
    for index, image in enumerate(archive["points"]):
        cloud = image.astype(np.float32)[image[..., 4] > 0][:, :3]
        inside = ((cloud >= [-32, -32, -4]) & (cloud < [32, 32, 2])).all(1)
        column, row = ((cloud[:, :2] + 32) / np.float32(0.5)).astype(int).T.clip(0, 127)
        wanted = ids[reference[f"pillar_argmax_scan{index}"][row, column]]
        expect((labels[str(index)][~inside] == 0).all(), f"scan {index}: labels outside the grid")
        points += int(inside.sum())
        agreeing += int((labels[str(index)] == wanted)[inside].sum())
    expect(agreeing >= 0.9999 * points, f"{agreeing} of {points} points agree")
    return f"{len(lines)} scans, {agreeing} of {points} points equal"


def minilm(bench):
    language = bench.assets / "language"
    bench.beside("language/minilm_vocab.txt")
    model = bench.convert("language/all_minilm_l6_v2_fp16w.onnx", "minilm", "--bound", "N=1,T=128")
    sentences = bench.work / "sentences.txt"
    sentences.write_text("The weather is lovely today.\nIt's so sunny outside!\n\nHe drove to the stadium.\n")
    lines = bench.run(model, sentences, "--similar-to", "The weather is lovely today.")
    found = [round(line["similarity"], 4) for line in lines]
    # As the authors of the model publish them.
    expect(found == [1, 0.6659, 0.1046], f"similarities {found}")
    expect([line["line"] for line in lines] == [1, 2, 4], "lines are not numbered")
    count = 200
    reviews = bench.work / "reviews.tsv"
    reviews.write_text("\n".join((language / "sst2_dev.tsv").read_text().splitlines()[:count]) + "\n")
    vectors = np.array([line["embedding"] for line in bench.run(model, reviews)])
    wanted = np.load(language / "sst2_dev.npz")["ref_embedding"][:count].astype(np.float64)
    worst = np.abs(vectors - wanted).max()
    expect(vectors.shape == wanted.shape and worst < NEGLIGIBLE, f"embeddings differ by {worst:.1e}")
    return f"published similarities; {count} embeddings within {worst:.1e}"


def stories(bench):
    language = bench.assets / "language"
    bench.beside("language/stories260k_vocab.tsv")
    rows = [line.split("\t") for line in (language / "stories260k_vocab.tsv").read_text().splitlines()[1:]]
    pieces = [bytes([number - 3]) if 3 <= number < 259 else bytes.fromhex(row[2]) for number, row in enumerate(rows)]
    reference = np.load(language / "ref_stories260k_greedy.npz")
    model = bench.convert("language/stories260k_step.onnx", "stories_step", "--bound", "P=512")
    for index in range(2):
        tokens, first = reference[f"tokens{index}"], int(reference[f"prompt_len{index}"])
        prompt = b"".join(pieces[token] for token in tokens[1:first]).decode()[1:]
        wanted = b"".join(pieces[token] for token in tokens[first:]).decode()
        line, = bench.run(model, "--prompt", prompt, "--tokens", len(tokens) - first)
        expect(line["tokens"] == len(tokens) - first, f"{line['tokens']} tokens")
        expect(line["continuation"] == wanted, f"'{prompt}' continues '{line['continuation'][:80]}'")
    return "2 greedy continuations to 256 tokens, equal to the letter"


PIPELINES = [mobilenet, ultraface, nanodet, fastestdet, keywords, silero, resampled, range_image, pillars, minilm, stories]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("assets")
    parser.add_argument("--work", default="build/pipelines")
    parser.add_argument("--build", default="build")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    chosen = [pipeline for pipeline in PIPELINES if not arguments.only or pipeline.__name__ in arguments.only.split(",")]
    bench = Bench(arguments.assets, arguments.work, arguments.build)
    agreed = 0
    for pipeline in chosen:
        try:
            print(f"{pipeline.__name__:12} {pipeline(bench)}", flush=True)
            agreed += 1
        except (RuntimeError, KeyError, OSError, ValueError) as error:
            print(f"{pipeline.__name__:12} FAILED: {error}", flush=True)
    print(f"{agreed} of {len(chosen)} pipelines agree")
    return 0 if chosen and agreed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main())
