import EdgeFormat
import EdgeRuntime
import Foundation

/// A `.edge` file held in memory with a session to run it, as firmware would.
public final class LoadedFile {
  /// One output of a run.
  public struct Output {
    public var name: String
    public var shape: [Int]
    public var values: [Float]
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

  /// Runs one sample from a fresh state.
  ///
  /// Outputs that are no floats have no values.
  /// - Throws: `ConversionError.usage` with the runtime's own message.
  public func run(_ inputs: [Tensor], name: String) throws -> [Output] {
    do throws(EdgeError) {
      session.pointee.resetState()
      for (position, tensor) in inputs.enumerated() where position < model.inputCount {
        try set(position, tensor)
      }
      _ = try session.pointee.run(RunOptions())
      var outputs: [Output] = []
      for position in 0..<model.outputCount { outputs.append(try output(position)) }
      return outputs
    } catch {
      throw LoadedFile.usage(error, name)
    }
  }

  /// Runs one sample node by node.
  /// - Parameter visit: called after each node with its index and a function that reads a tensor of
  ///   the plan.
  func step(
    _ inputs: [Tensor], name: String, visit: (Int, (Int) -> Output?) throws -> Void
  ) throws {
    do throws(EdgeError) {
      session.pointee.resetState()
      for (position, tensor) in inputs.enumerated() where position < model.inputCount {
        try set(position, tensor)
      }
    } catch {
      throw LoadedFile.usage(error, name)
    }
    for node in 0..<model.nodeCount {
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

  private func set(_ position: Int, _ tensor: Tensor) throws(EdgeError) {
    var dims = InlineArray<8, Int>(repeating: 1)
    for (axis, size) in tensor.shape.prefix(8).enumerated() { dims[axis] = size }
    let type = tensor.type == .float16 ? ElementType.float32 : tensor.type
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
    var output = Output(
      name: String(cString: model.name(name)), shape: (0..<view.rank).map { view.dims[$0] },
      values: [])
    guard view.type == .float32 || (view.type == .int8 && view.scale != 0) else { return output }
    let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: Swift.max(view.count, 1))
    defer { buffer.deallocate() }
    guard let start = buffer.baseAddress else { return output }
    try session.pointee.readFloats(view, into: start)
    output.values = Array(buffer.prefix(view.count))
    return output
  }

  private static func bytes(_ tensor: Tensor, _ type: ElementType) -> [UInt8] {
    switch type {
    case .float32, .float16: tensor.floats.withUnsafeBytes { Array($0) }
    case .int8, .uint8, .bool: tensor.integers.map { UInt8(truncatingIfNeeded: $0) }
    case .int16: tensor.integers.map { Int16(truncatingIfNeeded: $0) }.withUnsafeBytes { Array($0) }
    case .int32: tensor.integers.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBytes { Array($0) }
    case .int64: tensor.integers.withUnsafeBytes { Array($0) }
    }
  }

  private static func usage(_ error: EdgeError, _ name: String) -> ConversionError {
    var text = [UInt8](repeating: 0, count: 256)
    text.withUnsafeMutableBufferPointer { error.write(to: $0) }
    return .usage("\(name): \(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self))")
  }
}
