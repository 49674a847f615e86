"""edgerun as its users see it: lines, messages, exit codes, files left behind."""
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "bin"
MODEL = ROOT / "Models" / "speech" / "spoken_digits"


def wave(path, samples, rate=8000):
    data = struct.pack(f"<{len(samples)}h", *samples)
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(data)) + data
    pathlib.Path(path).write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


class EdgerunTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.model = cls.folder / "digits.edge"
        subprocess.run([BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "-o", cls.model, "--precision", "f32",
                        "--preprocess", MODEL / "preprocess.json", "--labels", MODEL / "labels.txt"],
                       check=True, capture_output=True)
        cls.clips = cls.folder / "clips"
        cls.clips.mkdir()
        for index in range(12):
            wave(cls.clips / f"clip{index:02}.wav", [(index * 997 * t) % 4001 - 2000 for t in range(8000)])

    def setUp(self):
        self.out = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "results.jsonl"
        self.partial = self.out.with_name("results.jsonl.partial")

    def edgerun(self, *words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run([BIN / "edgerun", *map(str, words)], stderr=subprocess.PIPE, text=True, **options)

    def lines(self, text):
        return [json.loads(line) for line in text.splitlines()]

    def without_times(self, path):
        return [{k: v for k, v in line.items() if k != "ms"} for line in self.lines(path.read_text())]

    def test_one_line_for_every_input_in_order(self):
        wrong_rate = self.folder / "rate.wav"
        wave(wrong_rate, [0] * 16000, rate=16000)
        note = self.folder / "note.txt"
        note.write_text("hello")
        empty = self.folder / "empty"
        empty.mkdir(exist_ok=True)
        inputs = [self.clips / "clip03.wav", wrong_rate, "missing.wav", note, empty, self.clips]
        done = self.edgerun(self.model, *inputs, "--top", 2)
        lines = self.lines(done.stdout)
        self.assertEqual([line["input"] for line in lines],
                         [str(i) for i in inputs[:-1]] + [str(c) for c in sorted(self.clips.iterdir())])
        self.assertEqual(done.returncode, 1)
        for line in lines[:1] + lines[5:]:
            self.assertEqual(len(line["top"]), 2)
            self.assertGreaterEqual(line["top"][0]["score"], line["top"][1]["score"])
            self.assertIn("label", line["top"][0])
            self.assertGreater(line["ms"], 0)
        for line, words in zip(lines[1:5], ["-r 8000", "No such file", "takes none", "no samples"]):
            self.assertIn(words, line["error"])
        self.assertIn("4 of 17 inputs failed", done.stderr)

    def test_names_are_escaped(self):
        odd = self.folder / 'a "b"\n\u00e4\\.wav'
        shutil.copy(self.clips / "clip00.wav", odd)
        self.assertEqual(self.lines(self.edgerun(self.model, odd).stdout)[0]["input"], str(odd))

    def test_threads_do_not_change_results(self):
        outputs = []
        for threads in (1, 4):
            self.edgerun(self.model, self.clips, "-o", self.out, "--threads", threads)
            outputs.append(self.without_times(self.out))
        self.assertEqual(*outputs)

    def test_resume_gives_what_an_undisturbed_run_gives(self):
        self.assertEqual(self.edgerun(self.model, self.clips, "-o", self.out).returncode, 0)
        whole = self.without_times(self.out)
        lines = self.out.read_bytes().splitlines(keepends=True)
        self.out.unlink()
        self.partial.write_bytes(b"".join(lines[:5]) + lines[5][:17])
        done = self.edgerun(self.model, self.clips, "-o", self.out, "--resume")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.without_times(self.out), whole)
        self.assertTrue(self.out.read_bytes().startswith(b"".join(lines[:5])))
        self.assertFalse(self.partial.exists())
        self.assertEqual(self.edgerun(self.model, self.clips, "-o", self.out, "--resume").returncode, 0)

    def test_resume_refuses_results_of_other_inputs(self):
        self.partial.write_text('{"input":"other.wav","ms":1}\n')
        done = self.edgerun(self.model, self.clips, "-o", self.out, "--resume")
        self.assertEqual(done.returncode, 2)
        self.assertIn("other inputs", done.stderr)
        self.assertEqual(self.partial.read_text(), '{"input":"other.wav","ms":1}\n')

    def test_resume_refuses_results_of_another_model(self):
        self.assertEqual(self.edgerun(self.model, self.clips, "-o", self.out).returncode, 0)
        other = self.folder / "other.edge"
        subprocess.run([BIN / "edgeconv", "convert", MODEL / "spoken_digits.onnx", "-o", other, "--precision", "f32",
                        "--preprocess", MODEL / "preprocess.json"], check=True, capture_output=True)
        whole = self.out.read_text()
        done = self.edgerun(other, self.clips, "-o", self.out, "--resume")
        self.assertEqual(done.returncode, 2)
        self.assertIn("another model", done.stderr)
        self.assertEqual(self.out.read_text(), whole)

    def test_no_bar_between_results_on_one_terminal(self):
        """Standard output and error on one terminal: lines only; results to a file: the bar, wiped at the end."""
        for words, wanted in ((["-o", self.out], True), ([], False)):
            primary, secondary = os.openpty()
            subprocess.run([BIN / "edgerun", self.model, self.clips, *map(str, words)], stdout=secondary, stderr=secondary)
            os.close(secondary)
            shown = b""
            try:
                while part := os.read(primary, 65536):
                    shown += part
            except OSError:
                pass
            os.close(primary)
            self.assertEqual(b"[=" in shown, wanted)
            self.assertTrue(not wanted or shown.endswith(b"\r\x1b[K"))

    def test_interruption_keeps_whole_lines(self):
        process = subprocess.Popen([BIN / "edgerun", self.model, *[self.clips] * 400, "-o", self.out],
                                   stderr=subprocess.PIPE, text=True)
        while not self.partial.exists() or self.partial.stat().st_size == 0:
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        message = process.communicate()[1]
        self.assertEqual(process.returncode, 130, message)
        self.assertIn("--resume", message)
        self.assertFalse(self.out.exists())
        self.lines(self.partial.read_text())

    def test_unwritable_output_is_one_message(self):
        with open("/dev/full", "w") as full:
            done = self.edgerun(self.model, self.clips, stdout=full)
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertIn("No space left", done.stderr)
        for target in ("/dev/full", self.folder / "no" / "such" / "folder", self.clips):
            done = self.edgerun(self.model, self.clips, "-o", target)
            self.assertEqual(done.returncode, 2)
            self.assertEqual(done.stderr.count("\n"), 1, done.stderr)

    def test_unusable_models_leave_no_file(self):
        good = self.model.read_bytes()
        for name, content in {"empty": b"", "text": b"hello", "cut": good[:len(good) // 2],
                              "flipped": good[:900] + bytes([good[900] ^ 1]) + good[901:]}.items():
            bad = self.folder / f"{name}.edge"
            bad.write_bytes(content)
            done = self.edgerun(bad, self.clips, "-o", self.out)
            self.assertEqual(done.returncode, 2, name)
            self.assertIn(str(bad), done.stderr)
            self.assertEqual(list(self.out.parent.iterdir()), [])

    def test_bad_usage_names_the_help(self):
        for words in ([], [self.model], [self.model, "x", "--frobnicate"], [self.model, "x", "--threads", "many"],
                      [self.model, "x", "--resume"], [self.model, "x", "-o"], ["bench"], ["eval", self.model],
                      ["bench", self.model, "--top", "2"], ["info", self.model, "extra"]):
            done = self.edgerun(*words)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn("--help", done.stderr)
            self.assertEqual(done.stdout, "")

    def test_help_and_version(self):
        for words in ([], ["bench"], ["eval"], ["info"]):
            done = self.edgerun(*words, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("--threads", done.stdout)
        self.assertRegex(self.edgerun("--version").stdout, r"^edgerun \d+\.\d+\.\d+\n$")

    def test_bench(self):
        figures = json.loads(self.edgerun("bench", self.model, "--runs", 20, "--json", "--profile").stdout)
        self.assertEqual(figures["runs"], 20)
        self.assertLessEqual(figures["min_ms"], figures["median_ms"])
        self.assertLessEqual(figures["median_ms"], figures["p99_ms"])
        self.assertGreater(figures["cold_ms"], figures["first_ms"])
        self.assertGreater(len(figures["nodes"]), 3)
        self.assertIn("latency", self.edgerun("bench", self.model, "--runs", 5).stdout)

    def test_profile(self):
        figures = json.loads(self.edgerun("bench", self.model, "--runs", 5, "--json", "--profile").stdout)
        nodes, operators = figures["nodes"], figures["operators"]
        self.assertAlmostEqual(sum(node["share"] for node in nodes), 1, places=3)
        self.assertAlmostEqual(sum(operator["share"] for operator in operators), 1, places=3)
        self.assertEqual(sum(operator["nodes"] for operator in operators), len(nodes))
        layers = [node for node in nodes if node["op"] == "convolution"]
        self.assertTrue(layers and all(node["macs"] > 0 and node["type"] in ("int8", "float32") for node in layers))
        self.assertTrue(all(node["bytes"] > 0 for node in nodes))
        text = self.edgerun("bench", self.model, "--runs", 5, "--profile").stdout
        self.assertIn("GMAC/s", text)
        self.assertIn("operator, nodes", text)

    def test_as_many_threads_as_processors_may_be_used(self):
        def pin():
            os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        for words in (("--threads", "0"), ("--threads", "auto"), ("--threads=auto",)):
            figures = json.loads(self.edgerun("bench", self.model, "--runs", 1, "--json", *words, preexec_fn=pin).stdout)
            self.assertEqual(figures["threads"], 1)
            figures = json.loads(self.edgerun("bench", self.model, "--runs", 1, "--json", *words).stdout)
            self.assertLessEqual(figures["threads"], len(os.sched_getaffinity(0)))

    def test_eval(self):
        done = self.edgerun("eval", self.model, "--data", MODEL / "samples", "--json")
        self.assertEqual(done.returncode, 0, done.stderr)
        figures = json.loads(done.stdout)
        self.assertEqual(figures["samples"], len(list((MODEL / "samples").glob("*.wav"))))
        self.assertGreater(figures["accuracy"], 0.8)

    def test_info(self):
        figures = json.loads(self.edgerun("info", self.model, "--json").stdout)
        self.assertEqual(figures["inputs"][0]["shape"][-1], 8000)
        self.assertEqual(figures["labels"], 10)
        self.assertEqual(figures["metadata"]["input.kind"], "audio")
        text = self.edgerun("info", self.model).stdout
        self.assertIn(str(figures["session_bytes"]), text)


if __name__ == "__main__":
    unittest.main()
