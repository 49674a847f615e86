/// A value that a session keeps: what `output` was in one run, `input` is in the next; zeros in the
/// first.
///
/// Neither is among the inputs and outputs of the graph.
public struct State: Sendable, Equatable {
  public var input: ValueID
  public var output: ValueID

  /// - Parameters:
  ///   - input: the value that nodes read.
  ///   - output: the value that takes its place for the next run.
  public init(input: ValueID, output: ValueID) {
    self.input = input
    self.output = output
  }
}

/// How a state that gets longer from run to run does so.
struct Growth: Equatable {
  /// The axis that gets longer, in ONNX order.
  var axis: Int
  /// The run-time size that counts its elements: 0 in the first run.
  var symbol: String
  /// Its value in the next run.
  var next: Dimension
}

extension Graph {
  /// The values that a run must compute: outputs, what states become, what exits look at and answer, and where blocks
  /// that are skipped begin and end.
  var results: [ValueID] { outputs + states.map(\.output) + exitValues + skipValues }

  /// How a state grows; nil for one whose shape stays.
  /// - Throws: `ConversionError.usage` when it is neither, or when its shape is not known.
  func growth(of state: State) throws -> Growth? {
    let (before, after) = (self[state.input], self[state.output])
    guard let old = before.shape, let new = after.shape else {
      throw ConversionError.invalid(
        "the shape of state '\(before.name)' or of its output '\(after.name)' cannot be inferred")
    }
    if old == new { return nil }
    let axes = old.indices.filter { old.count == new.count && old[$0] != new[$0] }
    guard axes.count == 1, let symbol = old[axes[0]].symbolName else {
      throw ConversionError.usage(
        "state '\(before.name)' of shape \(old) becomes '\(after.name)' of shape \(new): a state keeps "
          + "its shape, or grows along one axis whose size is a symbol")
    }
    return Growth(axis: axes[0], symbol: symbol, next: new[axes[0]])
  }
}
