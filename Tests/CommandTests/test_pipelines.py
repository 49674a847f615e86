"""From raw files to results as users see them: one small model a domain, whose results can be told without running it."""
import json
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import zlib

from test_edgerun import BIN, ROOT, wave

MODELS = ROOT / "Tests" / "Models" / "pipelines"


def picture(path, rows):
    """Writes a PNG of gray levels."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    data = b"".join(b"\0" + bytes(row) for row in rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


class PipelineTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)

    def convert(self, name, rules, *options):
        """The path of a converted model, and what edgeconv said."""
        (self.folder / "rules.json").write_text(json.dumps(rules))
        output = self.folder / f"{name}.edge"
        done = subprocess.run([BIN / "edgeconv", "convert", MODELS / f"{name}.onnx", "-o", output, "--precision", "f32",
                               "--preprocess", self.folder / "rules.json", *options], capture_output=True, text=True)
        return output, done

    def model(self, *arguments):
        output, done = self.convert(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return output

    def edgerun(self, *words):
        return subprocess.run([BIN / "edgerun", *map(str, words)], capture_output=True, text=True)

    def lines(self, *words, code=0):
        done = self.edgerun(*words)
        self.assertEqual(done.returncode, code, done.stderr)
        return [{key: value for key, value in json.loads(line).items() if key not in ("ms", "model")}
                for line in done.stdout.splitlines()]

    def vad(self, *options):
        return self.model("frames", {"input.kind": "audio", "audio.rate": 8, "stream.frame": 4, "stream.context": 2,
                                     "output.kind": "segments", "segments.output": "score", "segments.threshold": 0.2})

    def test_a_stream_gives_a_line_a_frame_and_its_segments(self):
        sound = self.folder / "sound.wav"
        wave(sound, [0] * 4 + [16384] * 4 + [0] * 6, rate=8)
        # Means of 6 samples, 2 of them the frame's before; each frame keeps half of the score before.
        scores = [0, 1 / 3, 1 / 3, 1 / 6]
        frames = [{"input": str(sound), "frame": index, "start": index / 2, "end": min(index / 2 + 0.5, 1.75)} for index in range(4)]
        *found, last = self.lines(self.vad(), sound)
        for line, frame, score in zip(found, frames, scores, strict=True):
            self.assertAlmostEqual(line.pop("score"), score, places=5)
            self.assertEqual(line, frame)
        self.assertEqual(last, {"input": str(sound), "frames": 4, "seconds": 1.75, "segments": [{"start": 0.5, "end": 1.5}]})

    def test_every_sound_begins_anew_and_resume_keeps_whole_ones(self):
        model, out = self.vad(), self.folder / "vad.jsonl"
        sounds = [self.folder / f"{index}.wav" for index in range(3)]
        for index, sound in enumerate(sounds):
            wave(sound, [8192 * index] * 8, rate=8)
        self.assertEqual(self.edgerun(model, *sounds, "-o", out).returncode, 0)
        whole = out.read_text().splitlines(keepends=True)
        self.assertEqual(len(whole), 9)
        self.assertEqual(json.loads(whole[0])["score"], 0)
        out.unlink()
        # The second sound was cut off after its first frame.
        pathlib.Path(f"{out}.partial").write_text("".join(whole[:4]))
        self.assertEqual(self.edgerun(model, *sounds, "-o", out, "--resume").returncode, 0)
        without_times = lambda lines: [{**json.loads(line), "ms": 0} for line in lines]
        self.assertEqual(without_times(out.read_text().splitlines()), without_times(whole))

    def test_another_rate_is_refused_or_resampled(self):
        sound = self.folder / "fast.wav"
        wave(sound, [0] * 32, rate=16)
        self.assertIn("--resample", self.lines(self.vad(), sound, code=1)[0]["error"])
        self.assertEqual(len(self.lines(self.vad(), sound, "--resample")), 5)

    def test_points_get_labels(self):
        rules = {"input.kind": "points", "points.form": "range-image", "range.up": 20, "range.down": -20,
                 "output.kind": "point-labels", "point-labels.ignore": 0, "point-labels.ids": [0, 40, 300],
                 "labels": ["none", "ahead", "left"]}
        cloud = self.folder / "cloud.bin"
        # Ahead, on the left, nothing, and hidden behind the first.
        cloud.write_bytes(struct.pack("<16f", 9, -1, 0, 1, 1, 9, 0, 1, 0, 0, 0, 0, 18, -2, 0, 1))
        labels = self.folder / "labels"
        labels.mkdir()
        line, = self.lines(self.model("places", rules), cloud, "--point-labels", labels)
        self.assertEqual(line, {"input": str(cloud), "points": 4, "unlabelled": 1,
                                "classes": [{"label": "ahead", "index": 1, "points": 2}, {"label": "left", "index": 2, "points": 1}]})
        self.assertEqual([path.name for path in labels.iterdir()], ["cloud.label"])
        self.assertEqual(struct.unpack("<4I", (labels / "cloud.label").read_bytes()), (40, 300, 0, 40))
        line, = self.lines(self.folder / "places.edge", cloud, "--point-labels", self.folder / "none", code=1)
        self.assertIn("--point-labels", line["error"])
        line, = self.lines(self.folder / "places.edge", BIN / "edgerun", code=1)
        self.assertIn("unknown kind", line["error"])

    def test_boxes_are_in_pixels_of_the_picture(self):
        rules = {"input.kind": "image", "image.std": 255, "image.resize": "letterbox", "image.fill": 0,
                 "output.kind": "detections", "detections.decoder": "fastestdet", "detections.score": 0.5, "labels": ["cat", "dog"]}
        photo = self.folder / "photo.png"
        # Twice as wide as high: it lies in the input's middle rows. Of two boxes one lies in the border above.
        picture(photo, [[0] * 16 + [255] * 16] * 16)
        line, = self.lines(self.model("boxes", rules), photo)
        self.assertEqual([entry["box"] for entry in line["detections"]], [[8, 0, 24, 16]])
        picture(photo, [[0] * 16 + [255] * 16] * 32)
        line, = self.lines(self.folder / "boxes.edge", photo)
        self.assertEqual([entry["label"] for entry in line["detections"]], ["dog", "dog"])
        # Cells of half a picture; the box is as large as one, its centre the cell's corner.
        self.assertEqual([entry["box"] for entry in line["detections"]], [[8, 0, 24, 8], [8, 8, 24, 24]])
        line, = self.lines(self.folder / "boxes.edge", self.folder / "no.png", code=1)
        self.assertIn("No such file", line["error"])

    def words(self, **rules):
        (self.folder / "words.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n")
        return self.model("words", {"input.kind": "text", "text.tokenizer": "wordpiece", "text.vocabulary": "words.txt",
                                    "output.kind": "embedding", **rules}, "--bound", "T=8")

    def test_sentences_give_embeddings_and_similarities(self):
        text = self.folder / "text.txt"
        text.write_text("A b\n\n c\n")
        model = self.words()
        lines = self.lines(model, text, "--prompt", "b")
        self.assertEqual([(line.get("line"), line["text"]) for line in lines], [(1, "A b"), (3, " c"), (None, "b")])
        # Tokens 2 4 5 3; 2 6 3; 2 5 3.
        for line, vector in zip(lines, [[3.5, 13.5, 1], [11 / 3, 49 / 3, 1], [10 / 3, 38 / 3, 1]], strict=True):
            for value, wanted in zip(line["embedding"], vector, strict=True):
                self.assertAlmostEqual(value, wanted, places=4)
        lines = self.lines(model, text, "--similar-to", "a B")
        self.assertEqual(lines[0]["similarity"], 1)
        self.assertLess(lines[1]["similarity"], 1)
        self.assertIn("no embeddings", self.edgerun(self.words(**{"output.kind": "plain"}), text, "--similar-to", "a").stderr)
        self.assertRegex(self.edgerun("info", model).stdout, r"text.vocabulary +7 lines\n")

    def test_texts_are_continued(self):
        rows = ["id\tscore\tbytes_hex", *(f"{number}\t0\t3e" for number in range(259)), "259\t0\t20", "260\t0\t61", "261\t-1\t2061"]
        (self.folder / "pairs.tsv").write_text("\n".join(rows) + "\n")
        rules = {"input.kind": "text", "text.tokenizer": "bytepair", "text.vocabulary": "pairs.tsv", "text.ids": "token",
                 "output.kind": "generation", "generation.stop": 106}
        model = self.model("letters", rules)
        # Every token is followed by the next: 'b' is 101, 'f' 105, and 106 ends the text.
        self.assertEqual(self.lines(model, "--prompt", "b", "--tokens", 2), [{"text": "b", "continuation": "cd", "tokens": 2}])
        self.assertEqual(self.lines(model, "--prompt", "b"), [{"text": "b", "continuation": "cdef", "tokens": 4}])

    def test_rules_that_mean_nothing_are_refused_at_conversion(self):
        for rules, words in ({"input.kind": "radar"}, "input.kind"), ({"image.size": 3}, "unknown key 'image.size'"), \
                ({"input.kind": "text", "text.tokenizer": "wordpiece", "text.vocabulary": "none.txt"}, "none.txt"), \
                ({"output.kind": "detections"}, "detections.decoder"), ({"input.kind": "points"}, "points.form"):
            _, done = self.convert("boxes", rules)
            self.assertEqual(done.returncode, 2, rules)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
