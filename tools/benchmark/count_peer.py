"""Runs a model in onnxruntime for an instruction counter: once, then RUNS times between two calls of getppid.

usage: count_peer.py MODEL.onnx INPUTS.npz RUNS [OPTIMIZED.onnx]     (inputs and outputs are bound once, one thread)
"""
import os
import sys

import numpy as np
import onnxruntime as ort

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
options.log_severity_level = 3
if len(sys.argv) > 4:
    options.optimized_model_filepath = sys.argv[4]
session = ort.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
binding = session.io_binding()
kept = [(name, ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))) for name, array in np.load(sys.argv[2]).items()]
for name, value in kept:
    binding.bind_ortvalue_input(name, value)
for output in session.get_outputs():
    binding.bind_output(output.name, "cpu")
session.run_with_iobinding(binding)
for output, value in zip(session.get_outputs(), binding.get_outputs()):
    binding.bind_ortvalue_output(output.name, value)
session.run_with_iobinding(binding)
os.getppid()
for _ in range(int(sys.argv[3])):
    session.run_with_iobinding(binding)
os.getppid()
