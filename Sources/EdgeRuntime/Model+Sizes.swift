import EdgeFormat

extension Model {
  /// Computes every expression.
  /// - Parameter sizes: the symbols' values, behind them room for the expressions'.
  func evaluateExpressions(_ sizes: UnsafeMutablePointer<Int>) {
    let values = sizes + symbolCount
    for index in 0..<expressionCount {
      let record = expressions[index]
      let left = Int(record.left)
      let right = Int(record.right)
      // Who uses a size checks it; wrapping keeps hostile plans from trapping.
      switch ExpressionKind(rawValue: record.kind) {
      case .constant, nil: values[index] = left
      case .symbol: values[index] = sizes[left]
      case .add: values[index] = values[left] &+ values[right]
      case .multiply: values[index] = values[left] &* values[right]
      case .floorDivide: values[index] = floorQuotient(values[left], values[right])
      case .maximum: values[index] = max(values[left], values[right])
      case .minimum: values[index] = min(values[left], values[right])
      }
    }
  }

  /// Floor of a / b; -1, which no axis accepts, when b is 0 or the quotient overflows.
  private func floorQuotient(_ a: Int, _ b: Int) -> Int {
    let (quotient, overflow) = a.dividedReportingOverflow(by: b)
    if overflow { return -1 }
    return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient
  }
}
