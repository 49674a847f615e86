/// A byte-pair vocabulary with a score for every piece, as llama2.c and SentencePiece have it.
///
/// A text begins with the start token and a space; its characters are pieces, or bytes where the
/// vocabulary has no such piece; then the neighbours whose joined piece has the best score are joined,
/// the first of equal ones, until none are left to join.
struct BytePair: Sendable {
  /// Token 1 begins a text; tokens 3...258 stand for the bytes 0...255.
  private static let start = 1
  private static let firstByte = 3

  private let vocabulary: Vocabulary
  private let scores: [Double]

  /// Reads lines `id<TAB>score<TAB>bytes in hexadecimal` in the order of the ids; a heading line
  /// beginning `id` is skipped.
  ///
  /// - Throws: an error naming the line that is not so.
  init(vocabulary text: String) throws(SampleError) {
    var pieces: [[UInt8]] = []
    var scores: [Double] = []
    for (index, line) in Text.lines([UInt8](text.utf8)).enumerated() {
      let fields = Text.fields(line, separator: 0x09)
      if index == 0 && Text.equal(fields[0], "id") { continue }
      guard fields.count == 3, Text.integer(fields[0]) == pieces.count,
        let score = Text.number(Text.string(fields[1])), let bytes = Text.bytes(hex: fields[2])
      else {
        throw SampleError(
          "the model's metadata 'text.vocabulary', line " + String(index + 1)
            + ": is not `id<TAB>score<TAB>bytes in hexadecimal` with the next id: convert the model "
            + "again with such a vocabulary")
      }
      pieces.append(bytes)
      scores.append(score)
    }
    guard pieces.count >= Self.firstByte + 256 else {
      throw SampleError(
        "the model's metadata 'text.vocabulary' has " + String(pieces.count)
          + " pieces, a byte-pair vocabulary has at least 3 special ones and 256 bytes")
    }
    vocabulary = Vocabulary(pieces)
    self.scores = scores
  }

  /// The numbers of a text's pieces, the start token first.
  ///
  /// O(n^2) in the characters.
  func tokens(_ text: String) -> [Int] {
    var tokens: [Int] = []
    for scalar in (text.isEmpty ? "" : " " + text).unicodeScalars {
      let bytes = [UInt8](UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      if let token = vocabulary.number(of: bytes[...]) {
        tokens.append(token)
      } else {
        tokens += bytes.map { Self.firstByte + Int($0) }
      }
    }
    tokens.insert(Self.start, at: 0)
    while let (place, token) = bestPair(tokens) {
      tokens.replaceSubrange(place...(place + 1), with: [token])
    }
    return tokens
  }

  /// The bytes that a token stands for.
  func bytes(of token: Int) -> [UInt8] {
    if token >= Self.firstByte, token < Self.firstByte + 256 {
      return [UInt8(token - Self.firstByte)]
    }
    return token >= Self.firstByte && token < scores.count ? vocabulary.pieces[token] : []
  }

  private func bestPair(_ tokens: [Int]) -> (place: Int, token: Int)? {
    var best: (place: Int, token: Int)?
    for place in tokens.indices.dropLast() {
      let joined = vocabulary.pieces[tokens[place]]
      let next = vocabulary.pieces[tokens[place + 1]]
      guard let token = vocabulary.number(of: next[...], after: joined) else { continue }
      if best.map({ scores[token] > scores[$0.token] }) ?? true { best = (place, token) }
    }
    return best
  }
}
