extension Conversion.Decided {
  /// The file that the decisions make, without metadata, and opened to be tried.
  /// - Parameter name: of the model, for messages.
  func file(bounds: [String: Int], name: String) throws -> (
    emitted: EmittedFile, loaded: LoadedFile
  ) {
    let emitted = try makeFile(
      graph: graph, quantization: choices.quantization, bounds: bounds, metadata: [])
    return (emitted, try LoadedFile(emitted.bytes, name: name))
  }
}
