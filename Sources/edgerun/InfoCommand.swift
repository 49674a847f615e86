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
    var rows = [("model", options.model)]
    for input in engine.inputs {
      var text = input.name + "  " + input.elementType.name + " " + Text.shape(input.shape)
      for axis in input.shape.indices where input.isDynamic(axis) {
        text += ", axis " + String(axis) + " may be smaller"
      }
      rows.append(("input", text + (input.isQuantized ? ", quantized" : "")))
    }
    for output in engine.outputs {
      let type = output.elementType.name
      rows.append(("output", output.name + "  " + type + " " + Text.shape(output.shape)))
    }
    for state in engine.states {
      let type = state.elementType.name
      rows.append(
        (
          "state",
          state.name + "  " + type + " " + Text.shape(state.shape)
            + ", " + String(state.byteCount) + " bytes"
        ))
    }
    let memory = String(engine.sessionBytes) + " bytes with " + threadText(options.threads)
    rows.append(("session", memory))
    for certificate in Certificate.all(in: options.model) {
      rows.append(("certificate", certificate.sentence))
    }
    rows.append(("kernels", String(cString: edgert_kernel_isa())))
    if !labels.isEmpty { rows.append(("labels", String(labels.count))) }
    rows += metadata(engine)
    let width = 2 + rows.reduce(0) { max($0, $1.0.utf8.count) }
    return rows.reduce("") { $0 + padded($1.0, width) + $1.1 + "\n" }
  }

  /// Keys and values that the model has; of a text of several lines their number.
  private func metadata(_ engine: borrowing Engine) -> [(String, String)] {
    var rows: [(String, String)] = []
    for key in Self.keys {
      guard let value = engine.metadata(key) else { continue }
      let lineFeeds = value.utf8.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) }
      rows.append((key, lineFeeds > 0 ? String(lineFeeds) + " lines" : value))
    }
    return rows
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
    text += "],\"states\":["
    for (index, state) in engine.states.enumerated() {
      text += index > 0 ? "," : ""
      text += tensor(state.name, state.elementType.name, state.shape)
      text += ",\"bytes\":" + String(state.byteCount) + "}"
    }
    text += "],\"session_bytes\":" + String(engine.sessionBytes)
    text += ",\"threads\":" + String(options.threads)
    text += ",\"isa\":" + jsonText(String(cString: edgert_kernel_isa()))
    text += ",\"certificates\":["
    for (index, certificate) in Certificate.all(in: options.model).enumerated() {
      text += (index > 0 ? "," : "") + jsonText(certificate.sentence)
    }
    text += "],\"labels\":" + String(labels.count) + ",\"metadata\":{"
    for (index, row) in metadata(engine).enumerated() {
      text += (index > 0 ? "," : "") + jsonText(row.0) + ":" + jsonText(row.1)
    }
    return text + "}}\n"
  }

  private func tensor(_ name: String, _ type: String, _ shape: [Int]) -> String {
    "{\"name\":" + jsonText(name) + ",\"dtype\":" + jsonText(type) + ",\"shape\":"
      + Text.shape(shape)
  }
}
