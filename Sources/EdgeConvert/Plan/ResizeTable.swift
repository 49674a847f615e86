/// Source positions of a resized axis, by ONNX's coordinate transformations.
struct ResizeTable: Equatable {
  /// For linear: the two neighbours and the weight of the second.
  ///
  /// For nearest: `first` alone.
  var first: [Int32] = []
  var second: [Int32] = []
  var weight: [Float] = []

  /// What the node's attributes say of one axis.
  struct Axis {
    var input: Int
    var output: Int
    /// Output over input, as the node gives it.
    var scale: Double
    /// `coordinate_transformation_mode`.
    var mode: String
    /// Region of interest, for `tf_crop_and_resize`.
    var region: (start: Double, end: Double) = (0, 1)

    /// Position in the input of an output index; nil for an unknown mode.
    func source(_ x: Int) -> Double? {
      let position = Double(x)
      let length = Double(input)
      switch mode {
      case "half_pixel": return (position + 0.5) / scale - 0.5
      case "half_pixel_symmetric":
        let adjustment = Double(output) / (scale * length)
        let offset = length / 2 * (1 - adjustment)
        return offset + (position + 0.5) / scale - 0.5
      case "pytorch_half_pixel": return output > 1 ? (position + 0.5) / scale - 0.5 : 0
      case "align_corners": return output == 1 ? 0 : position * (length - 1) / Double(output - 1)
      case "asymmetric": return position / scale
      case "tf_crop_and_resize":
        guard output > 1 else { return 0.5 * (region.start + region.end) * (length - 1) }
        return region.start * (length - 1)
          + position * (region.end - region.start) * (length - 1) / Double(output - 1)
      default: return nil
      }
    }
  }

  /// Nearest neighbours; nil for an unknown mode.
  init?(nearest axis: Axis, rounding: String) {
    for x in 0..<axis.output {
      guard let source = axis.source(x), let index = Self.round(source, rounding) else {
        return nil
      }
      first.append(Int32(min(max(index, 0), Double(axis.input - 1))))
    }
  }

  /// Linear interpolation; nil for an unknown mode.
  init?(linear axis: Axis) {
    for x in 0..<axis.output {
      guard let source = axis.source(x) else { return nil }
      let low = source.rounded(.down)
      let last = Double(axis.input - 1)
      first.append(Int32(min(max(low, 0), last)))
      second.append(Int32(min(max(low + 1, 0), last)))
      weight.append(Float(source - low))
    }
  }

  private static func round(_ x: Double, _ mode: String) -> Double? {
    switch mode {
    case "round_prefer_floor": (x - 0.5).rounded(.up)
    case "round_prefer_ceil": (x + 0.5).rounded(.down)
    case "floor": x.rounded(.down)
    case "ceil": x.rounded(.up)
    default: nil
    }
  }
}
