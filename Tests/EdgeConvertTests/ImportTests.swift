import Foundation
import Testing

@testable import EdgeConvert

@Suite struct ImportTests {
  /// Field `number` of a protobuf message with a length-delimited payload.
  private func field(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(payload.count)] + payload
  }

  private func text(_ number: UInt8, _ value: String) -> [UInt8] {
    field(number, Array(value.utf8))
  }

  private func node(_ op: String, _ inputs: [String], _ outputs: [String]) -> [UInt8] {
    field(1, inputs.flatMap { text(1, $0) } + outputs.flatMap { text(2, $0) } + text(4, op))
  }

  /// A ModelProto of opset 13 around a GraphProto's fields.
  private func model(_ graph: [UInt8]) -> [UInt8] {
    [8, 8] + field(7, graph) + field(8, [16, 13])
  }

  private func parse(_ bytes: [UInt8]) throws -> Graph {
    try bytes.withUnsafeBytes { try Import.parse($0) }
  }

  @Test func aModelIsRead() throws {
    let graph = try parse(
      model(
        node("Relu", ["t"], ["y"]) + node("Neg", ["x"], ["t"]) + field(11, text(1, "x"))
          + field(12, text(1, "y"))))
    #expect(graph.nodes.map(\.op) == ["Neg", "Relu"])
    #expect(graph.nodes.map(\.name) == ["t", "y"])
    #expect(graph.nodes[0].opset == 13)
    #expect(graph.origin.irVersion == 8)
  }

  @Test(arguments: [
    ("reads a name nobody gives", ["missing"], ["y"]), ("depends on itself", ["y"], ["y"]),
  ])
  func contradictionsAreErrors(_ case: String, _ inputs: [String], _ outputs: [String]) {
    #expect(throws: ConversionError.self) {
      try parse(model(node("Relu", inputs, outputs) + field(12, text(1, "y"))))
    }
  }

  @Test func twoProducersAreAnError() {
    let twice = node("Relu", ["x"], ["y"]) + node("Neg", ["x"], ["y"]) + field(11, text(1, "x"))
    #expect(throws: ConversionError.self) { try parse(model(twice)) }
  }

  @Test func everyTruncationIsAnErrorOrAModel() {
    let bytes = model(
      node("Relu", ["x"], ["y"]) + field(11, text(1, "x")) + field(12, text(1, "y")))
    for count in 0..<bytes.count { _ = try? parse(Array(bytes.prefix(count))) }
    #expect(throws: ConversionError.self) { try parse([]) }
    #expect(throws: ConversionError.self) { try parse(Array("not an ONNX model".utf8)) }
  }

  @Test func damagedBytesNeverTrap() {
    let tensor: [UInt8] = [8, 3, 16, 1] + text(8, "w") + field(9, [UInt8](repeating: 1, count: 12))
    let bytes = model(
      node("Add", ["x", "w"], ["y"]) + field(5, tensor) + field(11, text(1, "x"))
        + field(12, text(1, "y")))
    for place in bytes.indices {
      for bit in 0..<8 {
        var damaged = bytes
        damaged[place] ^= 1 << bit
        guard let graph = try? parse(damaged) else { continue }
        _ = try? Check(graph)
      }
    }
  }

  @Test func aTensorOfTheWrongSizeIsAnObstacle() throws {
    let tensor: [UInt8] = [8, 200, 1, 16, 1] + text(8, "w") + field(9, [0, 0, 0, 0])
    let graph = try parse(
      model(node("Add", ["w", "w"], ["y"]) + field(5, tensor) + field(12, text(1, "y"))))
    #expect(graph.obstacles.count == 1)
  }

  @Test func modelsOfTheAssetsAreReady() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../../shared/assets").standardized
    let models = ["vision/resnet8_32_cifar10.onnx", "speech/kws_dscnn_mfcc49x10.onnx"]
    for model in models {
      let path = folder.appendingPathComponent(model).path
      guard FileManager.default.fileExists(atPath: path) else {
        print("SKIPPED: \(path) is not here")
        continue
      }
      #expect(try Check(Import.read(path)).obstacles == [])
    }
  }
}
