import EdgeFormat

/// The expressions section under construction: sizes of dynamic axes in terms of the inputs', each
/// step once.
struct SizeTable {
  private struct Step: Hashable {
    var kind: ExpressionKind
    var left: Int32
    var right: Int32
  }

  private let symbols: [String: Int]
  private var indices: [Step: Int] = [:]
  private(set) var records: [ExpressionRecord] = []

  /// - Parameter names: of the symbols, in the order of the symbols section.
  init(_ names: [String]) {
    var symbols: [String: Int] = [:]
    for (index, name) in names.enumerated() { symbols[name] = index }
    self.symbols = symbols
  }

  /// The index of the expression that gives a size.
  /// - Throws: `ConversionError.invalid` for a symbol that no input sets, or a constant beyond 32
  ///   bits.
  mutating func index(of size: Dimension) throws -> Int {
    var sum: Int?
    let terms = size.terms.sorted {
      $0.key.map(\.description).lexicographicallyPrecedes($1.key.map(\.description))
    }
    for (factors, coefficient) in terms {
      var product: Int?
      if coefficient != 1 || factors.isEmpty { product = try constant(coefficient) }
      for factor in factors {
        let value = try index(of: factor)
        product = product.map { step(.multiply, $0, value) } ?? value
      }
      guard let product else { continue }
      sum = sum.map { step(.add, $0, product) } ?? product
    }
    return try sum ?? constant(0)
  }

  private mutating func index(of atom: Dimension.Atom) throws -> Int {
    switch atom {
    case .symbol(let name), .found(let name, _):
      guard let symbol = symbols[name] else {
        throw ConversionError.invalid(
          "size '\(name)' is set neither by an input's shape nor by a state; fix it in the model")
      }
      return append(Step(kind: .symbol, left: Int32(symbol), right: 0))
    case .floorDivide(let a, let b): return step(.floorDivide, try index(of: a), try index(of: b))
    case .maximum(let a, let b): return step(.maximum, try index(of: a), try index(of: b))
    case .minimum(let a, let b): return step(.minimum, try index(of: a), try index(of: b))
    }
  }

  private mutating func constant(_ value: Int) throws -> Int {
    guard let value = Int32(exactly: value) else {
      throw ConversionError.invalid("a size contains the constant \(value), which exceeds 32 bits")
    }
    return append(Step(kind: .constant, left: value, right: 0))
  }

  private mutating func step(_ kind: ExpressionKind, _ left: Int, _ right: Int) -> Int {
    append(Step(kind: kind, left: Int32(left), right: Int32(right)))
  }

  private mutating func append(_ step: Step) -> Int {
    if let index = indices[step] { return index }
    var record = ExpressionRecord()
    record.kind = step.kind.rawValue
    record.left = step.left
    record.right = step.right
    records.append(record)
    indices[step] = records.count - 1
    return records.count - 1
  }
}
