"""edgeconv as its users see it: messages, exit codes, files left behind, equal bytes."""
import json
import os
import pathlib
import random
import re
import shlex
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile

from test_edgerun import BIN, MODEL, ROOT, wave

MODELS = ROOT / "Tests" / "Models"
DIGITS = MODEL / "spoken_digits.onnx"
INT8 = ["--calibrate", MODEL / "calibration", "--preprocess", MODEL / "preprocess.json"]


class EdgeconvTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        self.out = self.folder / "out.edge"

    def edgeconv(self, *words, **options):
        return subprocess.run([BIN / "edgeconv", *map(str, words)], capture_output=True, text=True, **options)

    def refused(self, done, *words):
        """One clear message with these words, exit code 2, nothing written."""
        self.assertEqual(done.returncode, 2, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertNotIn("Fatal error", done.stderr)
        self.assertFalse(self.out.exists())
        left = [name for name in os.listdir(self.folder) if "tmp" in name]
        self.assertEqual(left, [])

    def test_the_list_of_operators_is_that_of_the_documentation(self):
        done = self.edgeconv("operators")
        self.assertEqual(done.stdout, (ROOT / "docs" / "operators.md").read_text(), "edgeconv operators >docs/operators.md")

    def test_check_ready(self):
        done = self.edgeconv("check", DIGITS)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("ready", done.stdout)

    def test_every_unsupported_node_at_once(self):
        for command in (["check", MODELS / "unsupported.onnx"], ["convert", MODELS / "unsupported.onnx", "-o", self.out]):
            done = self.edgeconv(*command)
            self.assertEqual(done.returncode, 2)
            text = done.stdout + done.stderr
            for word in ("first", "StringNormalizer", "second", "Frobnicate", "third", "Unique"):
                self.assertIn(word, text)
            self.assertFalse(self.out.exists())

    def test_check_as_json(self):
        done = self.edgeconv("check", MODELS / "unsupported.onnx", "--json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("Frobnicate", json.dumps(json.loads(done.stdout)))

    def test_converting_twice_gives_equal_bytes(self):
        files = []
        for name in ("a.edge", "b.edge"):
            done = self.edgeconv("convert", DIGITS, "-o", self.folder / name, *INT8)
            self.assertEqual(done.returncode, 0, done.stderr)
            files.append((self.folder / name).read_bytes())
        self.assertEqual(files[0], files[1])

    def test_int8_needs_calibration(self):
        self.refused(self.edgeconv("convert", DIGITS, "-o", self.out, "--precision", "int8"), "--calibrate")

    def test_missing_data_folder(self):
        missing = self.folder / "nowhere"
        self.refused(self.edgeconv("convert", DIGITS, "-o", self.out, "--calibrate", missing, *INT8[2:]), str(missing))

    @unittest.skipIf(os.geteuid() == 0, "SKIPPED: root reads every folder")
    def test_unreadable_data_folder(self):
        locked = self.folder / "locked"
        locked.mkdir(mode=0)
        self.refused(self.edgeconv("convert", DIGITS, "-o", self.out, "--calibrate", locked, *INT8[2:]), str(locked))

    def test_file_where_a_folder_should_be(self):
        self.refused(self.edgeconv("convert", DIGITS, "-o", self.out, "--calibrate", DIGITS, *INT8[2:]), "spoken_digits.onnx")

    def test_recording_of_another_rate(self):
        clips = self.folder / "clips"
        clips.mkdir()
        wave(clips / "fast.wav", [0] * 16000, rate=16000)
        done = self.edgeconv("convert", DIGITS, "-o", self.out, "--calibrate", clips, *INT8[2:])
        self.refused(done, "fast.wav", "16000", "8000")

    def test_not_an_onnx_file(self):
        junk = self.folder / "junk.onnx"
        for content in (b"", b"hello, I am no model", DIGITS.read_bytes()[:5000]):
            junk.write_bytes(content)
            self.refused(self.edgeconv("convert", junk, "-o", self.out), "junk.onnx")
        self.refused(self.edgeconv("convert", self.folder / "none.onnx", "-o", self.out), "none.onnx")

    def test_output_folder_is_missing(self):
        self.refused(self.edgeconv("convert", DIGITS, "-o", self.folder / "no" / "out.edge"), "out.edge")

    @unittest.skipUnless(os.geteuid() == 0, "SKIPPED: only root may mount a small disk")
    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True)
        if mounted.returncode:
            self.skipTest("SKIPPED: mount is not allowed here")
        self.addCleanup(subprocess.run, ["umount", disk])
        done = self.edgeconv("convert", DIGITS, "-o", disk / "out.edge")
        self.assertEqual(done.returncode, 2)
        self.assertIn("space", done.stderr)
        self.assertEqual(os.listdir(disk), [])

    def test_an_old_file_survives_a_failed_conversion(self):
        self.out.write_bytes(b"old")
        done = self.edgeconv("convert", MODELS / "unsupported.onnx", "-o", self.out)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(self.out.read_bytes(), b"old")

    def test_bound_of_an_unknown_size(self):
        done = self.edgeconv("convert", MODELS / "tiny.onnx", "-o", self.out, "--bound", "Q=4")
        self.assertEqual(done.returncode, 2)
        self.assertIn("Q", done.stderr)

    def test_verify(self):
        self.edgeconv("convert", DIGITS, "-o", self.out, *INT8)
        done = self.edgeconv("verify", DIGITS, self.out, "--data", MODEL / "samples", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        json.loads(done.stdout)

    def test_report_is_one_page(self):
        report = self.folder / "report.html"
        done = self.edgeconv("convert", DIGITS, "-o", self.out, *INT8, "--report", report)
        self.assertEqual(done.returncode, 0, done.stderr)
        page = report.read_text()
        self.assertIn("stem.conv", page)
        self.assertNotIn("src=\"http", page)

    def samples(self, name, count, seed):
        """A folder of random inputs for the models of 3 x 12 x 12."""
        folder, numbers = self.folder / name, random.Random(seed)
        folder.mkdir()
        head = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3, 12, 12), }"
        head += b" " * (-(len(head) + 11) % 64) + b"\n"
        for index in range(count):
            values = struct.pack("<432f", *(numbers.gauss(0, 1) for _ in range(432)))
            with zipfile.ZipFile(folder / f"{index}.npz", "w") as archive:
                archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + values)
        return folder

    def test_a_badly_quantized_layer_is_named_with_a_remedy_that_works(self):
        calibration, other = self.samples("calibration", 40, 1), self.samples("other", 20, 2)
        page = self.folder / "report.html"
        done = self.edgeconv("convert", MODELS / "bad_layer.onnx", "-o", self.out, "--calibrate", calibration, "--validate", other,
                             "--observer", "minmax", "--report", page, "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertLess(json.loads(done.stdout)["accuracy"]["outputs"][0]["sqnr"], 10)
        text = page.read_text()
        self.assertIn("badly quantized", text)
        self.assertIn("'bad_layer' reaches", text)
        commands = [line.replace("&#39;", "'").replace("&quot;", '"') for line in re.findall("<pre>(.*?)</pre>", text)]
        self.assertTrue(commands)
        for command in commands:
            words = shlex.split(command)
            self.assertEqual(words[0], "edgeconv")
            done = self.edgeconv(*words[1:], "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertGreater(json.loads(done.stdout)["accuracy"]["outputs"][0]["sqnr"], 20, command)

    def test_validation_that_calibrated_is_noticed_by_content(self):
        calibration = self.samples("calibration", 40, 1)
        shutil.copytree(calibration, self.folder / "copy")
        done = self.edgeconv("convert", MODELS / "bad_layer.onnx", "-o", self.out, "--calibrate", calibration,
                             "--validate", self.folder / "copy")
        self.assertIn("all 40 validation samples are calibration samples too", done.stdout)

    def test_explain(self):
        calibration = self.samples("calibration", 40, 1)
        report = self.folder / "report.json"
        done = self.edgeconv("convert", MODELS / "bad_layer.onnx", "-o", self.out, "--calibrate", calibration, "--json")
        report.write_text(done.stdout)
        for file in (self.out, report):
            done = self.edgeconv("explain", file)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("done: ", done.stdout)
            self.assertIn("worst layers", done.stdout)
        parsed = json.loads(report.read_text())
        most = max(step["liveBytes"] for step in parsed["timeline"])
        self.assertTrue(parsed["memory"]["arenaBytes"] / 2 < most <= parsed["memory"]["arenaBytes"])
        done = self.edgeconv("explain", MODEL / "preprocess.json")
        self.assertEqual(done.returncode, 2)
        self.assertIn("preprocess.json", done.stderr)

    def test_accuracy_drop_keeps_its_word(self):
        calibration, other = self.samples("calibration", 40, 1), self.samples("other", 40, 2)
        done = self.edgeconv("convert", MODELS / "bad_layer.onnx", "-o", self.out, "--calibrate", calibration, "--validate", other,
                             "--accuracy-drop", "0.05", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        agreement = report["accuracy"]["outputs"][0]["agreement"]
        self.assertGreaterEqual(agreement["count"], 0.95 * agreement["total"])
        self.assertTrue(any("allowed: 5.00 %" in step for step in report["steps"]), report["steps"])
        done = self.edgeconv("convert", MODELS / "bad_layer.onnx", "-o", self.out, "--calibrate", calibration, "--accuracy-drop", "0.05")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("--validate", done.stderr)

    def test_inspect_a_damaged_file(self):
        done = self.edgeconv("inspect", ROOT / "Tests" / "Corpus" / "cut_half.edge")
        self.assertEqual(done.returncode, 2)
        self.assertIn("cut_half.edge", done.stderr)


if __name__ == "__main__":
    unittest.main()
