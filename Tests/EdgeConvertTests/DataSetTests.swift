import EdgeSamples
import Foundation
import Testing

@testable import EdgeConvert

@Suite struct DataSetTests {
  private let inputs = [
    InputDescription(name: "x", elementType: .float32, isQuantized: false, shape: [1, 2])
  ]

  /// A folder of raw float samples, deleted afterwards.
  private func withFolder(_ files: [String: [UInt8]], _ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "edgeconv-data-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (name, bytes) in files {
      try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }
    try body(folder)
  }

  private func floats(_ values: Float...) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

  private func open(_ folder: String, limit: Int? = nil, seed: UInt64 = 1) throws -> DataSet {
    try DataSet(
      folder, inputs: inputs, preprocessing: Preprocessing(kind: .tensor), limit: limit, seed: seed)
  }

  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch ConversionError.usage(let text) {
      return text
    } catch {
      return "another error: \(error)"
    }
  }

  @Test func readsInAFixedOrderWithLabels() throws {
    let files = [
      "b.bin": floats(3, 4), "a.bin": floats(1, 2),
      "labels.tsv": Array("b.bin\t1\na.bin\t0\n".utf8),
    ]
    try withFolder(files) { folder in
      let data = try open(folder)
      #expect(data.count == 2)
      #expect(try data.sample(0).runs == [[Tensor([Float(3), 4], shape: [1, 2])]])
      #expect(try data.sample(0).label == 1)
      #expect(try data.sample(1).label == 0)
    }
  }

  @Test func theChoiceOfSamplesFollowsTheSeed() throws {
    let files = Dictionary(
      uniqueKeysWithValues: (0..<40).map { ("\($0).bin", floats(Float($0), 0)) })
    try withFolder(files) { folder in
      func chosen(_ seed: UInt64) throws -> [Float] {
        let data = try open(folder, limit: 5, seed: seed)
        return try (0..<data.count).map { try data.sample($0).runs[0][0].floats[0] }
      }
      let first = try chosen(1)
      let again = try chosen(1)
      let other = try chosen(2)
      #expect(first.count == 5 && first == again && first != other)
    }
  }

  @Test func wrongDataIsNamed() throws {
    #expect(message { _ = try open("/nonexistent/folder") }.contains("/nonexistent/folder"))
    try withFolder(["c.bin": floats(1, 2, 3)]) { folder in
      let text = message { _ = try open(folder).sample(0) }
      #expect(text.contains("c.bin") && text.contains("12 bytes") && text.contains("takes 8"))
    }
    try withFolder(["note.pdf": [1]]) { folder in
      #expect(message { _ = try open(folder) }.contains("has no samples"))
    }
  }

  @Test func preprocessingIsReadAndChecked() throws {
    let json =
      #"{"input.kind": "image", "image.mean": [104, 117, 123.5], "image.color": "bgr", "image.std": 1}"#
    let files = [
      "p.json": Array(json.utf8), "bad.json": Array(#"{"image.means": 1}"#.utf8),
      "l.txt": Array("cat\ndog\n".utf8),
    ]
    try withFolder(files) { folder in
      let file = try PreprocessingFile(path: "\(folder)/p.json", labels: "\(folder)/l.txt")
      #expect(file.metadata["image.mean"] == "104,117,123.5")
      #expect(file.metadata["labels"] == "cat\ndog")
      #expect(file.preprocessing.classIndex("dog") == 1)
      #expect(
        message { _ = try PreprocessingFile(path: "\(folder)/bad.json", labels: nil) }.contains(
          "'image.means'"))
    }
  }

  @Test func equalContentsHaveEqualDigests() throws {
    try withFolder(["a.bin": floats(1, 2), "b.bin": floats(1, 2), "c.bin": floats(2, 1)]) {
      folder in
      let digests = try open(folder).digests()
      #expect(digests[0] == digests[1] && digests[0] != digests[2])
    }
    var empty = ContentDigest()
    empty.update([UInt8]())
    #expect(empty.finish() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  }
}
