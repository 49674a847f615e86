"""A model with early exits as its users make it, read of it, and run it."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from test_edgerun import BIN, MODEL


class ExitsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.model, cls.page = cls.folder / "digits.edge", cls.folder / "digits.html"
        done = cls.convert("--exits", "2", "--risk", "0.2", "--validate", cls.labelled(cls.folder / "samples"),
                           "-o", cls.model, "--report", cls.page, "--json")
        cls.report = json.loads(done.stdout)

    @classmethod
    def labelled(cls, folder):
        """The samples of the model with their labels, which their names begin with."""
        shutil.copytree(MODEL / "samples", folder)
        names = sorted(path.name for path in folder.glob("*.wav"))
        (folder / "labels.tsv").write_text("".join(f"{name}\t{name[0]}\n" for name in names))
        return folder

    @classmethod
    def convert(cls, *words, check=True):
        done = subprocess.run(
            [BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "--calibrate", MODEL / "calibration", "--observer", "minmax",
             "--preprocess", MODEL / "preprocess.json", *map(str, words)], capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(done.stderr)
        return done

    def edgerun(self, *words):
        done = subprocess.run([BIN / "edgerun", *map(str, words)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_report_says_what_exits_do(self):
        exits = self.report["exits"]
        self.assertEqual(len(exits["exits"]), 2)
        self.assertLess(exits["exits"][0]["cost"], exits["exits"][1]["cost"])
        self.assertEqual(sum(exits["chosen"]["exits"]), exits["samples"])
        self.assertGreaterEqual(exits["worstCost"], 1)
        self.assertTrue(exits["isValidated"])
        for curve in exits["curves"]:
            costs = [point["cost"] for point in curve["points"]]
            self.assertEqual(costs, sorted(costs, reverse=True), curve["criterion"])
        self.assertIn("Early exits", self.page.read_text())

    def test_info_prints_the_certificate(self):
        self.assertIn("with 95 % confidence at most 20 % of answers differ", self.edgerun("info", self.model))
        self.assertEqual(len(json.loads(self.edgerun("info", self.model, "--json"))["certificates"]), 1)

    def test_eval_compares_thresholds(self):
        samples = self.folder / "samples"
        found = json.loads(self.edgerun("eval", self.model, "--data", samples, "--thresholds", "1e-6,0.5,inf", "--json"))
        table = found["thresholds"]
        self.assertEqual(table[0]["exits"], [found["samples"], 0, 0])
        self.assertEqual(table[2]["exits"], [0, 0, found["samples"]])
        self.assertEqual((table[0]["mean_exit"], table[2]["mean_exit"]), (1, 3))
        whole = json.loads(self.edgerun("eval", self.model, "--data", samples, "--full-depth", "--json"))
        self.assertEqual(whole["accuracy"], table[2]["accuracy"])

    def test_lines_carry_the_exit(self):
        clip = sorted((self.folder / "samples").glob("*.wav"))[0]
        line = json.loads(self.edgerun(self.model, clip, "--max-exit", "1", "--exit-threshold", "inf"))
        self.assertEqual((line["exit"], line["skipped"]), (1, 2))
        self.assertNotIn("exit", json.loads(self.edgerun(self.model, clip, "--full-depth")))

    def test_bench_times_every_depth(self):
        depths = json.loads(self.edgerun("bench", self.model, "--runs", "20", "--json"))["depths"]
        self.assertEqual(list(depths), ["full depth", "worst case", "exit 1", "exit 2"])

    def test_equal_options_give_equal_bytes(self):
        again = self.folder / "again.edge"
        self.convert("--exits", "2", "--risk", "0.2", "--validate", self.folder / "samples", "-o", again)
        self.assertEqual(again.read_bytes(), self.model.read_bytes())

    def test_what_does_not_suit_is_refused(self):
        for words, text in ((["--exits", "nothing"], "no output 'nothing'"), (["--exits", "logits"], "takes the place of one output"),
                            (["--exits", "0"], "1 to 8"), (["--exits", "2", "--criterion", "luck"], "known are"),
                            (["--exits", "2", "--criterion", "q-exit"], "cannot follow")):
            done = self.convert(*words, "-o", self.folder / "none.edge", check=False)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    unittest.main()
