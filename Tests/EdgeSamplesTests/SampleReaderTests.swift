import EdgeFormat
import Foundation
import Testing

@testable import EdgeSamples

@Suite struct SampleReaderTests {
  private func reader(
    _ metadata: [String: String], shape: [Int], dynamicAxes: UInt32 = 0,
    type: ElementType = .float32
  ) throws -> SampleReader {
    let input = InputDescription(
      name: "x", elementType: type, isQuantized: false, shape: shape, dynamicAxes: dynamicAxes)
    return SampleReader(
      inputs: [input], preprocessing: try Preprocessing(metadata: { metadata[$0] }))
  }

  @Test func picturesFollowLayoutColorMeanAndStd() throws {
    var metadata = [
      "input.kind": "image", "image.layout": "nchw", "image.color": "bgr", "image.mean": "10,20,30",
      "image.std": "2,4,5",
    ]
    func floats(_ shape: [Int]) throws -> [Float]? {
      try withFile("a.png", Pictures.rgb.base64Bytes) {
        try reader(metadata, shape: shape).read($0).tensors[0].floats
      }
    }
    let blue: [Float] = [0, 0, 255, 30].map { ($0 - 10) / 2 }
    let green: [Float] = [0, 255, 0, 20].map { ($0 - 20) / 4 }
    let red: [Float] = [255, 0, 0, 10].map { ($0 - 30) / 5 }
    #expect(try floats([1, 3, 2, 2]) == blue + green + red)
    metadata["image.layout"] = "nhwc"
    #expect(try floats([1, 2, 2, 3]) == (0..<4).flatMap { [blue[$0], green[$0], red[$0]] })
  }

  @Test func picturesOfAnotherSizeAreRefusedWhenToldSo() throws {
    let metadata = ["input.kind": "image", "image.resize": "none"]
    let message = try withFile("a.png", Pictures.rgb.base64Bytes) { path in
      failure { try reader(metadata, shape: [1, 3, 4, 4]).read(path) }
    }
    #expect(message?.contains("2 x 2") == true)
    #expect(message?.contains("4 x 4") == true)
  }

  @Test func soundIsPaddedCutOrRefused() throws {
    let data = [16_384, -16_384].flatMap { little(Int16($0)) }
    let bytes = wave(tag: 1, channels: 1, rate: 8_000, bits: 16, data: data)
    func read(_ metadata: [String: String], _ length: Int, dynamic: UInt32 = 0) throws -> [Float]? {
      try withFile("a.wav", bytes) {
        try reader(metadata, shape: [1, length], dynamicAxes: dynamic).read($0).tensors[0].floats
      }
    }
    let audio = ["input.kind": "audio", "audio.rate": "8000"]
    #expect(try read(audio, 3) == [0.5, -0.5, 0])
    #expect(try read(audio, 1) == [0.5])
    #expect(try read(audio, 3, dynamic: 2) == [0.5, -0.5])
    let strict = audio.merging(["audio.length": "strict"]) { $1 }
    #expect(failure { try read(strict, 3) }?.contains("exactly 3") == true)
    let other = audio.merging(["audio.rate": "16000"]) { $1 }
    let message = failure { try read(other, 3) }
    #expect(message?.contains("8000 samples per second, the model wants 16000") == true)
    #expect(message?.contains("-r 16000") == true)
  }

  @Test func rawFilesFixTheOneDynamicAxis() throws {
    let bytes: [UInt8] = [1, 2, 3, 4]
    func read(_ shape: [Int], _ dynamic: UInt32) throws -> [Int] {
      try withFile("a.bin", bytes) {
        try reader([:], shape: shape, dynamicAxes: dynamic, type: .uint8).read($0).tensors[0].shape
      }
    }
    #expect(try read([2, 2], 0) == [2, 2])
    #expect(try read([8, 2], 1) == [2, 2])
    #expect(failure { try read([8, 2], 0) }?.contains("takes 16") == true)
    #expect(failure { try read([8, 3], 1) } != nil)
  }

  @Test func archivesGiveInputsByNameAndTheLabel() throws {
    try withFile("a.npz", Archives.deflated.base64Bytes) { path in
      let sample = try reader([:], shape: [1, 2, 3]).read(path)
      #expect(sample.label == 4)
      #expect(sample.tensors[0].shape == [1, 2, 3])
      #expect(failure { try reader([:], shape: [3, 2]).read(path) }?.contains("[2, 3]") == true)
    }
  }

  @Test func archivesWithAnAxisMoreAreConsecutiveRuns() throws {
    try withFile("a.npz", Archives.deflated.base64Bytes) { path in
      let runs = try reader([:], shape: [3]).sequence(path)
      #expect(runs?.map { $0[0].floats } == [[0, 1, 2], [3, 4, 5]])
      #expect(try reader([:], shape: [2, 3]).sequence(path)?.count == nil)
      #expect(failure { try reader([:], shape: [4]).sequence(path) }?.contains("[3]") == true)
    }
  }

  @Test(arguments: ["a.wav", "a.png"]) func modelsWithoutRulesRefuseMedia(name: String) throws {
    let message = try withFile(name, []) { path in
      failure { try reader([:], shape: [4]).read(path) }
    }
    #expect(message?.contains("edgeconv convert --preprocess") == true)
  }

  @Test(arguments: [
    ["input.kind": "video"], ["input.kind": "audio", "audio.rate": "fast"],
    ["input.kind": "image", "image.std": "1,0,1"], ["input.kind": "image", "image.mean": ""],
  ])
  func meaninglessMetadataIsNamed(metadata: [String: String]) {
    #expect(failure { try reader(metadata, shape: [4]) }?.contains("the model's metadata") == true)
  }

  @Test func foldersListByLabelFileOrByName() throws {
    let labels = [UInt8]("file\tclass\nb.bin\tseven\tx\r\na.bin\t0\n".utf8)
    try withFile("labels.tsv", labels) { path in
      let folder = String(path.dropLast("/labels.tsv".count))
      for name in ["a.bin", "b.bin", "notes.md", ".hidden.bin"] {
        try Data().write(to: URL(filePath: folder).appending(path: name))
      }
      let entries = try SampleFolder(folder, of: [.raw]).entries
      #expect(entries.map(\.path) == [folder + "/b.bin", folder + "/a.bin"])
      #expect(entries.map(\.label) == ["seven", "0"])
      #expect(
        try SampleFolder.files(in: folder, of: [.raw, .wave]) == [
          folder + "/a.bin", folder + "/b.bin",
        ])
    }
    let rules = try Preprocessing(metadata: { $0 == "labels" ? "six\nseven\n" : nil })
    #expect(rules.classIndex("seven") == 1)
    #expect(rules.classIndex("12") == 12)
    #expect(rules.classIndex("eight") == nil)
  }
}
