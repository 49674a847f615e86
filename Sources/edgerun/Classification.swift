import CEdgeHost

/// A class and its score.
struct ScoredClass {
  let index: Int
  let score: Double
}

/// From a classifier's output to classes.
enum Classification {
  /// The scores: the output itself where it is a distribution, else its softmax.
  static func scores(_ values: [Float]) -> [Double] {
    let wide = values.map { Double($0) }
    let sum = wide.reduce(0, +)
    let isDistribution = wide.allSatisfy { $0 >= 0 && $0 <= 1 } && sum > 0.98 && sum < 1.02
    if isDistribution { return wide }
    let largest = wide.reduce(-Double.infinity) { $1 > $0 ? $1 : $0 }
    let powers = wide.map { edge_cli_exp($0 - largest) }
    let total = powers.reduce(0, +)
    return powers.map { $0 / total }
  }

  /// The `count` best classes, best first; equal scores in the order of their index.
  ///
  /// O(classes * count).
  static func best(_ values: [Float], count: Int) -> [ScoredClass] {
    let scores = scores(values)
    var best: [ScoredClass] = []
    for (index, score) in scores.enumerated() {
      var place = best.count
      while place > 0, best[place - 1].score < score { place -= 1 }
      if place < count { best.insert(ScoredClass(index: index, score: score), at: place) }
      if best.count > count { best.removeLast() }
    }
    return best
  }

  /// The index of the largest value, the first of equal ones; nil when there is none.
  static func top(_ values: [Float]) -> Int? {
    var top: Int?
    for (index, value) in values.enumerated() where top.map({ value > values[$0] }) ?? !value.isNaN
    {
      top = index
    }
    return top
  }
}
