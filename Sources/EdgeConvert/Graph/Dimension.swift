/// The size of an axis: a polynomial with integer coefficients in symbols (ONNX `dim_param` names)
/// and in quotients of such polynomials, kept in a canonical form so that equal sizes compare
/// equal.
public struct Dimension: Hashable, Sendable, CustomStringConvertible {
  /// A factor of a monomial.
  public indirect enum Atom: Hashable, Sendable {
    case symbol(String)
    /// A size that a node finds in data, at most the bound.
    case found(String, bound: Dimension)
    case floorDivide(Dimension, Dimension)
    case maximum(Dimension, Dimension)
    case minimum(Dimension, Dimension)
  }

  /// Sorted factors of a monomial (with repetition) to its coefficient; no zero coefficients.
  public private(set) var terms: [[Atom]: Int]

  /// A size known at conversion.
  public init(_ constant: Int) { terms = constant == 0 ? [:] : [[]: constant] }

  /// A size chosen at run time.
  public init(symbol: String) { terms = [[.symbol(symbol)]: 1] }

  /// A size that a node finds in data.
  /// - Parameters:
  ///   - found: a name of its own.
  ///   - bound: what it is at most.
  public init(found name: String, bound: Dimension) { terms = [[.found(name, bound: bound)]: 1] }

  /// Beyond this magnitude sizes saturate: no tensor is that large, and no model may make the
  /// arithmetic trap.
  private static let limit = 1 << 62

  private static func saturated(_ sum: (partialValue: Int, overflow: Bool), negative: Bool) -> Int {
    sum.overflow
      ? (negative ? -limit : limit) : Swift.max(-limit, Swift.min(limit, sum.partialValue))
  }

  private static func add(_ a: Int, _ b: Int) -> Int {
    saturated(a.addingReportingOverflow(b), negative: a < 0)
  }

  private static func multiply(_ a: Int, _ b: Int) -> Int {
    saturated(a.multipliedReportingOverflow(by: b), negative: (a < 0) != (b < 0))
  }

  private init(atom: Atom) { terms = [[atom]: 1] }
  private init(terms: [[Atom]: Int]) { self.terms = terms.filter { $0.value != 0 } }

  /// The value when it does not depend on a symbol.
  public var constant: Int? {
    if terms.isEmpty { return 0 }
    return terms.count == 1 ? terms[[]] : nil
  }

  public static func + (a: Dimension, b: Dimension) -> Dimension {
    Dimension(terms: a.terms.merging(b.terms, uniquingKeysWith: add))
  }

  public static func - (a: Dimension, b: Dimension) -> Dimension { a + b * Dimension(-1) }

  public static func * (a: Dimension, b: Dimension) -> Dimension {
    var product: [[Atom]: Int] = [:]
    for (x, m) in a.terms {
      for (y, n) in b.terms {
        let factors = x.isEmpty ? y : y.isEmpty ? x : (x + y).sorted { $0.sortKey < $1.sortKey }
        product[factors] = add(product[factors] ?? 0, multiply(m, n))
      }
    }
    return Dimension(terms: product)
  }

  /// Floor of the quotient; exact when every coefficient divides, else an atom.
  public static func / (a: Dimension, b: Dimension) -> Dimension {
    if a == b { return Dimension(1) }
    if let divisor = b.constant, divisor != 0 {
      if let value = a.constant {
        let quotient = value / divisor
        return Dimension(
          value % divisor != 0 && (value < 0) != (divisor < 0) ? quotient - 1 : quotient)
      }
      if a.terms.values.allSatisfy({ $0 % divisor == 0 }) {
        return Dimension(terms: a.terms.mapValues { $0 / divisor })
      }
    }
    if let exact = a.dividedByMonomial(b) { return exact }
    return Dimension(atom: .floorDivide(a, b))
  }

  /// The larger of two sizes.
  public static func max(_ a: Dimension, _ b: Dimension) -> Dimension {
    if a == b { return a }
    if let x = a.constant, let y = b.constant { return Dimension(Swift.max(x, y)) }
    let (first, second) = inOrder(a, b)
    return Dimension(atom: .maximum(first, second))
  }

  /// The smaller of two sizes.
  public static func min(_ a: Dimension, _ b: Dimension) -> Dimension {
    if a == b { return a }
    if let x = a.constant, let y = b.constant { return Dimension(Swift.min(x, y)) }
    let (first, second) = inOrder(a, b)
    return Dimension(atom: .minimum(first, second))
  }

  private static func inOrder(_ a: Dimension, _ b: Dimension) -> (Dimension, Dimension) {
    a.description <= b.description ? (a, b) : (b, a)
  }

  /// The size when every symbol has a value; nil when one is missing.
  ///
  /// What nodes find has its bound unless it is given.
  public func evaluated(_ symbols: [String: Int]) -> Int? {
    var sum = 0
    for (factors, coefficient) in terms {
      var product = coefficient
      for factor in factors {
        guard let value = factor.evaluated(symbols) else { return nil }
        product = Self.multiply(product, value)
      }
      sum = Self.add(sum, product)
    }
    return sum
  }

  private func dividedByMonomial(_ b: Dimension) -> Dimension? {
    guard b.terms.count == 1, let (factors, coefficient) = b.terms.first, coefficient != 0 else {
      return nil
    }
    var quotient: [[Atom]: Int] = [:]
    for (key, value) in terms {
      guard value % coefficient == 0 else { return nil }
      var rest = key
      for factor in factors {
        guard let index = rest.firstIndex(of: factor) else { return nil }
        rest.remove(at: index)
      }
      quotient[rest] = value / coefficient
    }
    return Dimension(terms: quotient)
  }

  public var description: String {
    if let constant { return "\(constant)" }
    return terms.map { factors, coefficient in
      let names = factors.map { "\($0)" }
      return (coefficient == 1 && !names.isEmpty ? names : ["\(coefficient)"] + names).joined(
        separator: "*")
    }.sorted().joined(separator: "+")
  }
}

extension Dimension.Atom: CustomStringConvertible {
  /// Different for different atoms, even when a symbol is named like a formula.
  fileprivate var sortKey: String {
    switch self {
    case .symbol(let name), .found(let name, _): "0\(name)"
    case .floorDivide, .maximum, .minimum: "1\(self)"
    }
  }

  func evaluated(_ symbols: [String: Int]) -> Int? {
    switch self {
    case .symbol(let name):
      return symbols[name]
    case .found(let name, let bound):
      return symbols[name] ?? bound.evaluated(symbols)
    case .floorDivide(let a, let b):
      guard let x = a.evaluated(symbols), let y = b.evaluated(symbols), y != 0 else { return nil }
      return x / y - (x % y != 0 && (x < 0) != (y < 0) ? 1 : 0)
    case .maximum(let a, let b):
      guard let x = a.evaluated(symbols), let y = b.evaluated(symbols) else { return nil }
      return Swift.max(x, y)
    case .minimum(let a, let b):
      guard let x = a.evaluated(symbols), let y = b.evaluated(symbols) else { return nil }
      return Swift.min(x, y)
    }
  }

  public var description: String {
    switch self {
    case .symbol(let name), .found(let name, _): name
    case .floorDivide(let a, let b): "floor((\(a))/(\(b)))"
    case .maximum(let a, let b): "max(\(a),\(b))"
    case .minimum(let a, let b): "min(\(a),\(b))"
    }
  }
}

extension Dimension {
  /// Names of the symbols that it depends on.
  public var symbols: Set<String> {
    var found: Set<String> = []
    for factor in terms.keys.joined() {
      switch factor {
      case .symbol(let name), .found(let name, _): found.insert(name)
      case .floorDivide(let a, let b), .maximum(let a, let b), .minimum(let a, let b):
        found.formUnion(a.symbols.union(b.symbols))
      }
    }
    return found
  }

  /// The name, when the size is one that a node finds in data.
  var foundName: String? {
    guard terms.count == 1, let (factors, coefficient) = terms.first, coefficient == 1,
      factors.count == 1, case .found(let name, _) = factors[0]
    else { return nil }
    return name
  }

  /// The name, when the size is one symbol.
  public var symbolName: String? {
    guard terms.count == 1, let (factors, coefficient) = terms.first, coefficient == 1,
      factors.count == 1,
      case .symbol(let name) = factors[0]
    else { return nil }
    return name
  }
}
