import CEdgeKernels
import EdgeFormat

/// `exit`: how sure a head is; whether the run ends is for `Session.run` to say.
///
/// Rows of scores are summed up in order on one thread, with kernels that are equal on every CPU.
public enum Exit {
  /// What the criteria remember from exit to exit of a run.
  public struct History {
    fileprivate var lastClass = -1
    fileprivate var agreements: Float = 0
    fileprivate var survival: Float = 1
    fileprivate var mass: Float = 0

    public init() {}
  }

  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 1, outputs: 0)
    try node.expectParameters(ExitParameters.self)
    let scores = node.input(0)
    if scores.type == .int8 {
      try node.expectQuantized(scores)
    } else {
      try node.expectFloat(scores)
    }
    try node.require(scores.rank >= 1, "an exit wants an axis of classes")
    try node.expect(scores.fromLast(0), in: 2...1 << 24, "an exit has %0 classes, not %1 to %2")
    if node.has(1) {
      try node.expectFloat(node.input(1))
      try node.require(node.input(1).count == 1, "lambda of an exit is not one number")
    }
    let parameters = node.parameters(as: ExitParameters.self)
    try node.require(
      parameters.threshold >= 0 && parameters.temperature > 0 && parameters.temperature.isFinite,
      "the threshold or temperature of an exit is not sound")
    try node.require(
      ExitCriterion(rawValue: parameters.criterion).map { suits(node, $0) } ?? false,
      "the criterion of an exit does not go with its operands")
  }

  /// Whether a node has what a criterion looks at: one row for patience, lambda for Q-exit.
  public static func suits(_ node: NodeView, _ criterion: ExitCriterion) -> Bool {
    switch criterion {
    case .confidence, .margin, .entropy: true
    case .patience: node.input(0).count <= node.input(0).fromLast(0)
    case .qExit: node.has(1)
    }
  }

  static func workspaceBytes(_ node: NodeView) -> Int { 8 &* node.input(0).fromLast(0) }

  /// How sure the head is; 0 without rows.
  static func certainty(
    _ node: NodeView, _ criterion: ExitCriterion, _ history: inout History, _ context: RunContext
  ) -> Float {
    switch criterion {
    case .qExit:
      let lambda = node.input(1).float[0]
      history.mass += lambda * history.survival
      history.survival *= 1 - lambda
      return history.mass
    case .patience, .confidence, .margin, .entropy:
      var sum: Float = 0
      let scores = node.input(0)
      let rows = scores.count / scores.fromLast(0)
      for row in 0..<rows { sum += ofRow(row, node, criterion, &history, context) }
      return rows > 0 ? sum / Float(rows) : 0
    }
  }

  private static func ofRow(
    _ row: Int, _ node: NodeView, _ criterion: ExitCriterion, _ history: inout History,
    _ context: RunContext
  ) -> Float {
    let scores = node.input(0), count = scores.fromLast(0)
    let scale = 1 / node.parameters(as: ExitParameters.self).temperature
    let p = context.scratchBase.assumingMemoryBound(to: Float.self), logs = p + count
    if scores.type == .int8 {
      context.kernels.pointee.dequantize_s8(
        scores.int8 + row &* count, p, Int64(count), scores.scale * scale, scores.zeroPoint)
    } else {
      for index in 0..<count { p[index] = scores.float[row &* count &+ index] * scale }
    }
    context.kernels.pointee.softmax_f32(p, p, 1, Int64(count))
    if criterion == .entropy {
      context.kernels.pointee.unary_f32(
        Int32(EDGE_UNARY_LOG), p, logs, Int64(count), 0, 0)
      var information: Float = 0
      for index in 0..<count where p[index] > 0 { information += p[index] * logs[index] }
      logs[0] = Float(count)
      context.kernels.pointee.unary_f32(Int32(EDGE_UNARY_LOG), logs, logs, 1, 0, 0)
      return 1 + information / logs[0]
    }
    var best = 0, second: Float = 0
    for index in 1..<count {
      if p[index] > p[best] {
        second = p[best]
        best = index
      } else {
        second = max(second, p[index])
      }
    }
    switch criterion {
    case .margin: return p[best] - second
    case .patience:
      history.agreements = best == history.lastClass ? history.agreements + 1 : 0
      history.lastClass = best
      return history.agreements
    case .confidence, .entropy, .qExit: return p[best]
    }
  }
}
