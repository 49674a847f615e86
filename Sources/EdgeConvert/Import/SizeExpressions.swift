extension Graph {
  /// Sizes of inputs that exporters state in terms of others, such as `past_length + 1`, in terms of
  /// these.
  ///
  /// A name is taken for a sum of products only when all its symbols are sizes of inputs.
  mutating func resolveSizes() {
    let names = Set(inputs.flatMap { self[$0].shape ?? [] }.compactMap(\.symbolName))
    let plain = names.filter { !$0.contains("+") && !$0.contains("*") }
    for id in inputs {
      self[id].shape = self[id].shape?.map { size in
        guard let name = size.symbolName, !plain.contains(name) else { return size }
        return Graph.sum(name, of: plain) ?? size
      }
    }
  }

  private static func sum(_ text: String, of symbols: Set<String>) -> Dimension? {
    var sum = Dimension(0)
    for term in text.split(separator: "+", omittingEmptySubsequences: false) {
      var product = Dimension(1)
      for factor in term.split(separator: "*", omittingEmptySubsequences: false) {
        let word = String(factor.filter { $0 != " " })
        if let number = Int(word) {
          product = product * Dimension(number)
        } else if symbols.contains(word) {
          product = product * Dimension(symbol: word)
        } else {
          return nil
        }
      }
      sum = sum + product
    }
    return sum
  }
}
