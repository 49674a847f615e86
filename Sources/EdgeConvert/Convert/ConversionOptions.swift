import EdgeFormat

/// Everything that decides the bytes of a converted file.
public struct ConversionOptions: Sendable {
  public var source: String
  public var output: String
  /// nil: INT8 with calibration data, else float.
  public var precision: Precision?
  /// Folders of samples.
  public var calibration: String?
  public var validation: String?
  /// Which of the validation samples there are.
  public var validationPart = DataSet.Part.all
  /// At most so many calibration samples.
  public var samples: Int?
  public var observer = Observer.auto
  /// Points (as a fraction) that validation data may lose; the cheapest quantization within them is searched.
  public var accuracyDrop: Double?
  /// Names of nodes that stay float.
  public var keepFloat: [String] = []
  /// Inputs and sizes that never change.
  public var fixed = FixedInterface()
  /// Largest run-time sizes by symbol.
  public var bounds: [String: Int] = [:]
  /// Pairs of inputs and outputs that the session keeps.
  public var states = StateBinding.detected
  /// Tokens that leave.
  public var tokens = TokenRequest.off
  /// Early exits.
  public var exits = ExitRequest.off
  /// Blocks that runs can skip, and whether what takes their place is fitted to what they do.
  public var skips = SkipRequest.off
  public var fitsBypasses = true
  /// How exits measure certainty; nil for the way that saves most.
  public var criterion: ExitCriterion?
  /// Share of answers that exits may change, and how sure that is.
  public var risk = 0.02
  public var confidence = 0.95
  /// JSON file of preprocessing keys, and file of class names.
  public var preprocessing: String?
  public var labels: String?
  public var seed: UInt64 = 1
  /// Where the page goes; it shapes no byte of the result.
  public var report: String?
  /// Part of the weights to prune, in blocks; 0 prunes none.
  public var sparsity = 0.0

  public init(source: String, output: String) {
    self.source = source
    self.output = output
  }

  /// The precision in effect.
  /// - Parameter isQuantized: whether the model brings its quantization along.
  /// - Throws: `ConversionError.usage` when INT8 has no data to calibrate on, or has data although
  ///   the model's maker has chosen all scales.
  func effectivePrecision(isQuantized: Bool) throws -> Precision {
    if isQuantized {
      guard calibration == nil else {
        throw ConversionError.usage(
          "the model is already quantized by its maker, whose scales are kept: leave out --calibrate"
        )
      }
      return .int8
    }
    let precision = self.precision ?? (calibration == nil ? .float32 : .int8)
    if precision == .int8, calibration == nil {
      throw ConversionError.usage(
        "--precision int8 needs samples to calibrate on: give a folder with --calibrate, "
          + "or convert with --precision f32")
    }
    return precision
  }

  /// The options that shape the result, as provenance and the report state them.
  public var stated: [String: String] {
    var stated = ["observer": observer.name, "seed": String(seed)]
    if let samples { stated["samples"] = String(samples) }
    if let accuracyDrop { stated["accuracy-drop"] = String(accuracyDrop) }
    if sparsity > 0 { stated["sparsity"] = String(sparsity) }
    if !keepFloat.isEmpty { stated["keep-float"] = keepFloat.joined(separator: ",") }
    if !bounds.isEmpty {
      stated["bound"] = bounds.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(
        separator: ",")
    }
    if let tokens = tokens.text { stated["tokens"] = tokens }
    if let exits = exits.text {
      stated["exits"] = exits
      stated["criterion"] = criterion?.name ?? "auto"
    }
    if let skips = skips.text {
      stated["skips"] = skips
      if !fitsBypasses { stated["skip-bypass"] = "identity" }
    }
    if exits != .off || skips != .off || tokens != .off {
      stated["risk"] = String(risk)
      stated["confidence"] = String(confidence)
    }
    if case .pairs(let pairs) = states {
      stated["state"] =
        pairs.isEmpty ? "off" : pairs.map(\.description).joined(separator: ",")
    }
    return stated.merging(fixed.stated) { own, _ in own }
  }
}
