import EdgeFormat
import Testing

@testable import EdgeSamples

@Suite struct LanguageTests {
  private let vocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\nun\n##aff\n##able\n##ford\ncafe\n,\n!\n中\n文\nstrasse\n##s\nno\n"

  private func words(_ text: String, isFolding: Bool = true) throws -> [String] {
    try WordPiece(vocabulary: vocabulary, isFolding: isFolding).words(text).map { word in
      String(String.UnicodeScalarView(word))
    }
  }

  /// As Hugging Face's tokenizers 0.23 splits with BertNormalizer and BertPreTokenizer.
  @Test(arguments: [
    ("Hello, WORLD!", ["hello", ",", "world", "!"]),
    ("  a\tb\u{A0}c\u{2003}d ", ["a", "b", "c", "d"]),
    ("Crème BRÛLÉE Ångström", ["creme", "brulee", "angstrom"]),
    ("don't e-mail x_y", ["don", "'", "t", "e", "-", "mail", "x", "_", "y"]),
    ("\u{0}a\u{7}b\u{200B}c\u{FFFD}d\u{C}e", ["abcde"]),
    ("日本ab中文", ["日", "本", "ab", "中", "文"]),
    ("한국", ["\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"]),
    ("Ελλάδα «ДА Ёж»", ["ελλαδα", "«", "да", "еж", "»"]),
    ("İstanbul ẞ ß ﬁ ½", ["istanbul", "ß", "ß", "ﬁ", "½"]),
    ("naïve\u{301}", ["naive"]), ("😀!", ["😀", "!"]), ("\u{1E9B}\u{323}", ["\u{17F}"]), ("", []),
  ])
  func textsAreSplitAsBERTDoes(text: String, expected: [String]) throws {
    #expect(try words(text) == expected)
  }

  @Test func caseAndAccentsStayWhenToldSo() throws {
    #expect(try words("Crème, ÉTÉ", isFolding: false) == ["Crème", ",", "ÉTÉ"])
  }

  @Test(arguments: [
    ("unaffable", [2, 4, 5, 6, 3]), ("UNAFFORD", [2, 1, 3]), ("unaffordable!", [2, 1, 10, 3]),
    ("Café, 中文no", [2, 8, 9, 11, 12, 15, 3]), ("strasses", [2, 13, 14, 3]), ("", [2, 3]),
    (String(repeating: "un", count: 51), [2, 1, 3]),
  ])
  func wordsBecomeTheLongestPieces(text: String, expected: [Int]) throws {
    let pieces = try WordPiece(vocabulary: vocabulary, isFolding: true)
    #expect(pieces.tokens(text, limit: 16) == expected)
  }

  @Test func longTextsAreCut() throws {
    let pieces = try WordPiece(vocabulary: vocabulary, isFolding: true)
    #expect(pieces.tokens("no, no, no", limit: 5) == [2, 15, 9, 15, 3])
    #expect(
      failure { try WordPiece(vocabulary: "[PAD]\n[UNK]\n", isFolding: true) }?.contains("[CLS]")
        == true)
  }

  @Test func inputsGetTokensMaskAndTypes() throws {
    let metadata = [
      "input.kind": "text", "text.tokenizer": "wordpiece", "text.vocabulary": vocabulary,
      "text.ids": "ids",
    ]
    let rules = try Preprocessing(metadata: { metadata[$0] })
    func tensors(_ shape: [Int], dynamic: UInt32) throws -> [SampleTensor] {
      let inputs = ["attention_mask", "ids", "token_type_ids"].map {
        InputDescription(
          name: $0, elementType: .int64, isQuantized: false, shape: shape, dynamicAxes: dynamic)
      }
      return try SampleReader(inputs: inputs, preprocessing: rules)
        .read(SampleSource(text: "no!")).tensors
    }
    #expect(
      try tensors([1, 6], dynamic: 0).map(\.integers) == [
        [1, 1, 1, 1, 0, 0], [2, 15, 10, 3, 0, 0], [0, 0, 0, 0, 0, 0],
      ])
    let short = try tensors([4, 6], dynamic: 3)
    #expect(short.map(\.integers) == [[1, 1, 1, 1], [2, 15, 10, 3], [0, 0, 0, 0]])
    #expect(short.allSatisfy { $0.shape == [1, 4] })
    #expect(failure { try tensors([2, 6], dynamic: 0) }?.contains("[2, 6]") == true)
  }

  @Test func textFilesGiveASampleALine() throws {
    let metadata = [
      "input.kind": "text", "text.tokenizer": "wordpiece", "text.vocabulary": vocabulary,
    ]
    let input = InputDescription(
      name: "input_ids", elementType: .int32, isQuantized: false, shape: [8], dynamicAxes: 1)
    let rules = try Preprocessing(metadata: { metadata[$0] })
    let reader = SampleReader(inputs: [input], preprocessing: rules)
    try withFile("a.txt", [UInt8]("no\t1\r\n\n中!\n".utf8)) { path in
      let sources = try reader.sources(path)
      #expect(sources.map(\.line) == [1, 3])
      #expect(sources.map(\.label) == ["1", nil])
      #expect(
        try sources.map { try reader.read($0).tensors[0].integers } == [
          [2, 15, 3], [2, 11, 10, 3],
        ])
    }
    let message = try withFile("b.txt", [0x0A]) { path in failure { try reader.sources(path) } }
    #expect(message?.contains("has no text") == true)
  }

  /// Pieces after the 256 bytes: " ", "a", "b", "ab", " ab", "ba".
  private var pairs: String {
    let bytes = (0..<259).map { "\($0)\t0\t\($0 < 3 ? "3c" : "3e")" }
    let pieces = ["20", "61", "62", "6162", "206162", "6261"]
    let scores = [0, 0, 0, -2, -3, -1]
    let rest = zip(pieces, scores).enumerated().map { "\(259 + $0)\t\($1.1)\t\($1.0)" }
    return (["id\tscore\tbytes_hex"] + bytes + rest).joined(separator: "\n") + "\n"
  }

  @Test(arguments: [
    ("ab", [1, 263]), ("aba", [1, 259, 260, 264]), ("a é", [1, 259, 260, 259, 198, 172]), ("", [1]),
  ])
  func theBestPairsAreJoined(text: String, expected: [Int]) throws {
    let tokenizer = try BytePair(vocabulary: pairs)
    #expect(tokenizer.tokens(text) == expected)
    let decoded = expected.dropFirst().flatMap { tokenizer.bytes(of: $0) }
    #expect(String(decoding: decoded, as: UTF8.self) == (text.isEmpty ? "" : " " + text))
    #expect(tokenizer.bytes(of: 1).isEmpty && tokenizer.bytes(of: 900).isEmpty)
  }

  @Test func theLikeliestTokenFollows() throws {
    let rule = try GenerationRule(MetadataReader { _ in nil })
    let output = ModelOutput(name: "y", shape: [1, 2, 3], values: [9, 0, 0, 1, 4, 4])
    #expect(try rule.next([output], after: 2) == 1)
    #expect(failure { try rule.next([output], after: 3) }?.contains("[T, V]") == true)
  }

  @Test func similarityIsTheCosine() {
    #expect(EmbeddingRule.similarity([3, 4], [8, 6]) == 0.96)
    #expect(EmbeddingRule.similarity([1, 0], [0, 0]) == 0)
  }
}
