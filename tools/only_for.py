#!/usr/bin/env python3
"""Narrows the library's objects to the operators of some models. Called by `tools/build --only-for`.

usage: only_for.py --objects DIR --select OBJECT --out DIR --nm NM --objcopy OBJCOPY MODEL.edge...

Reads the plans of the models and writes to --out: `OperatorTable.swift.o` and `select.c.o`, in which every reference to an
operator or a kernel that no model uses leads to `edge_operator_absent`, so that the linker drops what they referred to; and
`operators.h`, the sets that operator_set.c is compiled with; `absent.link`, options of the linker. Prints the operators that stay.
"""
import argparse
import re
import struct
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = ROOT / "Sources/EdgeRuntime"
INT8 = 3  # EDGERT_I8
TENSORS, NODES, OPERANDS = 1, 2, 3  # Section.swift


def plan(path):
    """(operator code, whether the first operand is int8) of every node; sections as docs/format.md says."""
    data = path.read_bytes()
    if data[:8] != b"\x89EDGE\r\n\x1a":
        sys.exit(f"{path}: not a .edge file: make one with edgeconv convert")
    count = struct.unpack_from("<I", data, 96)[0]
    sections = {}
    for index in range(count):
        kind, _, offset, size, records = struct.unpack_from("<IIQQQ", data, 128 + 32 * index)
        sections[kind] = (offset, records)
    tensors, operands = sections[TENSORS][0], sections[OPERANDS][0]
    start, nodes = sections[NODES]
    for index in range(nodes):
        code, inputs, _, first = struct.unpack_from("<HBBI", data, start + 32 * index)
        tensor = struct.unpack_from("<I", data, operands + 4 * first)[0] if inputs else 0xFFFFFFFF
        yield code, tensor != 0xFFFFFFFF and data[tensors + 96 * tensor + 4] == INT8


def registry():
    """Operator codes by case, and the type that implements each case, from the sources that are their one list."""
    codes = re.findall(r"case (\w+) = (\d+)", (ROOT / "Sources/EdgeFormat/OpCode.swift").read_text())
    table = (RUNTIME / "OperatorTable.swift").read_text()
    types = {case: kind for cases, kind in re.findall(r"case ([.\w, \n]+):\s+try (\w+)\.check", table)
             for case in re.findall(r"\.(\w+)", cases)}
    return {name: int(code) for name, code in codes}, types


def kernel_fields(kind=None):
    """Fields of the kernel table that an operator's files use; of files of no operator when there is none."""
    _, types = registry()
    found = set()
    for path in RUNTIME.rglob("*.swift"):
        owners = [name for name in set(types.values()) if path.parent.name == "Operators" and path.stem.startswith(name)]
        owner = max(owners, key=len, default=None)
        if owner == kind and path.stem != "OperatorTable":
            text = path.read_text()
            found |= set(re.findall(r"pointee\s*\.(\w+)", text))
            found |= {field for name, fields in composed() if f"{name}(" in text for field in fields}
    return found


def composed():
    """Functions that compute with a kernel table that they are given, each with the fields that its file uses."""
    for path in (ROOT / "Sources/CEdgeKernels").rglob("*.c"):
        text = path.read_text()
        fields = set(re.findall(r"kernels->(\w+)", text))
        for name in re.findall(r"^void (edge_\w+)\(const edge_kernels \*", text, re.M) if fields else ():
            yield name, fields


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--objects", "--select", "--out", "--nm", "--objcopy"):
        parser.add_argument(name, required=True)
    parser.add_argument("models", nargs="+", type=Path)
    arguments = parser.parse_args()
    objects, out = Path(arguments.objects), Path(arguments.out)
    out.mkdir(parents=True, exist_ok=True)

    used = {pair for path in arguments.models for pair in plan(path)}
    codes, types = registry()
    names = {code: name for name, code in codes.items()}
    kept_types, kernels = set(), kernel_fields()
    for code, is_int8 in used:
        kind = types[names[code]]
        kept_types.add(kind)
        fields = kernel_fields(kind)
        # A kernel of the other element type stays out, unless this operator has but one.
        other = "_f32" if is_int8 else "_s8"
        same = "_s8" if is_int8 else "_f32"
        kernels |= {field for field in fields if not (field.endswith(other) and field[:-len(other)] + same in fields)}

    links = narrow(objects / "EdgeRuntime.build/OperatorTable.swift.o", out, arguments, lambda symbol: not any(
        f"11EdgeRuntime{len(kind)}{kind}" in symbol for kind in set(types.values()) - kept_types))
    table = (ROOT / "Sources/CEdgeKernels/select.c").read_text().replace("\\\n", " ")
    functions = dict((function, field) for field, function in re.findall(r"\.(\w+)\s*=\s*(edge_\w+__)##isa", table))
    links += narrow(Path(arguments.select), out, arguments,
           lambda symbol: functions.get(re.sub(r"__\w+?$", "__", symbol), None) in kernels | {None})

    sets = [[0, 0], [0, 0]]
    for code, is_int8 in used:
        sets[is_int8][code // 64] |= 1 << code % 64
    (out / "operators.h").write_text("".join(
        f"#define EDGE_OPERATORS{suffix} {{{low:#x}ull, {high:#x}ull}}\n" for suffix, (low, high) in zip(("", "_S8"), sets)))
    (out / "absent.link").write_text("\n".join(links) + "\n")
    print("operators: " + " ".join(sorted({names[code] + (" (int8)" if is_int8 else "") for code, is_int8 in used})))


def narrow(path, out, arguments, keeps):
    """A copy of an object whose references that `keeps` refuses lead nowhere."""
    listing = subprocess.run([arguments.nm, "--undefined-only", str(path)], check=True, capture_output=True, text=True).stdout
    absent = [line.split()[-1] for line in listing.splitlines() if not keeps(line.split()[-1])]
    renames = out / (path.name + ".renames")
    stand_in = f"edge_absent_{path.stem.split('.')[0]}_"  # objcopy wants each target once
    renames.write_text("".join(f"{symbol} {stand_in}{i}\n" for i, symbol in enumerate(absent)))
    subprocess.run([arguments.objcopy, f"--redefine-syms={renames}", str(path), str(out / path.name)], check=True)
    return [f"-Wl,--defsym={stand_in}{i}=edge_operator_absent" for i in range(len(absent))]


if __name__ == "__main__":
    main()
