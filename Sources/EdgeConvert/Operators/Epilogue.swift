/// What a fusion has left on a Conv, ConvTranspose or Gemm node to do with its result (see
/// `Operator`).
public struct Epilogue: Sendable, Equatable {
  /// The fused activation.
  public enum Activation: Sendable, Equatable {
    case none
    case clamp(low: Float, high: Float)
    case leakyRelu(slope: Float)
  }

  public var activation: Activation
  /// Index of the input that is added.
  public var residual: Int?
  /// The residual is added before the activation.
  public var residualFirst: Bool

  /// An activation alone.
  public init(activation: Activation) {
    self.activation = activation
    residual = nil
    residualFirst = false
  }

  /// Reads the `edge.` attributes of a node.
  public init(_ node: Node) {
    residual = node.int("edge.residual")
    residualFirst = node.int("edge.residual_first", 0) == 1
    switch node.string("edge.activation") {
    case "relu": activation = .clamp(low: 0, high: .infinity)
    case "clip":
      activation = .clamp(
        low: node.float("edge.low", -.infinity), high: node.float("edge.high", .infinity))
    case "leaky_relu": activation = .leakyRelu(slope: node.float("edge.slope", 0.01))
    default: activation = .none
    }
  }

  /// Applies it in place.
  func apply(_ values: inout [Float], _ node: Node, _ inputs: [Tensor?]) throws {
    let addend = try residual.map { try need(node, inputs, $0).floats }
    guard addend?.count ?? values.count == values.count else {
      throw node.invalid("the residual has another shape than the result")
    }
    if residualFirst, let addend { add(addend, to: &values) }
    values.withUnsafeMutableBufferPointer { values in
      switch activation {
      case .none: break
      case .clamp(let low, let high):
        for i in values.indices { values[i] = min(max(values[i], low), high) }
      case .leakyRelu(let slope):
        for i in values.indices where values[i] < 0 { values[i] *= slope }
      }
    }
    if !residualFirst, let addend { add(addend, to: &values) }
  }

  private func add(_ addend: [Float], to values: inout [Float]) {
    values.withUnsafeMutableBufferPointer { values in
      addend.withUnsafeBufferPointer { addend in
        for i in values.indices { values[i] += addend[i] }
      }
    }
  }
}
