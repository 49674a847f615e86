import CEdgeHost
import CEdgeRT
import EdgeFormat
import EdgeSamples

/// An open model and a session on it, through `edgert.h` alone.
struct Engine: ~Copyable {
  /// The first 12 hexadecimal digits of the model file's SHA-256.
  let fingerprint: String
  /// What the model takes.
  let inputs: [InputDescription]
  /// What the model gives; shapes are upper bounds.
  let outputs: [OutputDescription]
  /// What a session keeps from run to run; shapes are upper bounds.
  let states: [OutputDescription]
  /// Early exits of the model, and blocks that a run can skip.
  let exitCount: Int
  let skipCount: Int
  /// Bytes of a session with the chosen number of threads.
  let sessionBytes: Int
  /// Time to open the model, then the session.
  let openNanoseconds: (model: UInt64, session: UInt64)

  private let model: OpaquePointer
  private let session: OpaquePointer

  /// Opens a model file and a session.
  ///
  /// - Throws: an error with the library's message, beginning with the path.
  init(path: String, threads: Int) throws(CommandError) {
    var detail = edgert_error()
    detail.struct_size = UInt32(MemoryLayout<edgert_error>.size)
    let start = edge_host_nanoseconds()
    var opened: OpaquePointer?
    guard edgert_model_open_file(path, nil, &opened, &detail) == EDGERT_OK, let opened else {
      throw CommandError(path + ": " + Engine.message(detail))
    }
    let middle = edge_host_nanoseconds()
    var options = edgert_session_options()
    options.struct_size = UInt32(MemoryLayout<edgert_session_options>.size)
    options.threads = UInt32(threads)
    var bytes = 0
    var alignment = 0
    var session: OpaquePointer?
    guard edgert_session_memory(opened, &options, &bytes, &alignment) == EDGERT_OK,
      edgert_session_open(opened, &options, &session, &detail) == EDGERT_OK, let session
    else {
      edgert_model_close(opened)
      throw CommandError(path + ": " + Engine.message(detail))
    }
    openNanoseconds = (middle - start, edge_host_nanoseconds() - middle)
    sessionBytes = bytes
    inputs = (0..<edgert_model_input_count(opened)).map { index in
      var info = Engine.emptyInfo()
      _ = edgert_model_input_info(opened, index, &info)
      return Engine.description(info)
    }
    outputs = (0..<edgert_model_output_count(opened)).map { index in
      var info = Engine.emptyInfo()
      _ = edgert_model_output_info(opened, index, &info)
      return Engine.outputDescription(info)
    }
    states = (0..<edgert_model_state_count(opened)).map { index in
      var info = Engine.emptyInfo()
      _ = edgert_model_state_info(opened, index, &info)
      return Engine.outputDescription(info)
    }
    exitCount = Int(edgert_model_exit_count(opened))
    skipCount = Int(edgert_model_skip_count(opened))
    fingerprint = Engine.fingerprint(path)
    model = opened
    self.session = session
  }

  deinit {
    edgert_session_close(session)
    edgert_model_close(model)
  }

  /// The text of a metadata key; nil when the model has none.
  func metadata(_ key: String) -> String? {
    edgert_model_metadata(model, key).map { String(cString: $0) }
  }

  /// What the model's metadata says of its inputs and outputs, as the options change it.
  func preprocessing(_ options: Options) throws(CommandError) -> Preprocessing {
    let model = model
    do throws(SampleError) {
      let rules = try Preprocessing { key in
        edgert_model_metadata(model, key).map { String(cString: $0) }
      }
      return options.isResampling ? rules.resampling : rules
    } catch {
      throw CommandError(error.message)
    }
  }

  /// Clears what the model keeps from run to run.
  func reset() {
    _ = edgert_session_reset(session)
  }

  /// Sets every input and runs once.
  ///
  /// - Throws: the library's message.
  func run(
    _ tensors: [SampleTensor], _ limits: RunLimits = RunLimits()
  ) throws(SampleError) -> Report {
    for index in tensors.indices { try setInput(index, tensors[index]) }
    var options = edgert_run_options()
    options.struct_size = UInt32(MemoryLayout<edgert_run_options>.size)
    options.budget_ns = limits.budgetNanoseconds
    options.exit_threshold = limits.exitThreshold
    options.exit_criterion = limits.criterion
    options.max_exit = limits.maxExit
    options.full_depth = limits.isFullDepth ? 1 : 0
    options.token_keep = limits.tokenKeep
    options.skip_blocks = limits.skippedBlocks
    var report = edgert_run_report()
    report.struct_size = UInt32(MemoryLayout<edgert_run_report>.size)
    var detail = edgert_error()
    detail.struct_size = UInt32(MemoryLayout<edgert_error>.size)
    guard edgert_run(session, &options, &report, &detail) == EDGERT_OK else {
      throw SampleError(Engine.message(detail))
    }
    return Report(
      nanoseconds: report.elapsed_ns, exitTaken: Int(report.exit_taken),
      blocksSkipped: Int(report.blocks_skipped),
      isBudgetMet: report.budget_met != 0, tokensKept: Int(report.tokens_kept))
  }

  private func setInput(_ index: Int, _ tensor: SampleTensor) throws(SampleError) {
    var view = edgert_tensor()
    view.struct_size = UInt32(MemoryLayout<edgert_tensor>.size)
    view.dtype = edgert_dtype(tensor.elementType.rawValue)
    view.rank = UInt32(tensor.shape.count)
    withUnsafeMutableBytes(of: &view.dims) { dims in
      for (axis, extent) in tensor.shape.enumerated() {
        dims.storeBytes(of: Int64(extent), toByteOffset: axis * 8, as: Int64.self)
      }
    }
    var detail = edgert_error()
    detail.struct_size = UInt32(MemoryLayout<edgert_error>.size)
    let status = tensor.bytes.withUnsafeBytes { bytes in
      // The library only reads through this pointer.
      view.data = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
      view.bytes = bytes.count
      return edgert_set_input(session, UInt32(index), &view, &detail)
    }
    if status != EDGERT_OK { throw SampleError(Engine.message(detail)) }
  }

  /// The outputs of the last run.
  func results() throws(SampleError) -> [ModelOutput] {
    var all: [ModelOutput] = []
    for index in outputs.indices { all.append(try output(index)) }
    return all
  }

  /// An output of the last run as float32; wide integers are rounded.
  func output(_ index: Int) throws(SampleError) -> ModelOutput {
    let name = outputs[index].name
    var view = edgert_tensor()
    view.struct_size = UInt32(MemoryLayout<edgert_tensor>.size)
    guard edgert_map_output(session, UInt32(index), &view) == EDGERT_OK else {
      throw SampleError("output '" + name + "' is not available")
    }
    let shape = Engine.shape(view.dims, rank: view.rank)
    let count = shape.reduce(1, *)
    var status = EDGERT_OK
    let values = [Float](unsafeUninitializedCapacity: count) { target, used in
      status = edgert_get_output_f32(session, UInt32(index), target.baseAddress, count, &used)
      if status != EDGERT_OK { used = 0 }
    }
    if status == EDGERT_OK { return ModelOutput(name: name, shape: shape, values: values) }
    // Only integers without a scale are left.
    let bytes = [UInt8](UnsafeRawBufferPointer(start: view.data, count: view.bytes))
    let tensor = SampleTensor(
      elementType: Engine.elementType(view.dtype), shape: shape, bytes: bytes)
    return ModelOutput(name: name, shape: shape, values: tensor.integers.map { Float($0) })
  }

  /// Switches the time of every node on or off.
  func setProfiling(_ isOn: Bool) {
    _ = edgert_session_set_profiling(session, isOn ? 1 : 0)
  }

  /// The time of every node since profiling was switched on.
  func profile() -> [NodeTime] {
    (0..<edgert_session_profile_count(session)).compactMap { index in
      var entry = edgert_node_profile()
      entry.struct_size = UInt32(MemoryLayout<edgert_node_profile>.size)
      guard edgert_session_profile_entry(session, index, &entry) == EDGERT_OK else { return nil }
      return NodeTime(
        name: Engine.text(entry.name), op: Engine.text(entry.op), kernel: Engine.text(entry.kernel),
        calls: entry.calls, nanoseconds: entry.total_ns)
    }
  }

  /// Reads what identifies a model in its results from the header of its file.
  private static func fingerprint(_ path: String) -> String {
    let header = (try? leadingBytes(of: path, count: Header.byteCount)) ?? []
    return hexText(header.dropFirst(Header.digestOffset).prefix(6))
  }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    pointer.map { String(cString: $0) } ?? ""
  }

  private static func message(_ detail: edgert_error) -> String {
    withUnsafeBytes(of: detail.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  private static func emptyInfo() -> edgert_tensor_info {
    var info = edgert_tensor_info()
    info.struct_size = UInt32(MemoryLayout<edgert_tensor_info>.size)
    return info
  }

  private static func shape<Dims>(_ dims: Dims, rank: UInt32) -> [Int] {
    withUnsafeBytes(of: dims) { bytes in
      (0..<min(Int(rank), Int(EDGERT_MAX_RANK))).map {
        Int(bytes.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self))
      }
    }
  }

  private static func elementType(_ code: edgert_dtype) -> ElementType {
    UInt8(exactly: code).flatMap { ElementType(rawValue: $0) } ?? .float32
  }

  private static func outputDescription(_ info: edgert_tensor_info) -> OutputDescription {
    OutputDescription(
      name: text(info.name), elementType: elementType(info.dtype),
      shape: shape(info.max_dims, rank: info.rank))
  }

  private static func description(_ info: edgert_tensor_info) -> InputDescription {
    InputDescription(
      name: text(info.name),
      elementType: elementType(info.dtype), isQuantized: info.scale != 0,
      shape: shape(info.max_dims, rank: info.rank),
      dynamicAxes: info.dynamic_axes)
  }
}
