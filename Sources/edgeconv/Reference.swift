import ArgumentParser
import EdgeConvert
import EdgeFormat
import Foundation

/// Runs a model in float, for comparisons with other programs: raw little-endian tensors in, raw
/// float32 out.
struct Reference: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an ONNX model in float on raw tensors.", shouldDisplay: false)

  @Argument(help: "An ONNX model.") var model: String
  @Option(
    name: .customLong("input"),
    help: "NAME=2x3x4=FILE, elements as the model's input type (float32, int64...).")
  var inputs: [String] = []
  @Option(help: "Folder for output_<index>.bin.") var output: String
  @Flag(help: "Apply the graph passes first.") var passes = false
  @Option(help: "Run this many times and print the fastest.") var runs = 1

  func run() throws {
    var graph = try Import.read(model)
    if passes { graph = try Passes.all(graph) }
    let evaluator = try Evaluator(graph)
    var tensors: [String: Tensor] = [:]
    for text in inputs {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 3,
        let id = graph.inputs.first(where: { graph[$0].name == String(parts[0]) })
      else {
        throw ValidationError("\(text) is not NAME=SHAPE=FILE with the name of an input")
      }
      let shape = parts[1].split(separator: "x").compactMap { Int($0) }
      let bytes = try Data(contentsOf: URL(fileURLWithPath: String(parts[2])))
      tensors[String(parts[0])] = Self.decode(bytes, graph[id].type ?? .float32, shape)
    }
    var results: [Tensor] = []
    var best = Double.infinity
    for _ in 0..<max(runs, 1) {
      let start = DispatchTime.now().uptimeNanoseconds
      results = try evaluator.run(tensors)
      best = min(best, Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6)
    }
    for (index, tensor) in results.enumerated() {
      let bytes = tensor.floats.withUnsafeBytes { Data($0) }
      try bytes.write(to: URL(fileURLWithPath: "\(output)/output_\(index).bin"))
      print(
        "\(graph[graph.outputs[index]].name) \(tensor.type) \(tensor.shape.map(String.init).joined(separator: "x"))"
      )
    }
    print("milliseconds \(best) nodes \(graph.nodes.count)")
  }

  private static func decode(_ bytes: Data, _ type: ElementType, _ shape: [Int]) -> Tensor {
    let count = shape.reduce(1, *)
    return bytes.withUnsafeBytes { raw in
      func values<T: BitwiseCopyable>(_: T.Type) -> [T] {
        (0..<count).map { raw.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.size, as: T.self) }
      }
      switch type {
      case .float32, .float16: return Tensor(values(Float.self), shape: shape, type: type)
      case .int8: return Tensor(values(Int8.self).map { Int64($0) }, shape: shape, type: type)
      case .uint8, .bool:
        return Tensor(values(UInt8.self).map { Int64($0) }, shape: shape, type: type)
      case .int16: return Tensor(values(Int16.self).map { Int64($0) }, shape: shape, type: type)
      case .int32: return Tensor(values(Int32.self).map { Int64($0) }, shape: shape, type: type)
      case .int64: return Tensor(values(Int64.self), shape: shape, type: type)
      }
    }
  }
}
