import EdgeFormat

/// What never changes where a model is used, as the caller knows: inputs that always have one
/// value, and sizes of axes.
public struct FixedInterface: Sendable, Equatable {
  /// Numbers by the name of an input of one element.
  var inputs: [String: Double] = [:]
  /// Sizes by the symbol of an axis.
  var sizes: [String: Int] = [:]

  /// Nothing is fixed.
  public init() {}

  /// Reads `sr=16000,...` and `batch=1,...`, several of each.
  /// - Throws: `ConversionError.usage` for anything else.
  public init(inputs: [String], sizes: [String]) throws {
    for (name, text) in try FixedInterface.assignments(inputs, "--input") {
      let number = ["true": 1, "false": 0][text] ?? Double(text)
      guard let number, number.isFinite else {
        throw ConversionError.usage("--input \(name)=\(text): write NAME=NUMBER, true or false")
      }
      self.inputs[name] = number
    }
    for (name, text) in try FixedInterface.assignments(sizes, "--size") {
      guard let size = Int(text), size > 0 else {
        throw ConversionError.usage("--size \(name)=\(text): write NAME=N with N of 1 or more")
      }
      self.sizes[name] = size
    }
  }

  private static func assignments(_ texts: [String], _ option: String) throws
    -> [(String, String)]
  {
    try texts.flatMap { $0.split(separator: ",") }.map { text in
      let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, !parts[0].isEmpty else {
        throw ConversionError.usage("\(option) \(text): write NAME=VALUE")
      }
      return (parts[0], parts[1])
    }
  }

  /// The options as provenance states them; they are read back from there.
  var stated: [String: String] {
    var stated: [String: String] = [:]
    if !inputs.isEmpty {
      stated["input"] = inputs.sorted { $0.key < $1.key }.map { name, number in
        Int(exactly: number).map { "\(name)=\($0)" } ?? "\(name)=\(number)"
      }.joined(separator: ",")
    }
    if !sizes.isEmpty {
      stated["size"] =
        sizes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",")
    }
    return stated
  }
}

extension Import {
  /// Reads a file, and makes constants of what is fixed.
  /// - Throws: as `read`; `ConversionError.usage` for a name that the model has not, and for an
  ///   input of more than one number.
  public static func read(_ path: String, fixed: FixedInterface) throws -> Graph {
    var graph = try read(path)
    try graph.fix(fixed)
    return graph
  }
}

extension Graph {
  /// Makes constants of what is fixed.
  mutating func fix(_ fixed: FixedInterface) throws {
    for (name, number) in fixed.inputs.sorted(by: { $0.key < $1.key }) {
      try fix(input: name, number)
    }
    for (name, size) in fixed.sizes.sorted(by: { $0.key < $1.key }) {
      try fix(size: name, size)
    }
  }

  /// Makes an input of one number a constant.
  private mutating func fix(input name: String, _ number: Double) throws {
    guard let id = inputs.first(where: { self[$0].name == name }) else {
      let known = inputs.map { "'\(self[$0].name)'" }.joined(separator: ", ")
      throw ConversionError.usage("--input \(name): the model has no such input; it has \(known)")
    }
    let shape = self[id].shape?.compactMap(\.constant)
    guard let shape, shape.allSatisfy({ $0 == 1 }), shape.count == self[id].shape?.count,
      let type = self[id].type
    else {
      throw ConversionError.usage(
        "--input \(name): the input does not hold one number, but "
          + (self[id].shape.map { "\($0)" } ?? "a tensor of unknown shape"))
    }
    if !type.isFloat, Int64(exactly: number) == nil {
      throw ConversionError.usage("--input \(name)=\(number): the input is of type \(type)")
    }
    fix(
      id,
      type.isFloat
        ? Tensor([Float(number)], shape: shape, type: type)
        : Tensor([Int64(number)], shape: shape, type: type))
    inputs.removeAll { $0 == id }
  }

  /// Gives every axis of the inputs whose size is a symbol one size.
  private mutating func fix(size symbol: String, _ size: Int) throws {
    var names: Set<String> = []
    for id in inputs {
      names.formUnion(self[id].shape?.compactMap(\.symbolName) ?? [])
      self[id].shape = self[id].shape?.map { $0.symbolName == symbol ? Dimension(size) : $0 }
    }
    guard names.contains(symbol) else {
      let known = names.sorted().map { "'\($0)'" }.joined(separator: ", ")
      throw ConversionError.usage(
        "--size \(symbol): no input has an axis of this run-time size; "
          + (known.isEmpty ? "all sizes are fixed" : "there are \(known)"))
    }
  }
}
