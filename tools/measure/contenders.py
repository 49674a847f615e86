"""Runtimes that take turns on one model: each gives a call that runs one inference on inputs set before."""
import os


def edgert(library, path, threads, feeds):
    """Our library through its C interface."""
    from .library import Model
    model = Model(os.path.abspath(library), path, threads)
    model.feed(feeds)
    return model.infer


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


PEERS = {"onnxruntime": onnxruntime, "openvino": openvino}
