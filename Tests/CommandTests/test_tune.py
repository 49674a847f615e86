"""Automatic selection: the ways of converting that are tried, and the one that is taken."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import test_exits
from test_edgerun import BIN, MODEL


class TuneTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.samples = test_exits.ExitsTest.labelled(cls.folder / "samples")
        done = cls.convert("size", "-o", cls.folder / "small.edge", "--report", cls.folder / "small.html", "--json")
        assert done.returncode == 0, done.stderr
        cls.tried, cls.report = done.stderr, json.loads(done.stdout)

    @classmethod
    def convert(cls, goal, *words):
        return subprocess.run(
            [BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "--calibrate", MODEL / "calibration", "--observer", "minmax",
             "--preprocess", MODEL / "preprocess.json", "--validate", cls.samples, "--tune", goal, "--accuracy-drop", "0.1",
             *map(str, words)], capture_output=True, text=True)

    def test_the_smallest_that_loses_little_is_taken(self):
        tuning = self.report["tuning"]
        rows = {row["name"]: row for row in tuning["rows"]}
        self.assertEqual((tuning["goal"], tuning["measure"], tuning["samples"]), ("size", "accuracy", 30))
        taken, whole = rows[tuning["chosen"]], rows["float"]
        self.assertLess(taken["bytes"], whole["bytes"])
        self.assertGreaterEqual(taken["quality"], whole["quality"] - 0.1)
        for row in rows.values():
            if row["isWithin"]:
                self.assertGreaterEqual(row["bytes"], taken["bytes"], row["name"])
        self.assertEqual((self.folder / "small.edge").stat().st_size, taken["bytes"])

    def test_what_does_not_suit_is_said(self):
        rows = {row["name"]: row for row in self.report["tuning"]["rows"]}
        self.assertIn("attentions", rows["INT8, tokens"]["refusal"])
        self.assertIn("trying INT8, exits", self.tried)
        self.assertIn("Ways tried", (self.folder / "small.html").read_text())

    def test_the_proof_is_on_other_samples(self):
        self.assertEqual(self.report["validation"]["samples"], 30)
        self.assertEqual(self.report["accuracy"]["samples"], 30)
        others = self.folder / "others"
        others.mkdir()
        lines = (self.samples / "labels.tsv").read_text().splitlines()[1::2]
        for line in lines:
            shutil.copy(self.samples / line.split("\t")[0], others)
        (others / "labels.tsv").write_text("\n".join(lines) + "\n")
        done = subprocess.run(
            [BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "--preprocess", MODEL / "preprocess.json", "--validate", others,
             "-o", self.folder / "others.edge", "--json"], capture_output=True, text=True)
        self.assertEqual(json.loads(done.stdout)["validation"]["sha256"], self.report["validation"]["sha256"])

    def test_options_that_it_chooses_are_refused(self):
        for words in (["--sparsity", "0.5"], ["--skips", "auto"], ["--tokens", "0.5"], ["--precision", "int8"]):
            done = self.convert("size", "-o", self.folder / "no.edge", *words)
            self.assertEqual(done.returncode, 64, words)
            self.assertIn("leave them out", done.stderr)

    def test_samples_are_asked_for(self):
        done = subprocess.run([BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "--tune", "latency", "-o", self.folder / "no.edge"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 64)
        self.assertIn("--tune needs --calibrate and --validate", done.stderr)


if __name__ == "__main__":
    unittest.main()
