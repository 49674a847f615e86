import Foundation
import Testing

@testable import EdgeConvert

@Suite struct ImportTests {
  /// Field `number` of a protobuf message with a length-delimited payload.
  private func field(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
    let tag = Int(number) << 3 | 2
    return (tag < 128 ? [UInt8(tag)] : [UInt8(tag & 127 | 128), UInt8(tag >> 7)])
      + [UInt8(payload.count)] + payload
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

  /// A call of `f.Act`, whose body leaks with the call's slope and adds an input that calls may
  /// leave out.
  @Test func functionsAreInlined() throws {
    let slope =
      text(1, "slope") + [21] + withUnsafeBytes(of: Float(0.5)) { Array($0) } + [160, 1, 1]
    let reference = text(1, "alpha") + [160, 1, 1] + text(21, "slope")
    func named(_ fields: [UInt8], _ op: String) -> [UInt8] { fields + text(4, op) }
    let body =
      field(7, named(text(1, "a") + text(2, "b") + field(5, reference), "LeakyRelu"))
      + field(7, named(text(1, "b") + text(1, "bias") + text(2, "c"), "Sum"))
    let function =
      text(1, "Act") + text(4, "a") + text(4, "bias") + text(5, "c") + text(6, "slope") + body
      + field(9, [16, 17]) + text(10, "f")
    let call = text(1, "x") + text(2, "y") + text(3, "n") + text(4, "Act") + text(7, "f")
    let graph = field(1, call + field(5, slope)) + field(11, text(1, "x")) + field(12, text(1, "y"))
    let read = try parse(model(graph) + field(25, function))
    #expect(read.nodes.map(\.op) == ["LeakyRelu", "Sum", "Identity"])
    #expect(read.nodes.map(\.opset) == [17, 17, Operator.latestOpset])
    #expect(read.nodes[0].name == "n/b")
    #expect(read.nodes[0].float("alpha") == 0.5)
    #expect(read.nodes[1].inputs.count == 2 && read.nodes[1].inputs[1] == nil)
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
