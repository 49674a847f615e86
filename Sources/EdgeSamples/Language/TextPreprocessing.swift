import EdgeFormat

/// How a text becomes a model's input: the keys `text.*`.
public struct TextPreprocessing: Sendable {
  enum Tokenizer: Sendable {
    case wordPiece(WordPiece)
    case bytePair(BytePair)
  }

  let tokenizer: Tokenizer
  /// Names of the inputs that take token numbers; 1 for every token; 0 for every token; the
  /// positions from 0.
  private let ids, mask, types, position: String

  init(_ metadata: MetadataReader) throws(SampleError) {
    let vocabulary = metadata.text("text.vocabulary", default: "")
    let isFolding = try metadata.choice("text.case", ["fold", "keep"]) != 1
    switch try metadata.choice("text.tokenizer", ["wordpiece", "bytepair"]) {
    case 0: tokenizer = .wordPiece(try WordPiece(vocabulary: vocabulary, isFolding: isFolding))
    case 1: tokenizer = .bytePair(try BytePair(vocabulary: vocabulary))
    default: throw metadata.meaningless("text.tokenizer", "")
    }
    ids = metadata.text("text.ids", default: "input_ids")
    mask = metadata.text("text.mask", default: "attention_mask")
    types = metadata.text("text.types", default: "token_type_ids")
    position = metadata.text("text.position", default: "position_ids")
  }

  /// The numbers of a text's pieces, at most `limit`.
  public func tokens(_ text: String, limit: Int) -> [Int] {
    switch tokenizer {
    case .wordPiece(let pieces): pieces.tokens(text, limit: limit)
    case .bytePair(let pairs): [Int](pairs.tokens(text).prefix(limit))
    }
  }

  /// The bytes that a token stands for; none for a tokenizer that only reads.
  public func bytes(of token: Int) -> [UInt8] {
    switch tokenizer {
    case .wordPiece: []
    case .bytePair(let pairs): pairs.bytes(of: token)
    }
  }

  /// The most tokens that one run takes.
  ///
  /// - Throws: an error when no input takes token numbers.
  public func limit(_ inputs: [InputDescription]) throws(SampleError) -> Int {
    guard let input = inputs.first(where: { Text.equal($0.name, ids) }) else {
      throw SampleError(
        "the model has no input '" + ids + "' for token numbers: convert it again with the right "
          + "name as 'text.ids' in `edgeconv convert --preprocess FILE.json`")
    }
    return input.shape.last ?? 1
  }

  /// Tensors for every input from token numbers, at most `limit`; `first` is the position of the
  /// first of them.
  ///
  /// A dynamic axis takes their number, a fixed one is filled up with padding under a mask of 0.
  public func tensors(
    _ tokens: [Int], first: Int = 0, for inputs: [InputDescription]
  ) throws(SampleError) -> [SampleTensor] {
    let padding: Int
    switch tokenizer {
    case .wordPiece(let pieces): padding = pieces.padding
    case .bytePair: padding = 0
    }
    var tensors: [SampleTensor] = []
    for input in inputs {
      var shape = input.shape
      let axis = shape.count - 1
      for leading in shape.indices.dropLast() where input.isDynamic(leading) { shape[leading] = 1 }
      if axis >= 0, input.isDynamic(axis) { shape[axis] = tokens.count }
      let count = shape.reduce(1, *)
      guard count >= tokens.count, axis < 0 || count == shape[axis], !input.elementType.isFloat
      else {
        throw misfit(input)
      }
      let rest = count - tokens.count
      let values: [Int]
      if Text.equal(input.name, ids) {
        values = tokens + [Int](repeating: padding, count: rest)
      } else if Text.equal(input.name, mask) {
        values = tokens.map { _ in 1 } + [Int](repeating: 0, count: rest)
      } else if Text.equal(input.name, types) {
        values = [Int](repeating: 0, count: count)
      } else if Text.equal(input.name, position) {
        values = (0..<count).map { first + $0 }
      } else {
        throw misfit(input)
      }
      let wide = SampleTensor(
        elementType: .int64, shape: shape,
        bytes: values.map { Int64($0) }.withUnsafeBytes { [UInt8]($0) })
      guard let tensor = wide.converted(to: input.elementType) else { throw misfit(input) }
      tensors.append(tensor)
    }
    return tensors
  }

  private func misfit(_ input: InputDescription) -> SampleError {
    SampleError(
      "the model's input '" + input.name + "' of " + input.elementType.name + " " + input.boundText
        + " takes no token numbers [T] or [1, T], mask, types or positions of that name: convert the "
        + "model again with right 'text.*' in `edgeconv convert --preprocess FILE.json`")
  }
}
