"""A model whose blocks runs can skip, as its users make it, read of it, and run it."""
import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from test_edgerun import BIN
from test_tokens import ENCODER, sample


class SkipsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "texts").mkdir()
        for index in range(40):
            sample(cls.folder / "texts" / f"{index:02}.npz", [(index * 7 + 3 * t) % 16 for t in range(3 + index % 12)])
        cls.plain, cls.model, cls.page = (cls.folder / name for name in ("plain.edge", "skips.edge", "skips.html"))
        for path, words in ((cls.plain, []), (cls.model, ["--skips", "3", "--report", cls.page, "--json"])):
            done = cls.convert("-o", path, *words)
            assert done.returncode == 0, done.stderr
        cls.report = json.loads(done.stdout)

    @classmethod
    def convert(cls, *words):
        return subprocess.run([BIN / "edgeconv", "convert", ENCODER, "--bound", "T=16", "--calibrate", cls.folder / "texts",
                               *map(str, words)], capture_output=True, text=True)

    def run_all(self, model, *words):
        done = subprocess.run([BIN / "edgerun", model, self.folder / "texts", *words], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [{k: v for k, v in json.loads(line).items() if k not in ("ms", "model")} for line in done.stdout.splitlines()]

    def test_the_report_says_what_skipping_does(self):
        skips = self.report["skips"]
        self.assertEqual((len(skips["levels"]), skips["standard"], skips["isValidated"]), (3, 0, False))
        costs = [level["cost"] for level in skips["levels"]]
        self.assertEqual(costs, sorted(costs, reverse=True))
        self.assertLess(costs[0], 1)
        self.assertIn("Skips", self.page.read_text())

    def test_no_skip_is_the_plain_model(self):
        plain = self.run_all(self.plain)
        for words in ([], ["--skip", "0"], ["--full-depth"]):
            self.assertEqual(self.run_all(self.model, *words), plain)

    def test_lines_carry_how_many_were_skipped(self):
        for count in 1, 2, 3, 64:
            lines = self.run_all(self.model, "--skip", str(count))
            self.assertEqual({line["skipped"] for line in lines}, {min(count, 3)})

    def test_a_given_order_is_kept(self):
        names = [level["block"] for level in self.report["skips"]["levels"]][::-1]
        done = self.convert("-o", self.folder / "other.edge", "--skips", ",".join(names), "--skip-bypass", "identity", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        levels = json.loads(done.stdout)["skips"]["levels"]
        self.assertEqual([level["block"] for level in levels], names)
        self.assertFalse(any(level["isFitted"] for level in levels))

    def test_bench_times_every_depth(self):
        done = subprocess.run([BIN / "edgerun", "bench", self.model, "--runs", "5", "--json"], capture_output=True, text=True)
        self.assertEqual(list(json.loads(done.stdout)["depths"]), ["full depth", "skipping 1", "skipping 2", "skipping 3"])

    def test_equal_options_give_equal_bytes(self):
        again = self.folder / "again.edge"
        self.convert("-o", again, "--skips", "3")
        self.assertEqual(again.read_bytes(), self.model.read_bytes())

    def test_what_does_not_suit_is_refused(self):
        for words, text in ((["--skips", "nothing"], "no block gives 'nothing'"), (["--skips", "auto", "--exits", "auto"], "does not go"),
                            (["--skips", "auto", "--tokens", "0.5"], "does not go")):
            out = self.folder / "never.edge"
            done = self.convert("-o", out, *words)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(text, done.stderr)
            self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
