#!/usr/bin/env python3
"""Writes a network as LiteRT files: NAME.f32.tflite and its INT8 forms. Needs tensorflow.

usage: networks_litert.py NAME FOLDER

NAME.int8.tflite is quantized throughout (pictures: int8 input and output); NAME.dynamic.tflite, of encoders, has int8 weights and
quantizes activations as it runs. Layers with a stride are padded as TensorFlow does, one pixel off ONNX's, which spares LiteRT an
operator and is the same work.
"""
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from networks import ENCODERS, NETWORKS, Builder


class LiteRTBuilder(Builder):
    """A tensor is TensorFlow's, pictures `[1, H, W, C]`; constants are made once, on the first trace."""

    def __init__(self, x):
        super().__init__()
        self.x, self.results = x, []

    def shape(self, x):
        shape = [int(size) for size in x.shape]
        return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else shape

    def input(self, shape):
        return self.x

    def output(self, x):
        self.results.append(x)

    @staticmethod
    def activated(x, activation):
        return {None: tf.identity, "relu": tf.nn.relu, "relu6": tf.nn.relu6}[activation](x)

    def _conv(self, x, weight, bias, stride, groups, activation):
        weight, strides = weight.transpose(2, 3, 1, 0), [1, stride, stride, 1]
        if groups == 1:
            y = tf.nn.conv2d(x, weight, strides, "SAME")
        else:
            y = tf.nn.depthwise_conv2d(x, weight.transpose(0, 1, 3, 2), strides, "SAME")
        return self.activated(y + bias, activation)

    def _transposed(self, x, weight, bias, stride):
        _, height, width, _ = x.shape
        y = tf.nn.conv2d_transpose(x, weight.transpose(2, 3, 1, 0), [1, height * stride, width * stride, weight.shape[1]],
                                   [1, stride, stride, 1], "VALID")
        return tf.nn.relu(y + bias)

    def add(self, a, b, activation=None):
        return self.activated(a + b, activation)

    def max_pool(self, x):
        return tf.nn.max_pool2d(x, 3, 2, "SAME")

    def concat(self, parts):
        return tf.concat(parts, -1)

    def _classify(self, x, weight, bias):
        return tf.matmul(tf.reduce_mean(x, [1, 2]), weight.T) + bias

    def _linear(self, x, weight, bias):
        rows, inputs = int(np.prod(x.shape[:-1])), int(x.shape[-1])
        return tf.reshape(tf.matmul(tf.reshape(x, [rows, inputs]), weight.T) + bias, [*x.shape[:-1], len(weight)])

    def _normalize(self, x, scale, bias):
        centred = x - tf.reduce_mean(x, -1, keepdims=True)
        return centred * tf.math.rsqrt(tf.reduce_mean(centred * centred, -1, keepdims=True) + 1e-5) * scale + bias

    def gelu(self, x):
        return tf.nn.gelu(x)

    def attention(self, query, key, value, heads):
        _, tokens, width = query.shape
        query, key, value = (tf.transpose(tf.reshape(x, [1, tokens, heads, width // heads]), [0, 2, 1, 3])
                             for x in (query, key, value))
        scores = tf.nn.softmax(tf.matmul(query, key, transpose_b=True) / np.float32(np.sqrt(width // heads)))
        return tf.reshape(tf.transpose(tf.matmul(scores, value), [0, 2, 1, 3]), [1, tokens, width])


class InputShape(Builder):
    """Learns what a network takes, and describes no further."""

    class Known(Exception):
        pass

    def input(self, shape):
        self.found = [shape[0], *shape[2:], shape[1]] if len(shape) == 4 else shape
        raise self.Known


def input_shape(name):
    builder = InputShape()
    try:
        NETWORKS[name](builder)
    except InputShape.Known:
        return builder.found


def main(name, folder):
    shape = input_shape(name)

    def network(x):
        builder = LiteRTBuilder(x)
        NETWORKS[name](builder)
        return builder.results

    function = tf.function(network, autograph=False, input_signature=[tf.TensorSpec(shape, tf.float32)])
    concrete = function.get_concrete_function()
    random = np.random.default_rng(1)
    samples = [[random.standard_normal(shape).astype(np.float32)] for _ in range(3)]
    for form in ["f32", "int8"] + ["dynamic"] * (name in ENCODERS):
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
        if form != "f32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if form == "int8":
            converter.representative_dataset = lambda: iter(samples)
            if name not in ENCODERS:
                converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
                converter.inference_input_type = converter.inference_output_type = tf.int8
        (Path(folder) / f"{name}.{form}.tflite").write_bytes(converter.convert())


if __name__ == "__main__":
    main(*sys.argv[1:])
