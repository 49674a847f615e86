import EdgeFormat
import EdgeSamples

extension LoadedFile {
  /// What the file takes, half floats as float32.
  var inputDescriptions: [InputDescription] {
    (0..<model.inputCount).map { position in
      let record = model.inputRecord(position)
      let type = ElementType(rawValue: record.elementType) ?? .float32
      let isQuantized = record.scale != 0
      return InputDescription(
        name: String(cString: model.name(record.name)),
        elementType: isQuantized || type.isFloat ? .float32 : type,
        isQuantized: isQuantized, shape: (0..<Int(record.rank)).map { record.dimension($0) },
        dynamicAxes: record.dynamicAxes)
    }
  }

  /// How raw inputs become tensors, from the file's metadata.
  /// - Throws: `ConversionError.usage` for metadata without meaning.
  func preprocessing() throws -> Preprocessing {
    do throws(SampleError) {
      return try Preprocessing { self.metadata($0) }
    } catch {
      throw ConversionError.usage(error.message)
    }
  }

  /// What was fixed when the file was converted.
  /// - Throws: `ConversionError.usage` for metadata without meaning.
  func fixedInterface() throws -> FixedInterface {
    try FixedInterface(
      inputs: [metadata("option.input") ?? ""], sizes: [metadata("option.size") ?? ""])
  }

  /// The pairs of the model's inputs and outputs that the file keeps as states.
  func states() throws -> StateBinding {
    try metadata("option.state").map { try StateBinding([$0]) } ?? .off
  }

  /// The exits that the file was converted with.
  func exits() throws -> ExitRequest { try ExitRequest(metadata("option.exits")) }

  /// The bounds of run-time sizes that were given to the converter.
  func bounds() throws -> [String: Int] {
    try metadata("option.bound").map { try Bounds.parsed([$0]) } ?? [:]
  }

  /// The text of a metadata key.
  func metadata(_ key: String) -> String? {
    let bytes = Array(key.utf8) + [0]
    return bytes.withUnsafeBufferPointer { buffer in
      buffer.baseAddress.flatMap { model.metadataValue($0) }.map { String(cString: $0) }
    }
  }
}
