import EdgeFormat
import EdgeRuntime

/// One operand of a node under test, with its values.
public struct Operand: Sendable {
  /// Element type.
  public var type: ElementType
  /// Sizes.
  public var dims: [Int]
  /// Elements, dense and row-major.
  public var bytes: [UInt8]
  /// 0 when it is not quantized.
  public var scale: Float = 0
  /// The int8 value of real 0.
  public var zeroPoint: Int32 = 0
  /// Whether it lies in the weights rather than being an input.
  public var isConstant = false

  /// An operand of any type.
  public init(
    _ type: ElementType, _ dims: [Int], bytes: [UInt8] = [], scale: Float = 0, zeroPoint: Int32 = 0
  ) {
    self.type = type
    self.dims = dims
    self.bytes = bytes
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// Elements.
  public var count: Int { dims.reduce(1, *) }

  /// A float operand.
  public static func float(_ values: [Float], _ dims: [Int]) -> Operand {
    Operand(.float32, dims, bytes: EdgeTestSupport.bytes(of: values))
  }

  /// An int8 operand.
  public static func int8(
    _ values: [Int8], _ dims: [Int], scale: Float = 1, zeroPoint: Int32 = 0
  ) -> Operand {
    Operand(
      .int8, dims, bytes: EdgeTestSupport.bytes(of: values), scale: scale, zeroPoint: zeroPoint)
  }

  /// An int32 operand.
  public static func int32(_ values: [Int32], _ dims: [Int]) -> Operand {
    Operand(.int32, dims, bytes: EdgeTestSupport.bytes(of: values))
  }

  /// An int64 operand.
  public static func int64(_ values: [Int64], _ dims: [Int]) -> Operand {
    Operand(.int64, dims, bytes: EdgeTestSupport.bytes(of: values))
  }

  /// The same operand among the weights.
  public var constant: Operand {
    var copy = self
    copy.isConstant = true
    return copy
  }
}

/// A model of one node, run on every kernel table and thread count that must agree.
public struct SingleNode: Sendable {
  /// The operator.
  public var opCode: OpCode
  /// Inputs in order; nil for one that is absent.
  public var inputs: [Operand?]
  /// Type, sizes and quantization of the result.
  public var output: Operand
  /// The other results, of an operator that has several.
  public var moreOutputs: [Operand] = []
  /// The parameters as they lie in the file.
  public var parameterBytes: [UInt8]

  /// A node with raw parameters, or none.
  public init(
    _ opCode: OpCode, _ inputs: [Operand?], _ output: Operand, parameterBytes: [UInt8] = []
  ) {
    self.opCode = opCode
    self.inputs = inputs
    self.output = output
    self.parameterBytes = parameterBytes
  }

  /// A node with parameters of its type.
  public init<P: BitwiseCopyable>(
    _ opCode: OpCode, _ inputs: [Operand?], _ output: Operand, _ parameters: P
  ) {
    self.init(opCode, inputs, output, parameterBytes: bytes(of: parameters))
  }

  /// The file.
  public func file() -> [UInt8] {
    var plan = PlanBuilder()
    var positions: [Int?] = []
    var interface: [Int] = []
    for input in inputs {
      guard let input else {
        positions.append(nil)
        continue
      }
      if input.isConstant {
        positions.append(
          plan.constant(
            input.type, input.dims, bytes: input.bytes, scale: input.scale,
            zeroPoint: input.zeroPoint))
      } else {
        let index = plan.tensor(
          input.type, input.dims, scale: input.scale, zeroPoint: input.zeroPoint)
        positions.append(index)
        interface.append(index)
      }
    }
    let results = ([output] + moreOutputs).map {
      plan.tensor($0.type, $0.dims, scale: $0.scale, zeroPoint: $0.zeroPoint)
    }
    plan.node(opCode, inputs: positions, outputs: results, parameterBytes: parameterBytes)
    plan.setInputs(interface)
    plan.setOutputs(results)
    return plan.build()
  }

  /// What a run on one kernel table and thread count gives, all outputs behind each other, and
  /// whether it left the bytes behind them alone.
  public func run(threads: Int, kernels: String) throws(EdgeError) -> (y: [UInt8], isClean: Bool) {
    let model = try OpenModel(file(), threads: threads, kernels: kernels)
    var position = 0
    for case let input? in inputs where !input.isConstant {
      try model.setInput(position, bytes: input.bytes)
      position += 1
    }
    let outputs = 0...moreOutputs.count
    let gaps = outputs.map { model.gap(afterOutput: $0) }
    for gap in gaps {
      for index in gap.indices { gap[index] = 0xA5 }
    }
    try model.run()
    return (
      outputs.flatMap { model.output($0) }, gaps.allSatisfy { $0.allSatisfy { $0 == 0xA5 } }
    )
  }

  /// Runs the node on every kernel table, with one thread and with four.
  /// - Returns: the one result, or text that says which combination differs.
  public func runEverywhere() throws(EdgeError) -> (y: [UInt8], disagreement: String?) {
    let reference = try run(threads: 1, kernels: "scalar")
    for kernels in OpenModel.kernelNames {
      for threads in [1, 4] {
        let result = try run(threads: threads, kernels: kernels)
        if result.y != reference.y { return (reference.y, "\(kernels), \(threads) threads differ") }
        if !result.isClean { return (reference.y, "\(kernels), \(threads) threads write past y") }
      }
    }
    return (reference.y, nil)
  }

  /// What opening the model says against it.
  public func refusal() -> EdgeError? {
    do throws(EdgeError) {
      _ = try OpenModel(file())
      return nil
    } catch {
      return error
    }
  }
}

/// A tensor's index for every position, in row-major order: what naive oracles walk.
public func indices(_ dims: [Int]) -> [[Int]] {
  var result: [[Int]] = [[]]
  for size in dims { result = result.flatMap { prefix in (0..<size).map { prefix + [$0] } } }
  return result
}

/// Row-major offset of an index.
public func offset(_ index: [Int], _ dims: [Int]) -> Int {
  zip(index, dims).reduce(0) { $0 * $1.1 + $1.0 }
}

/// The text of an error.
public func message(_ error: EdgeError) -> String {
  var text = [UInt8](repeating: 0, count: 256)
  text.withUnsafeMutableBufferPointer { error.write(to: $0) }
  return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self)
}
