/// The constant weights of a convolution or fully connected layer, in the order
/// `[M][kernelHeight][kernelWidth][C]`, where C counts the channels of one group.
struct FilterBank: Sendable {
  var groups: Int
  var outChannels: Int
  var kernelHeight: Int
  var kernelWidth: Int
  var channels: Int
  /// `outChannels * kernelHeight * kernelWidth * channels` elements.
  var values: [Float]

  /// Elements of one filter.
  var filterCount: Int { kernelHeight * kernelWidth * channels }
  /// Whether every channel has exactly one filter of its own.
  var isDepthwise: Bool { groups > 1 && channels == 1 && groups == outChannels }

  /// From ONNX weights `[M, C/groups, kernelHeight, kernelWidth]`.
  init(
    onnx values: [Float], outChannels: Int, channels: Int, kernelHeight: Int, kernelWidth: Int,
    groups: Int
  ) {
    self.groups = groups
    self.outChannels = outChannels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.channels = channels
    let taps = kernelHeight * kernelWidth
    if taps == 1 || channels == 1 {
      self.values = values
      return
    }
    var reordered = [Float](repeating: 0, count: values.count)
    for m in 0..<outChannels {
      for c in 0..<channels {
        for tap in 0..<taps {
          reordered[(m * taps + tap) * channels + c] = values[(m * channels + c) * taps + tap]
        }
      }
    }
    self.values = reordered
  }

  /// A fully connected layer from its matrix `[M][C]`.
  init(matrix values: [Float], outChannels: Int, channels: Int) {
    groups = 1
    self.outChannels = outChannels
    kernelHeight = 1
    kernelWidth = 1
    self.channels = channels
    self.values = values
  }

  /// Per output channel scale of symmetric int8 codes: max|w| / 127, or the given one; never so
  /// small that the channel's bias leaves the accumulator's range.
  func scales(given: [Float]?, bias: [Float]?, inputScale: Float) -> [Float] {
    (0..<outChannels).map { m in
      let row = values[(m * filterCount)..<((m + 1) * filterCount)]
      let largest = Double(row.reduce(0) { max($0, abs($1)) })
      let offset = abs(Double(bias?[m] ?? 0)) / Double(inputScale)
      let floor = offset / Self.biasLimit
      if largest == 0 {
        return offset == 0 ? 1 : Self.positive(offset / Self.exactLimit)
      }
      return Self.positive(
        max(Double(given?[m] ?? 0) > 0 ? Double(given?[m] ?? 0) : largest / 127, floor))
    }
  }

  /// Largest magnitude of a folded bias: leaves room for the products of any layer within
  /// `accumulatorLimit`.
  private static let biasLimit = 536_870_912.0
  /// Integers below this are exact in float32.
  private static let exactLimit = 4_194_304.0

  private static func positive(_ scale: Double) -> Float {
    max(Float(scale), Float.leastNormalMagnitude)
  }

  /// Codes of the weights: rounded half to even, clamped to `lowest`...127.
  func quantized(_ scales: [Float], lowest: Double = -127) -> [Int8] {
    var codes = [Int8](repeating: 0, count: values.count)
    for m in 0..<outChannels {
      let scale = Double(scales[m])
      for k in (m * filterCount)..<((m + 1) * filterCount) {
        let code = (Double(values[k]) / scale).rounded(.toNearestOrEven)
        codes[k] = Int8(min(max(code, lowest), 127))
      }
    }
    return codes
  }

  /// Rows of one group rounded up to a multiple of 16.
  private func paddedRows(_ count: Int) -> Int { (count + 15) / 16 * 16 }

  /// A vector with one element an output channel as the kernels read it: every group padded with
  /// zeros to 16.
  func padded<Element: Numeric>(_ vector: [Element]) -> [Element] {
    let perGroup = isDepthwise ? outChannels : outChannels / groups
    var result: [Element] = []
    for start in stride(from: 0, to: outChannels, by: perGroup) {
      result += vector[start..<(start + perGroup)]
      result += [Element](repeating: 0, count: paddedRows(perGroup) - perGroup)
    }
    return result
  }
}
