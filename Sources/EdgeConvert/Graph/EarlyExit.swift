import EdgeFormat

/// An early exit of a graph: a head whose scores say how sure it is, and what it answers in place of the
/// graph's output.
///
/// None of its values is among the outputs of the graph.
public struct EarlyExit: Sendable, Equatable {
  /// Of the model's output that it was, or of the layer that a fitted head reads.
  public var name: String
  /// Logits `[..., classes]`, or `[N, classes, H, W]`.
  public var scores: ValueID
  /// The probability, from the head itself, of stopping here (Q-exit), one element.
  public var lambda: ValueID?
  /// Of the shape of the output.
  public var answer: ValueID
  public var criterion = ExitCriterion.confidence
  public var threshold = Float.infinity
  /// What divides the scores before their softmax.
  public var temperature: Float = 1

  init(name: String, scores: ValueID, lambda: ValueID? = nil, answer: ValueID) {
    self.name = name
    self.scores = scores
    self.lambda = lambda
    self.answer = answer
  }

  /// What the head computes.
  var values: [ValueID] { [scores, answer] + (lambda.map { [$0] } ?? []) }

  /// What decides whether it is taken.
  var evidence: [ValueID] { [scores] + (lambda.map { [$0] } ?? []) }
}
