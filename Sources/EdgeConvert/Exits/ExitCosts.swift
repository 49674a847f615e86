import EdgeFormat

/// What runs cost that leave at each exit.
struct ExitCosts: Sendable {
  /// By exit, then to the end, heads on the way included.
  let toExit: [Double]
  /// At full depth, without heads.
  let full: Double
  /// By exit: the part of it that the exits themselves add.
  let heads: [Double]

  init(_ file: LoadedFile, _ table: [UInt32]) {
    var toExit: [Double] = []
    var heads: [Double] = []
    var spent = 0.0
    var node = 0
    var headCost = 0.0
    while node < file.model.nodeCount {
      let cost = Double(table[node])
      spent += cost
      if let parameters = file.exit(at: node) {
        func sum(_ range: Range<Int>) -> Double { range.reduce(0) { $0 + Double(table[$1]) } }
        let head = sum(node - Int(parameters.headNodes)..<node + 1)
        let tail = sum(node + 1..<node + 1 + Int(parameters.tailNodes))
        headCost += head
        heads.append(head + tail)
        toExit.append(spent + tail)
        node += Int(parameters.tailNodes)
      }
      node += 1
    }
    self.toExit = toExit + [spent]
    full = spent - headCost
    self.heads = heads
  }

  /// Of a run at full depth.
  func share(at exit: Int) -> Double { toExit[exit] / full }
}
