/// Which input elements make an output element of one axis of a Resize, and with what weights.
struct ResizeRule {
  let input: Int
  let output: Int
  let scale: Double
  let region: (start: Double, end: Double)
  let mode: String
  let coordinates: String
  let rounding: String
  /// Weights of a cubic, and of what lies outside.
  let coefficient: Double
  let excludesOutside: Bool
  let isAntialiased: Bool

  init(
    _ node: Node, input: Int, output: Int, scale: Double, region: (start: Double, end: Double)?
  ) throws {
    self.input = input
    self.output = output
    self.scale = scale
    self.region = region ?? (0, 1)
    mode = node.string("mode") ?? "nearest"
    let isOld = node.opset < 11 || node.op == "Upsample"
    coordinates =
      isOld ? "asymmetric" : node.string("coordinate_transformation_mode") ?? "half_pixel"
    rounding = isOld ? "floor" : node.string("nearest_mode") ?? "round_prefer_floor"
    coefficient = Double(node.float("cubic_coeff_a", -0.75))
    excludesOutside = node.int("exclude_outside", 0) != 0
    isAntialiased = node.int("antialias", 0) != 0
    guard ["nearest", "linear", "bilinear", "cubic"].contains(mode) else {
      throw node.invalid("mode \"\(mode)\"")
    }
  }

  /// Position in the input of an output index, by ONNX's coordinate transformations.
  private func place(_ index: Int) -> Double {
    let x = Double(index)
    let length = scale * Double(input)
    switch coordinates {
    case "asymmetric": return x / scale
    case "align_corners": return length == 1 ? 0 : x * Double(input - 1) / (length - 1)
    case "pytorch_half_pixel": return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case "tf_half_pixel_for_nn": return (x + 0.5) / scale
    case "half_pixel_symmetric":
      let adjustment = Double(output) / (scale * Double(input))
      return Double(input) / 2 * (1 - adjustment) + (x + 0.5) / scale - 0.5
    case "tf_crop_and_resize":
      let extent = Double(input - 1)
      if output == 1 { return 0.5 * (region.start + region.end) * extent }
      return region.start * extent + x * (region.end - region.start) * extent / (length - 1)
    default: return (x + 0.5) / scale - 0.5
    }
  }

  /// Input elements and their weights, whose sum is 1; nil where the coordinate lies outside and is
  /// extrapolated.
  func taps(_ index: Int) -> [(place: Int, weight: Float)]? {
    let place = place(index)
    if coordinates == "tf_crop_and_resize", place < 0 || place > Double(input - 1) { return nil }
    if mode == "nearest" { return [(min(max(nearest(place), 0), input - 1), 1)] }
    let stretch = isAntialiased && scale < 1 ? scale : 1
    let reach = (mode == "cubic" ? 2 : 1) / stretch
    let first = Int((place - reach).rounded(.down)) + 1
    let last = Int((place + reach).rounded(.up)) - 1
    var taps: [(Int, Double)] = []
    for source in first...max(first, last) {
      let isInside = source >= 0 && source < input
      if !isInside, excludesOutside { continue }
      let distance = abs(Double(source) - place) * stretch
      let weight = mode == "cubic" ? cubic(distance) : max(0, 1 - distance)
      if weight != 0 { taps.append((min(max(source, 0), input - 1), weight)) }
    }
    let sum = taps.reduce(0) { $0 + $1.1 }
    return taps.map { ($0.0, Float($0.1 / (sum == 0 ? 1 : sum))) }
  }

  private func nearest(_ place: Double) -> Int {
    switch rounding {
    case "floor": Int(place.rounded(.down))
    case "ceil": Int(place.rounded(.up))
    case "round_prefer_ceil": Int((place + 0.5).rounded(.down))
    default: Int((place - 0.5).rounded(.up))
    }
  }

  private func cubic(_ x: Double) -> Double {
    let a = coefficient
    if x < 1 { return (a + 2) * x * x * x - (a + 3) * x * x + 1 }
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0
  }
}
