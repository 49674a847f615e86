import EdgeSamples

/// What a classifier does at thresholds of its exits.
struct ExitTable {
  /// The runs at one threshold.
  struct Row {
    var correct = 0
    /// Runs that left at each exit; the first went to the end.
    var exits: [Int]
    var nanoseconds: [UInt64] = []

    /// - Parameter exitCount: exits of the model.
    init(exitCount: Int) { exits = [Int](repeating: 0, count: exitCount + 1) }

    /// Takes in a run.
    mutating func add(_ report: Report, isCorrect: Bool) {
      correct += isCorrect ? 1 : 0
      if exits.indices.contains(report.exitTaken) { exits[report.exitTaken] += 1 }
      nanoseconds.append(report.nanoseconds)
    }

    var count: Int { nanoseconds.count }
    var accuracy: Double { count > 0 ? Double(correct) / Double(count) : 0 }
    var meanNanoseconds: UInt64 { count > 0 ? nanoseconds.reduce(0, +) / UInt64(count) : 0 }

    /// The mean position that runs left at, the end being one more than the last exit.
    var meanExit: Double {
      guard count > 0 else { return 0 }
      let sum = exits.indices.reduce(0) { $0 + exits[$1] * ($1 > 0 ? $1 : exits.count) }
      return Double(sum) / Double(count)
    }

    /// `120 30 850`: exits in order, the end last.
    var histogram: [Int] { [Int](exits.dropFirst()) + [Int](exits.prefix(1)) }
  }

  let thresholds: [Float]
  var rows: [Row]

  init(_ thresholds: [Float], exitCount: Int) {
    self.thresholds = thresholds
    rows = thresholds.map { _ in Row(exitCount: exitCount) }
  }

  /// A line for each threshold.
  var text: String {
    guard !rows.isEmpty else { return "" }
    var text = padded("threshold", 12) + padded("accuracy", 12) + padded("mean exit", 12)
    text += padded("mean ms", 12) + "runs that left at each exit, at the end\n"
    for (threshold, row) in zip(thresholds, rows) {
      text += padded(numberText(Double(threshold), digits: 6), 12)
      text += padded(numberText(100 * row.accuracy, digits: 4) + " %", 12)
      text += padded(numberText(row.meanExit, digits: 3), 12)
      text += padded(millisecondText(row.meanNanoseconds), 12)
      text += row.histogram.reduce("") { $0 + ($0.isEmpty ? "" : " ") + String($1) } + "\n"
    }
    return text
  }

  /// `"thresholds":[{"threshold":0.9,"accuracy":0.8,"mean_exit":1.5,"mean_ms":0.2,"exits":[3,4,5]}]`.
  var json: String {
    var list = ""
    for (threshold, row) in zip(thresholds, rows) {
      list +=
        (list.isEmpty ? "{\"threshold\":" : ",{\"threshold\":") + numberText(Double(threshold))
      list += "," + ExitTable.json(row) + "}"
    }
    return "\"thresholds\":[" + list + "]"
  }

  /// The fields of a row.
  static func json(_ row: Row) -> String {
    "\"accuracy\":" + numberText(row.accuracy) + ",\"mean_exit\":" + numberText(row.meanExit)
      + ",\"mean_ms\":" + millisecondText(row.meanNanoseconds) + ",\"exits\":"
      + Text.shape(row.histogram)
  }
}
