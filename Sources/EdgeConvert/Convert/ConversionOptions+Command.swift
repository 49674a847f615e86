extension ConversionOptions {
  /// The command that converts with these options, as it can be typed in a shell.
  /// - Parameters:
  ///   - more: names of further nodes to keep in float.
  ///   - observer: in place of the one in effect.
  func command(keepingFloat more: [String] = [], observer: Observer? = nil) -> String {
    var words = ["edgeconv", "convert", source, "-o", output]
    func add(_ name: String, _ value: String?) {
      if let value { words += ["--\(name)", value] }
    }
    add("precision", precision.map { $0 == .float32 ? "f32" : $0.rawValue })
    add("calibrate", calibration)
    add("validate", validation)
    add("samples", samples.map(String.init))
    let observer = observer ?? self.observer
    add("observer", observer == .auto ? nil : observer.name)
    add("accuracy-drop", stated["accuracy-drop"])
    let kept = keepFloat + more.filter { !keepFloat.contains($0) }
    add("keep-float", kept.isEmpty ? nil : kept.joined(separator: ","))
    for key in ["bound", "state", "input", "size", "sparsity", "tokens", "exits", "criterion"] {
      add(key, stated[key])
    }
    for key in ["skips", "skip-bypass", "risk", "confidence"] { add(key, stated[key]) }
    add("preprocess", preprocessing)
    add("labels", labels)
    add("report", report)
    add("seed", seed == 1 ? nil : String(seed))
    return words.map(ConversionOptions.quoted).joined(separator: " ")
  }

  /// A word as a POSIX shell reads it back.
  private static func quoted(_ word: String) -> String {
    let plain = word.unicodeScalars.allSatisfy { scalar in
      scalar.properties.isAlphabetic && scalar.isASCII || ("0"..."9").contains(scalar)
        || "_./,:=@+-%".unicodeScalars.contains(scalar)
    }
    return plain && !word.isEmpty
      ? word
      : "'"
        + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
        + "'"
  }
}
