"""libedgert through edgert.h, as any outside caller sees it."""
import ctypes as C

import numpy as np

ELEMENT_TYPES = {1: np.float32, 2: np.float16, 3: np.int8, 4: np.uint8, 5: np.int16, 6: np.int32, 7: np.int64, 8: np.bool_}
F32 = 1


def struct(name, *fields):
    """A struct of edgert.h that begins with its own size."""
    kind = type(name, (C.Structure,), {"_fields_": [("struct_size", C.c_uint32), *fields]})

    def new(**values):
        value = kind(C.sizeof(kind))
        for key, setting in values.items():
            setattr(value, key, setting)
        return value

    return new


failure = struct("edgert_error", ("status", C.c_int32), ("section", C.c_uint32), ("node", C.c_uint32),
                 ("offset", C.c_uint64), ("message", C.c_char * 256))
tensor_facts = struct("edgert_tensor_info", ("dtype", C.c_int32), ("rank", C.c_uint32), ("zero_point", C.c_int32),
                      ("scale", C.c_float), ("max_dims", C.c_int64 * 8), ("dynamic_axes", C.c_uint32), ("name", C.c_char_p))
tensor = struct("edgert_tensor", ("dtype", C.c_int32), ("rank", C.c_uint32), ("zero_point", C.c_int32), ("scale", C.c_float),
                ("dims", C.c_int64 * 8), ("data", C.c_void_p), ("bytes", C.c_size_t))
session_options = struct("edgert_session_options", ("threads", C.c_uint32), ("memory", C.c_void_p), ("memory_bytes", C.c_size_t))

run_options = struct("edgert_run_options", ("full_depth", C.c_uint32), ("budget_ns", C.c_uint64), ("exit_threshold", C.c_float),
                     ("token_keep", C.c_float), ("max_exit", C.c_int32), ("exit_criterion", C.c_int32),
                     ("skip_blocks", C.c_int32))
run_report = struct("edgert_run_report", ("exit_taken", C.c_uint32), ("blocks_run", C.c_uint32), ("blocks_skipped", C.c_uint32),
                    ("tokens_kept", C.c_uint32), ("budget_met", C.c_uint32), ("confidence", C.c_float), ("elapsed_ns", C.c_uint64),
                    ("exit_forced", C.c_uint32))


class Model:
    """An opened file with one session."""

    def __init__(self, library, path, threads=1):
        self.calls = C.CDLL(str(library))
        self.error = failure()
        self.model, self.session = C.c_void_p(), C.c_void_p()
        self._check(self.calls.edgert_model_open_file(str(path).encode(), None, C.byref(self.model), C.byref(self.error)))
        options, size, alignment = session_options(threads=threads), C.c_size_t(), C.c_size_t()
        self._check(self.calls.edgert_session_memory(self.model, C.byref(options), C.byref(size), C.byref(alignment)))
        self.session_bytes = size.value
        self._check(self.calls.edgert_session_open(self.model, C.byref(options), C.byref(self.session), C.byref(self.error)))
        self.inputs, self.outputs = self._facts("input"), self._facts("output")

    def run(self, feeds):
        """Float32 outputs by name, for float32 or integer inputs by name."""
        self.feed(feeds)
        self.infer()
        return {facts.name.decode(): self._output(index) for index, facts in enumerate(self.outputs)}

    def feed(self, feeds):
        """Sets float32 or integer inputs, by name."""
        for index, facts in enumerate(self.inputs):
            array = np.asarray(feeds[facts.name.decode()], order="C")
            dtype = facts.dtype if array.dtype.kind in "iub" else F32
            array = array.astype(ELEMENT_TYPES[dtype], copy=False)
            view = tensor(dtype=dtype, rank=array.ndim, data=array.ctypes.data, bytes=array.nbytes)
            view.dims[:array.ndim] = array.shape
            self._check(self.calls.edgert_set_input(self.session, C.c_uint32(index), C.byref(view), C.byref(self.error)))

    def infer(self, **options):
        """Runs on the inputs that are set, by fields of edgert_run_options; the fields of the report."""
        asked, report = run_options(**options), run_report()
        self._check(self.calls.edgert_run(self.session, C.byref(asked), C.byref(report), C.byref(self.error)))
        return {name: getattr(report, name) for name, _ in report._fields_}

    def reset(self):
        """Sets the session's states to what they are before the first run."""
        self._check(self.calls.edgert_session_reset(self.session))

    def close(self):
        self.calls.edgert_session_close(self.session)
        self.calls.edgert_model_close(self.model)

    def output(self, index):
        """An output of the last run as float32."""
        return self._output(index)

    def _output(self, index):
        view, count = tensor(), C.c_size_t()
        self._check(self.calls.edgert_map_output(self.session, C.c_uint32(index), C.byref(view)))
        values = np.empty(view.dims[:view.rank], np.float32)
        self._check(self.calls.edgert_get_output_f32(
            self.session, C.c_uint32(index), values.ctypes.data_as(C.c_void_p), C.c_size_t(values.size), C.byref(count)))
        return values

    def _facts(self, kind):
        found = []
        for index in range(getattr(self.calls, f"edgert_model_{kind}_count")(self.model)):
            facts = tensor_facts()
            self._check(getattr(self.calls, f"edgert_model_{kind}_info")(self.model, C.c_uint32(index), C.byref(facts)))
            found.append(facts)
        return found

    def _check(self, status):
        if status != 0:
            raise RuntimeError(f"status {status}: {self.error.message.decode(errors='replace')}")
