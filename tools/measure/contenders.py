"""Runtimes that take turns on one model: each gives a call that runs one inference on inputs set before."""
import os

import numpy as np


def edgert(path, threads, feeds):
    """Our library, named by EDGERT_LIBRARY, through its C interface."""
    from .library import Model
    model = Model(os.path.abspath(os.environ["EDGERT_LIBRARY"]), path, threads)
    model.feed(feeds)
    run, arguments = model.calls.edgert_run, (model.session, None, None, None)

    def call(model=model):
        if run(*arguments):
            raise RuntimeError("edgert_run failed")
    return call


def onnxruntime(path, threads, feeds):
    """onnxruntime with all graph optimizations, inputs and outputs bound."""
    import onnxruntime as ort
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    kept = [ort.OrtValue.ortvalue_from_numpy(array) for array in feeds.values()]
    for name, value in zip(feeds, kept):
        binding.bind_ortvalue_input(name, value)
    for output in session.get_outputs():
        binding.bind_output(output.name, "cpu")
    session.run_with_iobinding(binding)
    for output, value in zip(session.get_outputs(), binding.get_outputs()):
        binding.bind_ortvalue_output(output.name, value)
    return lambda kept=kept: session.run_with_iobinding(binding)


def openvino(path, threads, feeds):
    """OpenVINO for latency: one stream, shapes fixed to those of the inputs, inputs bound."""
    import openvino as ov
    core = ov.Core()
    model = core.read_model(str(path))
    model.reshape({name: array.shape for name, array in feeds.items()})
    compiled = core.compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"})
    request = compiled.create_infer_request()
    for name, array in feeds.items():
        request.set_tensor(name, ov.Tensor(array, shared_memory=True))
    return request.infer


def litert(path, threads, feeds):
    """LiteRT with the XNNPACK delegate that it applies by default; takes one picture or sequence."""
    from ai_edge_litert.interpreter import Interpreter
    interpreter = Interpreter(model_path=str(path), num_threads=threads)
    interpreter.allocate_tensors()
    (given,), (array,) = interpreter.get_input_details(), feeds.values()
    if array.ndim == 4:
        array = array.transpose(0, 2, 3, 1)
    if given["dtype"] == np.int8:
        scale, zero = given["quantization"]
        array = np.clip(np.round(array / scale) + zero, -128, 127).astype(np.int8)
    interpreter.set_tensor(given["index"], np.ascontiguousarray(array))
    return interpreter.invoke


CONTENDERS = {"edgert": edgert, "onnxruntime": onnxruntime, "openvino": openvino, "litert": litert}
PEERS = [name for name in CONTENDERS if name != "edgert"]
