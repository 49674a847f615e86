"""An encoder whose tokens leave on the way, as its users see it."""
import json
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile

from test_edgerun import BIN, ROOT

ENCODER = ROOT / "Tests" / "Models" / "pipelines" / "encoder.onnx"


def sample(path, tokens):
    """An .npz file with input_ids [1, T]."""
    head = f"{{'descr': '<i8', 'fortran_order': False, 'shape': (1, {len(tokens)}), }}"
    head = head.ljust(127 - 10) + "\n"
    data = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(tokens)}q", *tokens)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("input_ids.npy", data)


class TokensTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        (cls.folder / "texts").mkdir()
        for index in range(12):
            sample(cls.folder / "texts" / f"{index:02}.npz", [(index * 7 + 3 * t) % 16 for t in range(1 + index)])
        cls.plain, cls.model = cls.folder / "plain.edge", cls.folder / "tokens.edge"
        for path, words in ((cls.plain, []), (cls.model, ["--tokens", "0.5"])):
            done = cls.convert("-o", path, *words)
            assert done.returncode == 0, done.stderr

    @classmethod
    def convert(cls, *words):
        return subprocess.run([BIN / "edgeconv", "convert", ENCODER, "--bound", "T=16", *map(str, words)],
                              capture_output=True, text=True)

    def run_all(self, model, *words):
        done = subprocess.run([BIN / "edgerun", model, self.folder / "texts", *words], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [{k: v for k, v in json.loads(line).items() if k not in ("ms", "model")} for line in done.stdout.splitlines()]

    def test_all_tokens_are_the_plain_model(self):
        plain = self.run_all(self.plain)
        for words in (["--token-keep", "1"], ["--full-depth"]):
            lines = self.run_all(self.model, *words)
            self.assertEqual([line.pop("tokens") for line in lines], list(range(1, 13)))
            self.assertEqual(lines, plain)

    def test_half_of_the_tokens_leave_at_each_of_two_layers(self):
        expected = [(-(-n // 2) + 1) // 2 for n in range(1, 13)]
        for words in ([], ["--token-keep", "0.5"]):
            self.assertEqual([line["tokens"] for line in self.run_all(self.model, *words)], expected)
        self.assertEqual([line["tokens"] for line in self.run_all(self.model, "--token-keep", "0.001")], [1] * 12)

    def test_the_report_says_what_leaving_costs(self):
        done = self.convert("-o", self.folder / "reported.edge", "--tokens", "0.6", "--calibrate", self.folder / "texts", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        rows = found["tokens"]["rows"]
        self.assertEqual([row["part"] for row in rows], [n / 20 for n in range(20, 7, -1)])
        self.assertEqual((rows[0]["cost"], rows[0]["loss"]), (1, 0))
        costs = [row["cost"] for row in rows]
        self.assertEqual(costs, sorted(costs, reverse=True))
        self.assertIn("without a certificate", " ".join(warning["text"] for warning in found["warnings"]))

    def test_what_tokens_cannot_leave(self):
        for words, message in ((["--tokens", "2"], "above 0 and at most 1"),
                               (["--tokens", "0.5", "--exits", "auto"], "keep all tokens"),
                               (["--tokens", "auto"], "samples with --validate"),
                               (["--tokens", "0.5", "--size", "T=8"], "run-time number")):
            out = self.folder / "never.edge"
            done = self.convert("-o", out, *words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(message, done.stderr)
            self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
