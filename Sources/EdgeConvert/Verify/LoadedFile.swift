import EdgeFormat
import EdgeRuntime
import Foundation

/// A `.edge` file held in memory with a session to run it, as firmware would.
public final class LoadedFile {
  /// One output of a run.
  public struct Output {
    public var name: String
    /// Floats where the file holds real numbers, else integers.
    public var tensor: Tensor

    public var shape: [Int] { tensor.shape }
    /// The elements as floats, whatever their type.
    public var values: [Float] { tensor.floats }
  }

  public let model: Model
  /// Exact bytes of the session's block, with one thread.
  public let sessionBytes: Int
  private let memory: UnsafeMutableRawPointer
  private let session: UnsafeMutablePointer<Session>

  /// Opens the bytes of a file.
  /// - Throws: `ConversionError.usage` with the runtime's own message.
  public init(_ bytes: [UInt8], name: String) throws {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: Swift.max(bytes.count, 1), alignment: 64)
    self.memory = memory
    bytes.withUnsafeBytes {
      memory.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(memory), byteCount: $0.count)
    }
    do throws(EdgeError) {
      model = try Model.open(memory, count: bytes.count, skipDigest: false)
      sessionBytes = try Session.memoryBytes(of: model, threads: 1)
      session = try Session.open(model, threads: 1)
    } catch {
      memory.deallocate()
      throw LoadedFile.usage(error, name)
    }
  }

  /// Reads a file and opens it.
  public convenience init(path: String) throws {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
    try self.init(Array(data), name: path)
  }

  deinit {
    Session.close(session)
    memory.deallocate()
  }

  /// Runs one sample from a fresh state, at full depth.
  /// - Throws: `ConversionError.usage` with the runtime's own message.
  public func run(_ inputs: [Tensor], name: String) throws -> [Output] {
    reset()
    return try next(inputs, name: name)
  }

  /// Runs a sample of one run from a fresh state.
  func run(_ sample: LoadedSample, _ options: RunOptions) throws -> [Output] {
    reset()
    return try next(sample.runs[0], name: sample.path, options).outputs
  }

  /// Elements of a node's first result in the last run, over those at the bounds of run-time sizes.
  func fill(of node: Int) -> Double {
    guard let index = model.tensors(writtenBy: node).first else { return 1 }
    let record = model.tensorRecord(index)
    let most = (0..<Int(record.rank)).reduce(1) { $0 * record.dimension($1) }
    return Double(session.pointee.tensor(index).count) / Double(max(most, 1))
  }

  /// Runs a sample from a fresh state: the outputs of each of its runs.
  func run(_ sample: LoadedSample) throws -> [[Output]] {
    reset()
    return try sample.runs.map { try next($0, name: sample.path) }
  }

  /// Sets states to their initial values.
  func reset() { session.pointee.resetState() }

  /// Runs on the states that the last run has left.
  func next(_ inputs: [Tensor], name: String) throws -> [Output] {
    var options = RunOptions()
    options.isFullDepth = true
    return try next(inputs, name: name, options).outputs
  }

  /// Runs a sample from a fresh state with exits, skips and tokens as the file says: the outputs of each of its runs, and
  /// nanoseconds for all of them.
  func runAsIs(_ sample: LoadedSample) throws -> (outputs: [[Output]], nanoseconds: UInt64) {
    reset()
    var options = RunOptions()
    options.isTimed = true
    var nanoseconds: UInt64 = 0
    let outputs = try sample.runs.map { inputs in
      let run = try next(inputs, name: sample.path, options)
      nanoseconds += run.report.nanoseconds
      return run.outputs
    }
    return (outputs, nanoseconds)
  }

  private func next(_ inputs: [Tensor], name: String, _ options: RunOptions) throws -> (
    outputs: [Output], report: RunReport
  ) {
    do throws(EdgeError) {
      for (position, tensor) in inputs.enumerated() where position < model.inputCount {
        try set(position, tensor)
      }
      let report = try session.pointee.run(options)
      var outputs: [Output] = []
      for position in 0..<model.outputCount { outputs.append(try output(position)) }
      return (outputs, report)
    } catch {
      throw LoadedFile.usage(error, name)
    }
  }

  /// Makes sure that a part of the plan changes nothing at full depth.
  /// - Parameters:
  ///   - plain: the file without it.
  ///   - data: whose first samples are run.
  ///   - what: the part, for the message.
  /// - Throws: `ConversionError.invalid`, an error of the converter.
  func requireEqual(to plain: LoadedFile, _ data: DataSet, what: String) throws {
    for index in 0..<min(data.count, 8) {
      let sample = try data.sample(index)
      let (a, b) = (try run(sample), try plain.run(sample))
      let isEqual = zip(a, b).allSatisfy { zip($0, $1).allSatisfy { $0.tensor == $1.tensor } }
      guard isEqual else {
        throw ConversionError.invalid(
          "the file with \(what) differs at full depth from the one without, on \(sample.path)")
      }
    }
  }

  /// Runs node by node, at full depth but for blocks to skip, on the states that the last run has left.
  /// - Parameters:
  ///   - skipped: bit n for the block of rank n.
  ///   - visit: called after each node with its index and a function that reads a tensor of the plan.
  func step(
    _ inputs: [Tensor], name: String, skipped: UInt64 = 0,
    visit: (Int, (Int) -> Output?) throws -> Void
  ) throws {
    do throws(EdgeError) {
      for (position, tensor) in inputs.enumerated() where position < model.inputCount {
        try set(position, tensor)
      }
    } catch {
      throw LoadedFile.usage(error, name)
    }
    var omitted = 0..<0
    for node in 0..<model.nodeCount {
      if let parameters = model.skip(at: node) {
        let block = node + 1..<node + 1 + Int(parameters.blockNodes)
        let bypass = block.upperBound..<block.upperBound + Int(parameters.bypassNodes)
        omitted = skipped >> UInt64(parameters.rank) & 1 == 1 ? block : bypass
      }
      if omitted.contains(node) { continue }
      do throws(EdgeError) {
        try session.pointee.step(node)
      } catch {
        throw LoadedFile.usage(error, name)
      }
      try visit(node) { index in
        try? read(session.pointee.tensor(index), name: model.tensorRecord(index).name)
      }
    }
  }

  /// The parameters of a node that is an exit; nil for another.
  func exit(at node: Int) -> ExitParameters? { model.exit(at: node) }

  /// The parameters of a node that is a skip; nil for another.
  func skip(at node: Int) -> SkipParameters? { model.skip(at: node) }

  /// How sure the head of an exit that was just stepped to is, as `Session.certainty`.
  func certainty(_ node: Int, _ criterion: ExitCriterion, _ history: inout Exit.History) -> Float? {
    session.pointee.certainty(node, criterion, &history)
  }

  /// The first output as it is now.
  func firstOutput() throws -> Tensor {
    do throws(EdgeError) {
      return try output(0).tensor
    } catch {
      throw LoadedFile.usage(error, "output")
    }
  }

  /// Switches the timing of nodes on, from zero, or off.
  func setProfiling(_ isOn: Bool) { session.pointee.setProfiling(isOn) }

  /// Nanoseconds that a node took since.
  func profileTime(_ node: Int) -> UInt64 { session.pointee.profileEntry(node).nanoseconds }

  /// The kernel of a node on this machine.
  func kernelName(_ node: Int) -> String? {
    session.pointee.kernelName(node).map { String(cString: $0) }
  }

  private func set(_ position: Int, _ tensor: Tensor) throws(EdgeError) {
    var dims = InlineArray<8, Int>(repeating: 1)
    for (axis, size) in tensor.shape.prefix(8).enumerated() { dims[axis] = size }
    var type = tensor.type
    if type.isFloat {
      let isHalf = model.inputRecord(position).elementType == ElementType.float16.rawValue
      type = isHalf ? .float16 : .float32
    }
    let bytes = LoadedFile.bytes(tensor, type)
    let error = bytes.withUnsafeBytes { buffer -> EdgeError? in
      do throws(EdgeError) {
        try session.pointee.setInput(
          position, type: type, rank: tensor.shape.count, dims: dims, data: buffer.baseAddress,
          byteCount: buffer.count)
        return nil
      } catch {
        return error
      }
    }
    if let error { throw error }
  }

  private func output(_ position: Int) throws(EdgeError) -> Output {
    try read(session.pointee.output(position), name: model.outputRecord(position).name)
  }

  private func read(_ view: TensorView, name: UInt32) throws(EdgeError) -> Output {
    let shape = (0..<view.rank).map { view.dims[$0] }
    let text = String(cString: model.name(name))
    if let integers = LoadedFile.integers(view) {
      return Output(name: text, tensor: Tensor(integers, shape: shape, type: view.type))
    }
    var values = [Float](repeating: 0, count: view.count)
    var failure: EdgeError?
    values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
      do throws(EdgeError) {
        try session.pointee.readFloats(view, into: start)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return Output(name: text, tensor: Tensor(values, shape: shape))
  }

  /// The elements of a tensor that stand for themselves; nil when they are real numbers.
  private static func integers(_ view: TensorView) -> [Int64]? {
    func all<T: FixedWidthInteger>(_: T.Type) -> [Int64] {
      let elements = UnsafeBufferPointer(
        start: view.data.assumingMemoryBound(to: T.self), count: view.count)
      return elements.map { Int64(truncatingIfNeeded: $0) }
    }
    if view.isQuantized { return nil }
    return switch view.type {
    case .float32, .float16: nil
    case .int8: all(Int8.self)
    case .uint8, .bool: all(UInt8.self)
    case .int16: all(Int16.self)
    case .int32: all(Int32.self)
    case .int64: all(Int64.self)
    }
  }

  private static func bytes(_ tensor: Tensor, _ type: ElementType) -> [UInt8] {
    if type == .float16 {
      return tensor.floats.map { Float16($0) }.withUnsafeBytes { Array($0) }
    }
    return tensor.bytes
  }

  private static func usage(_ error: EdgeError, _ name: String) -> ConversionError {
    var text = [UInt8](repeating: 0, count: 256)
    text.withUnsafeMutableBufferPointer { error.write(to: $0) }
    return .usage("\(name): \(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))")
  }
}
