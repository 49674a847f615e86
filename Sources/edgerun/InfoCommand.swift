import CEdgeRT
import EdgeSamples

/// `edgerun info`: what a model takes and gives, and the memory of a session.
struct InfoCommand {
  /// The metadata shown, beside the labels.
  private static let keys =
    MetadataKey.all.filter { !Text.equal($0, "labels") }
    + ["precision", "source.name", "source.sha256", "converter"]

  private let options: Options

  init(_ options: Options) {
    self.options = options
  }

  func run() throws(CommandError) -> Int32 {
    let engine = try Engine(path: options.model, threads: options.threads)
    let labels = try engine.preprocessing(options).labels
    try Console.output(options.isJSON ? json(engine, labels) : text(engine, labels))
    return ExitCode.success
  }

  private func text(_ engine: borrowing Engine, _ labels: [String]) -> String {
    var text = padded("model", 14) + options.model + "\n"
    for input in engine.inputs {
      text += padded("input", 14) + input.name + "  " + input.elementType.name + " "
      text += Text.shape(input.shape)
      for axis in input.shape.indices where input.isDynamic(axis) {
        text += ", axis " + String(axis) + " may be smaller"
      }
      text += input.isQuantized ? ", quantized\n" : "\n"
    }
    for output in engine.outputs {
      text += padded("output", 14) + output.name + "  " + output.elementType.name + " "
      text += Text.shape(output.shape) + "\n"
    }
    text += padded("session", 14) + String(engine.sessionBytes) + " bytes with "
    text += threadText(options.threads) + "\n"
    text += padded("kernels", 14) + String(cString: edgert_kernel_isa()) + "\n"
    if !labels.isEmpty { text += padded("labels", 14) + String(labels.count) + "\n" }
    for key in Self.keys {
      if let value = engine.metadata(key) { text += padded(key, 14) + value + "\n" }
    }
    return text
  }

  private func json(_ engine: borrowing Engine, _ labels: [String]) -> String {
    var text = "{\"model\":" + jsonText(options.model) + ",\"inputs\":["
    for (index, input) in engine.inputs.enumerated() {
      text += index > 0 ? "," : ""
      text += tensor(input.name, input.elementType.name, input.shape)
      text += ",\"dynamic_axes\":"
      text += Text.shape(input.shape.indices.filter { input.isDynamic($0) }) + "}"
    }
    text += "],\"outputs\":["
    for (index, output) in engine.outputs.enumerated() {
      text += index > 0 ? "," : ""
      text += tensor(output.name, output.elementType.name, output.shape) + "}"
    }
    text += "],\"session_bytes\":" + String(engine.sessionBytes)
    text += ",\"threads\":" + String(options.threads)
    text += ",\"isa\":" + jsonText(String(cString: edgert_kernel_isa()))
    text += ",\"labels\":" + String(labels.count) + ",\"metadata\":{"
    var isFirst = true
    for key in Self.keys {
      guard let value = engine.metadata(key) else { continue }
      text += (isFirst ? "" : ",") + jsonText(key) + ":" + jsonText(value)
      isFirst = false
    }
    return text + "}}\n"
  }

  private func tensor(_ name: String, _ type: String, _ shape: [Int]) -> String {
    "{\"name\":" + jsonText(name) + ",\"dtype\":" + jsonText(type) + ",\"shape\":"
      + Text.shape(shape)
  }
}
