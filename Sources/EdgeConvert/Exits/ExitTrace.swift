import EdgeFormat
import EdgeRuntime

/// What every exit of a file says of one sample, and what the whole model says, from one walk through the file.
struct ExitTrace: Sendable {
  /// By exit and criterion: how sure the head is; nil where the exit cannot follow the criterion.
  var certainties: [[ExitCriterion: Float]]
  /// By exit: the share of places of the answer whose class differs from the whole model's; 0 or 1 for a class.
  var losses: [Double]
  /// By exit, then for the whole model: whether the class is the label's; empty without one.
  var areRight: [Bool]

  /// The exit that a run leaves at; the number of exits when it goes to the end.
  func exit(_ criterion: ExitCriterion, _ threshold: Float) -> Int {
    certainties.firstIndex { ($0[criterion] ?? -.infinity) >= threshold } ?? certainties.count
  }

  /// What leaving there loses; nothing at the end.
  func loss(at exit: Int) -> Double { exit < losses.count ? losses[exit] : 0 }
}

extension ExitTrace {
  /// Walks through a file with one sample.
  init(_ file: LoadedFile, _ sample: LoadedSample) throws {
    var certainties: [[ExitCriterion: Float]] = []
    var answers: [[Int]] = []
    var histories = ExitCriterion.allCases.map { ($0, Exit.History()) }
    var tailEnd: Int?
    try file.step(sample.runs[0], name: sample.path) { node, _ in
      if let parameters = file.exit(at: node) {
        tailEnd = node + Int(parameters.tailNodes)
        var found: [ExitCriterion: Float] = [:]
        for index in histories.indices {
          found[histories[index].0] = file.certainty(node, histories[index].0, &histories[index].1)
        }
        certainties.append(found)
      }
      if node == tailEnd { answers.append(try file.firstOutput().classes) }
    }
    let whole = try file.firstOutput().classes
    let places = Double(max(whole.count, 1))
    let losses = answers.map { Double(zip($0, whole).count { $0 != $1 }) / places }
    var areRight: [Bool] = []
    if let label = sample.label, whole.count == 1 {
      areRight = (answers + [whole]).map { $0.first == label }
    }
    self.init(certainties: certainties, losses: losses, areRight: areRight)
  }
}
