"""The programs that models are measured with: edgeconv, and onnxruntime as the oracle."""
import json
import subprocess

import onnxruntime


def oracle(path):
    """A function from inputs to outputs, both by name, on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))


def convert(tool, model, output, options, shows_progress=False):
    """Runs edgeconv; the parsed report. Its progress, and then its errors, can go to the terminal."""
    report = output.with_suffix(".json")
    command = [str(tool), "convert", str(model), "-o", str(output), "--json", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if shows_progress else subprocess.PIPE, text=True)
    report.write_text(done.stdout)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}: {(done.stderr or '').strip()}")
    return json.loads(done.stdout)
