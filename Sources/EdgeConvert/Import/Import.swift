import COnnx
import Foundation

/// Reads ONNX into `Graph`.
public enum Import {
  /// Reads a file, and the files beside it that hold its external tensors.
  /// - Throws: `ConversionError.usage` when it cannot be read, `.invalid` when it is no model or
  ///   contradicts itself.
  public static func read(_ path: String) throws -> Graph {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe)
    } catch {
      throw ConversionError.usage("\(path): cannot be read: \(error.localizedDescription)")
    }
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    do {
      return try data.withUnsafeBytes { try parse($0, folder: folder) }
    } catch ConversionError.invalid(let message) {
      throw ConversionError.invalid("\(path): \(message)")
    }
  }

  /// Reads a serialized ModelProto.
  ///
  /// - Parameter folder: where the files of external tensors are; nil refuses such tensors.
  /// - Throws: `ConversionError.invalid`.
  public static func parse(_ bytes: UnsafeRawBufferPointer, folder: String? = nil) throws -> Graph {
    var message = [CChar](repeating: 0, count: 512)
    guard let model = edge_onnx_parse(bytes.baseAddress, bytes.count, &message, message.count)
    else {
      let text = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw ConversionError.invalid(String(decoding: text, as: UTF8.self))
    }
    defer { edge_onnx_free(model) }
    guard let proto = edge_onnx_model_graph(model) else {
      throw ConversionError.invalid("the file holds no graph; it is not an ONNX model")
    }
    let origin = readOrigin(model)
    let context = ImportContext(origin: origin, folder: folder, functions: functions(model))
    let scope = ImportScope(context: context, parent: nil)
    try scope.read(proto)
    scope.graph.origin = origin
    scope.graph.obstacles = context.obstacles
    scope.graph.resolveSizes()
    return scope.graph
  }

  private static func readOrigin(_ model: OpaquePointer) -> Origin {
    var origin = Origin()
    origin.irVersion = Int(edge_onnx_model_ir_version(model))
    let version = String(edge_onnx_model_producer_version(model))
    let producer = String(edge_onnx_model_producer(model))
    origin.producer = version.isEmpty ? producer : "\(producer) \(version)"
    for index in 0..<edge_onnx_model_opset_count(model) {
      let domain = canonicalDomain(String(edge_onnx_model_opset_domain(model, index)))
      let version = edge_onnx_model_opset_version(model, index)
      origin.opsets[domain] = max(origin.opsets[domain] ?? 0, Int(clamping: version))
    }
    for index in 0..<edge_onnx_model_metadata_count(model) {
      origin.metadata[String(edge_onnx_model_metadata_key(model, index))] =
        String(edge_onnx_model_metadata_value(model, index))
    }
    return origin
  }

  private static func functions(_ model: OpaquePointer) -> [FunctionKey: OpaquePointer] {
    var functions: [FunctionKey: OpaquePointer] = [:]
    for index in 0..<edge_onnx_model_function_count(model) {
      guard let function = edge_onnx_model_function(model, index) else { continue }
      let domain = canonicalDomain(String(edge_onnx_function_domain(function)))
      functions[FunctionKey(domain: domain, name: String(edge_onnx_function_name(function)))] =
        function
    }
    return functions
  }
}

/// "ai.onnx" is the long name of the default domain.
func canonicalDomain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }

extension String {
  /// Text of the model; malformed UTF-8 is repaired.
  init(_ text: edge_onnx_text) {
    guard let bytes = text.bytes else {
      self = ""
      return
    }
    self = String(
      decoding: UnsafeRawBufferPointer(start: bytes, count: text.count), as: UTF8.self)
  }
}
