/// Values of `--bound`.
public enum Bounds {
  /// Reads `NAME=64` and `A=1,B=2`.
  public static func parsed(_ texts: [String]) throws -> [String: Int] {
    var bounds: [String: Int] = [:]
    for text in texts.flatMap({ $0.split(separator: ",") }) {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[0].isEmpty, let size = Int(parts[1]), size > 0 else {
        throw ConversionError.usage("--bound \(text): write NAME=N with N of 1 or more")
      }
      bounds[String(parts[0])] = size
    }
    return bounds
  }
}
