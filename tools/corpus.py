#!/usr/bin/env python3
"""Makes Tests/Corpus: a sound `.edge` file and many damaged ones, each with the status a reader must give.

usage: corpus.py BASE.edge OUT_DIR

BASE is a small model with one INT8 convolution at least. Every damaged file but those about the digest gets a digest that fits,
as a hostile writer would give it. Offsets are those of docs/format.md.
"""
import hashlib
import os
import struct
import sys

HEADER, SECTION = 128, 32
TENSORS, NODES, OPERANDS, PARAMETERS, WEIGHTS, NAMES, METADATA, INTERFACE, SYMBOLS, EXPRESSIONS = range(1, 11)
TENSOR, NODE = 96, 32
CORRUPT, FEATURE = "EDGERT_MODEL_CORRUPT", "EDGERT_FEATURE_UNSUPPORTED"


class File:
    """The bytes of a `.edge` file with its section table."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.sections = {}
        for i in range(struct.unpack_from("<I", data, 96)[0]):
            kind, _, offset, size, count = struct.unpack_from("<IIQQQ", data, HEADER + i * SECTION)
            self.sections[kind] = (HEADER + i * SECTION, offset, size, count)

    def at(self, kind, record=0, size=1, field=0):
        return self.sections[kind][1] + record * size + field

    def put(self, layout, offset, *values):
        struct.pack_into("<" + layout, self.data, offset, *values)
        return self

    def get(self, layout, offset):
        return struct.unpack_from("<" + layout, self.data, offset)[0]

    def sealed(self):
        self.data[32:64] = hashlib.sha256(self.data[:32] + self.data[64:]).digest()
        return bytes(self.data)


def cases(base):
    """Yields (name, bytes, status, why)."""
    def fresh():
        return File(base)

    f = fresh()
    node_count, tensor_count = f.sections[NODES][3], f.sections[TENSORS][3]
    codes = [f.get("H", f.at(NODES, n, NODE)) for n in range(node_count)]
    conv = next(i for i, code in enumerate(codes) if code == 1)
    parameters = f.at(PARAMETERS) + f.get("I", f.at(NODES, conv, NODE, 8))
    operand = f.at(OPERANDS) + 4 * f.get("I", f.at(NODES, conv, NODE, 4))
    weights = f.get("I", operand + 4)
    arena = next(t for t in range(tensor_count) if f.data[f.at(TENSORS, t, TENSOR, 5)] == 0)

    yield "sound", base, "EDGERT_OK", "the base file itself"
    yield "empty", b"", "EDGERT_NOT_A_MODEL", "no bytes"
    yield "one_byte", base[:1], "EDGERT_NOT_A_MODEL", "one byte"
    yield "text", b"This is a text file, not a model.\n" * 8, "EDGERT_NOT_A_MODEL", "another kind of file"
    yield "magic_crlf", base.replace(b"\r\n", b"\n", 1), "EDGERT_NOT_A_MODEL", "went through a text-mode transfer"
    yield "magic_only", base[:8], CORRUPT, "cut off behind the magic"
    yield "cut_header", base[:100], CORRUPT, "cut off inside the header"
    yield "cut_table", base[:HEADER + 40], CORRUPT, "cut off inside the section table"
    yield "cut_half", base[:len(base) // 2], CORRUPT, "cut off in the middle"
    yield "cut_last_byte", base[:-1], CORRUPT, "last byte missing"
    yield "trailing_byte", base + b"\0", CORRUPT, "one byte too many"
    flipped = bytearray(base)
    flipped[-1] ^= 1
    yield "flipped_last_bit", bytes(flipped), "EDGERT_DIGEST_MISMATCH", "one bit differs at the end"
    flipped = bytearray(base)
    flipped[fresh().at(WEIGHTS) + 5] ^= 0x10
    yield "flipped_weight", bytes(flipped), "EDGERT_DIGEST_MISMATCH", "one bit of a weight differs"
    flipped = bytearray(base)
    flipped[40] ^= 0x80
    yield "flipped_digest", bytes(flipped), "EDGERT_DIGEST_MISMATCH", "one bit of the digest differs"

    def made(name, edit, status, why):
        file = fresh()
        edit(file)
        return name, file.sealed(), status, why

    yield made("major_2", lambda f: f.put("H", 8, 2), "EDGERT_VERSION_UNSUPPORTED", "a newer format")
    yield made("major_0", lambda f: f.put("H", 8, 0), "EDGERT_VERSION_UNSUPPORTED", "no such format")
    yield made("needs_runtime_9", lambda f: f.put("I", 12, 9 << 16), "EDGERT_VERSION_UNSUPPORTED", "needs a newer runtime")
    yield made("feature_bit", lambda f: f.put("Q", 16, 1 << 40), FEATURE, "an unknown required feature")
    yield made("file_bytes_wrong", lambda f: f.put("Q", 24, len(base) * 2), CORRUPT, "the header's size is wrong")
    yield made("arena_huge", lambda f: f.put("Q", 64, 1 << 62), CORRUPT, "an arena of 2^62 bytes")
    yield made("arena_small", lambda f: f.put("Q", 64, 0), CORRUPT, "an arena too small for its tensors")
    yield made("arena_odd", lambda f: f.put("Q", 64, f.get("Q", 64) + 1), CORRUPT, "an arena of odd size")
    yield made("sections_many", lambda f: f.put("I", 96, 0xFFFFFFFF), CORRUPT, "2^32 sections")
    yield made("sections_none", lambda f: f.put("I", 96, 0), CORRUPT, "no sections")

    def section(kind):
        return fresh().sections[kind][0]

    yield made("section_unknown", lambda f: f.put("I", section(METADATA), 99), FEATURE, "an unknown required section")
    yield made("section_doubled", lambda f: f.put("I", section(METADATA), NAMES), CORRUPT, "two sections of names")
    yield made("section_unaligned", lambda f: f.put("Q", section(NODES) + 8, f.at(NODES) + 4), CORRUPT, "a section at an odd place")
    yield made("section_outside", lambda f: f.put("Q", section(WEIGHTS) + 8, 1 << 40), CORRUPT, "a section past the end")
    yield made("section_wraps", lambda f: f.put("QQ", section(WEIGHTS) + 8, 64, (1 << 64) - 64), CORRUPT, "offset + size overflows")
    yield made("section_count", lambda f: f.put("Q", section(NODES) + 24, 1 << 60), CORRUPT, "more records than bytes")
    yield made("names_open", lambda f: f.put("B", f.at(NAMES) + f.sections[NAMES][2] - 1, 65), CORRUPT, "the last name does not end")
    yield made("interface_many", lambda f: f.put("I", f.at(INTERFACE), 1 << 30), CORRUPT, "2^30 inputs")
    yield made("interface_tensor", lambda f: f.put("I", f.at(INTERFACE) + 8, 0x7FFFFFFF), CORRUPT, "an input that is no tensor")

    def tensor(field, index=arena):
        return fresh().at(TENSORS, index, TENSOR, field)

    yield made("tensor_type", lambda f: f.put("B", tensor(4), 77), CORRUPT, "an unknown element type")
    yield made("tensor_storage", lambda f: f.put("B", tensor(5), 9), CORRUPT, "an unknown storage")
    yield made("tensor_rank", lambda f: f.put("B", tensor(6), 9), CORRUPT, "rank 9")
    yield made("tensor_name", lambda f: f.put("I", tensor(0), 0xFFFFFFF0), CORRUPT, "a name outside the names")
    yield made("tensor_scale_nan", lambda f: f.put("I", tensor(8), 0x7FC00000), CORRUPT, "a scale that is not a number")
    yield made("tensor_negative_axis", lambda f: f.put("i", tensor(24), -5), CORRUPT, "an axis of negative size")
    yield made("tensor_huge", lambda f: f.put("iiii", tensor(24), *[0x7FFFFFFF] * 4), CORRUPT, "a size that overflows")
    yield made("tensor_bytes", lambda f: f.put("Q", tensor(80), f.get("Q", tensor(80)) + 64), CORRUPT, "bytes that are not the product of the axes")
    yield made("tensor_outside", lambda f: f.put("Q", tensor(72), 1 << 50), CORRUPT, "a tensor outside the arena")
    yield made("tensor_offset_wraps", lambda f: f.put("Q", tensor(72), (1 << 64) - 64), CORRUPT, "an offset that overflows")
    yield made("tensor_unaligned", lambda f: f.put("Q", tensor(72), f.get("Q", tensor(72)) + 8), CORRUPT, "a tensor at an odd place")
    yield made("tensor_expression", lambda f: f.put("H", tensor(56), 60000), CORRUPT, "a size expression that is not there")
    dynamic = next(i for i in range(f.sections[EXPRESSIONS][3]) if f.get("I", f.at(EXPRESSIONS, i, 16)) == 1)
    yield made("size_expression", lambda f: f.put("IiI", f.at(EXPRESSIONS, dynamic, 16), 0, 3, 0), CORRUPT, "a bound that its expression does not give")
    yield made("weight_outside", lambda f: f.put("Q", tensor(72, weights), 1 << 30), CORRUPT, "a weight outside the weights")

    def node(field, index=conv):
        return fresh().at(NODES, index, NODE, field)

    yield made("node_code", lambda f: f.put("H", node(0), 999), FEATURE, "an unknown operator")
    yield made("node_exit", lambda f: f.put("H", node(0), 60), CORRUPT, "an early exit with a convolution's operands")
    yield made("node_skip", lambda f: f.put("H", node(0), 61), CORRUPT, "a skip with a convolution's operands")
    yield made("node_operands", lambda f: f.put("I", node(4), 0x7FFFFFFF), CORRUPT, "operands outside the list")
    yield made("node_tensor", lambda f: f.put("I", operand, 0x00FFFFFF), CORRUPT, "an operand that is no tensor")
    yield made("node_absent", lambda f: f.put("I", operand, 0xFFFFFFFF), CORRUPT, "a convolution without input")
    yield made("node_inputs", lambda f: f.put("B", node(2), 1), CORRUPT, "a convolution with one input")
    yield made("node_parameters", lambda f: f.put("I", node(8), 0x7FFFFFFC), CORRUPT, "parameters outside their section")
    yield made("node_parameter_bytes", lambda f: f.put("I", node(12), 4), CORRUPT, "too few parameters")
    yield made("node_writes_weights", lambda f: f.put("I", operand + 4 * f.data[node(2)], weights), CORRUPT, "an output in the weights")
    for field, name in ((0, "kernel"), (8, "stride"), (16, "dilation"), (40, "groups")):
        yield made(f"conv_{name}_zero", lambda f: f.put("i", parameters + field, 0), CORRUPT, f"{name} 0")
        yield made(f"conv_{name}_huge", lambda f: f.put("i", parameters + field, 0x7FFFFFFF), CORRUPT, f"{name} 2^31 - 1")
    yield made("conv_pad_negative", lambda f: f.put("i", parameters + 24, -3), CORRUPT, "a negative pad")
    yield made("conv_pad_huge", lambda f: f.put("i", parameters + 24, 0x7FFFFFF0), CORRUPT, "a pad of 2^31")
    yield made("conv_input_is_weight", lambda f: f.put("I", operand, weights), CORRUPT, "weights where the input should be")
    yield made("conv_weight_is_input", lambda f: f.put("I", operand + 4, f.get("I", operand)), CORRUPT, "an activation where the weights should be")
    yield made("conv_bias_is_weight", lambda f: f.put("I", operand + 8, weights), CORRUPT, "weights where the bias should be")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    base, out = open(sys.argv[1], "rb").read(), sys.argv[2]
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "expected.tsv"), "w") as expected:
        for name, data, status, why in cases(base):
            with open(os.path.join(out, name + ".edge"), "wb") as f:
                f.write(data)
            expected.write(f"{name}.edge\t{status}\t{why}\n")


if __name__ == "__main__":
    main()
