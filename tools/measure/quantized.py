"""Models of the asset folder as onnxruntime's quantizer writes them, and onnxruntime's answers to compare with."""
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime import quantization
from onnxruntime.quantization.shape_inference import quant_pre_process


@dataclass
class Form:
    """How a model is quantized, and how its file is bounded; `weights_only` leaves out products of two activations."""
    name: str
    settings: dict
    bounds: tuple = ()
    weights_only: bool = False


PER_CHANNEL = dict(per_channel=True, activation_type=quantization.QuantType.QUInt8, weight_type=quantization.QuantType.QInt8)
# What quantize_static does unless told otherwise: int8 activations, one scale a weight tensor.
DEFAULT = dict(per_channel=False, activation_type=quantization.QuantType.QInt8, weight_type=quantization.QuantType.QInt8)
# Products and look-ups alone: one scale for scores and a mask of -10000 would leave nothing of the scores.
PRODUCTS = dict(PER_CHANNEL, op_types_to_quantize=["MatMul", "Gather"])
# Products with weights alone, their results in float: what encoders lose least by.
WEIGHTED = dict(PER_CHANNEL, op_types_to_quantize=["MatMul", "Gemm"],
                extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]})


class Reader(quantization.CalibrationDataReader):
    """Feeds samples to the quantizer."""

    def __init__(self, feeds):
        self.feeds = iter(feeds)

    def get_next(self):
        return next(self.feeds, None)


def single(source, target):
    """Stores a model with its half-float weights as float32: the quantizer writes no valid model of others."""
    model = onnx.load(source)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT16:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float32), tensor.name))
    del model.graph.value_info[:]
    onnx.save(model, target)


def quantize(source, target, form, feeds):
    """Writes the QDQ form of a model, calibrated on some feeds."""
    plain, prepared = target.with_suffix(".f32.onnx"), target.with_suffix(".pre.onnx")
    single(source, plain)
    quant_pre_process(str(plain), str(prepared), skip_symbolic_shape=True)
    excluded = []
    if form.weights_only:
        graph = onnx.load(prepared).graph
        constants = {tensor.name for tensor in graph.initializer}
        excluded = [node.name for node in graph.node if node.op_type == "MatMul" and node.input[1] not in constants]
    quantization.quantize_static(
        str(prepared), str(target), Reader(feeds), quant_format=quantization.QuantFormat.QDQ, nodes_to_exclude=excluded,
        **form.settings)


def signed(path):
    """The same model with activations of int8: every code and zero point 128 less, so the same answers by definition.

    onnxruntime's kernels for uint8 with int8 saturate sums of two products on x86 without VNNI; those for int8 with int8 are exact.
    """
    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.UINT8:
            codes = numpy_helper.to_array(tensor).astype(np.int16) - 128
            tensor.CopyFrom(numpy_helper.from_array(codes.astype(np.int8), tensor.name))
    return model.SerializeToString()


def oracle(path):
    """onnxruntime on a quantized model, by its integer kernels."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    # Without it onnxruntime on x86 computes layers of int8 activations in float.
    options.add_session_config_entry("session.qdqisint8allowed", "1")
    session = onnxruntime.InferenceSession(signed(path), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))


def steps(path):
    """The scale of every output that is dequantized, by name."""
    graph = onnx.load(path).graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    found = {}
    for output in graph.output:
        maker = makers[output.name]
        if maker.op_type == "DequantizeLinear":
            found[output.name] = float(numpy_helper.to_array(constants[maker.input[1]]))
    return found
