import CEdgeMedia

/// BERT's tokenizer: words split at spaces, punctuation and ideographs, each into the longest pieces
/// of a vocabulary.
///
/// Special tokens in the text have no special meaning. Source: Devlin et al. 2018,
/// arXiv:1810.04805, `BasicTokenizer` and `WordpieceTokenizer` of its code.
struct WordPiece: Sendable {
  private static let longestWord = 100

  private let vocabulary: Vocabulary
  private let isFolding: Bool
  private let unknown, start, end: Int
  /// What fills unused places.
  let padding: Int

  /// Reads a vocabulary of one piece a line; `isFolding` for models without upper case and accents.
  ///
  /// - Throws: an error when `[PAD]`, `[UNK]`, `[CLS]` or `[SEP]` is missing.
  init(vocabulary text: String, isFolding: Bool) throws(SampleError) {
    let vocabulary = Vocabulary(Text.lines([UInt8](text.utf8)))
    func special(_ name: String) throws(SampleError) -> Int {
      guard let number = vocabulary.number(of: [UInt8](name.utf8)[...]) else {
        throw SampleError(
          "the model's metadata 'text.vocabulary' has no line " + name
            + ": convert the model again "
            + "with the vocabulary of a WordPiece tokenizer")
      }
      return number
    }
    padding = try special("[PAD]")
    unknown = try special("[UNK]")
    start = try special("[CLS]")
    end = try special("[SEP]")
    self.vocabulary = vocabulary
    self.isFolding = isFolding
  }

  /// The numbers of a text's pieces between `[CLS]` and `[SEP]`, at most `limit` with these.
  func tokens(_ text: String, limit: Int) -> [Int] {
    var tokens = [start]
    for word in words(text) {
      if tokens.count >= limit - 1 { break }
      tokens += pieces(word)
    }
    return tokens.prefix(max(limit - 1, 1)) + [end]
  }

  /// Words, punctuation marks and ideographs, in lower case and without accents when folding.
  func words(_ text: String) -> [[Unicode.Scalar]] {
    var words: [[Unicode.Scalar]] = []
    var word: [Unicode.Scalar] = []
    func close() {
      if !word.isEmpty { words.append(word) }
      word = []
    }
    for scalar in text.unicodeScalars {
      switch edge_media_code_kind(scalar.value) {
      case EDGE_MEDIA_CONTROL: continue
      case EDGE_MEDIA_SPACE: close()
      case EDGE_MEDIA_IDEOGRAPH:
        close()
        words.append(folded(scalar))
      default:
        for part in folded(scalar) {
          if edge_media_code_kind(part.value) == EDGE_MEDIA_PUNCTUATION {
            close()
            words.append([part])
          } else {
            word.append(part)
          }
        }
      }
    }
    close()
    return words
  }

  private func folded(_ scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    guard isFolding else { return [scalar] }
    var codes = [UInt32](repeating: 0, count: Int(EDGE_MEDIA_MAX_FOLDED))
    let count = edge_media_code_fold(scalar.value, &codes)
    return codes.prefix(Int(count)).compactMap { Unicode.Scalar($0) }
  }

  /// The longest pieces from the left, those within the word after `##`; one unknown token when a
  /// rest is in no piece.
  private func pieces(_ word: [Unicode.Scalar]) -> [Int] {
    guard word.count <= Self.longestWord else { return [unknown] }
    var bytes: [UInt8] = []
    // Where a character ends, and so a piece may.
    var ends = [0]
    for scalar in word {
      bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      ends.append(bytes.count)
    }
    var tokens: [Int] = []
    var first = 0
    while first < word.count {
      var last = word.count
      var found: Int?
      while last > first {
        let piece = bytes[ends[first]..<ends[last]]
        found = vocabulary.number(of: piece, after: first > 0 ? [0x23, 0x23] : [])
        if found != nil { break }
        last -= 1
      }
      guard let found else { return [unknown] }
      tokens.append(found)
      first = last
    }
    return tokens
  }
}
