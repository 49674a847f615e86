extension RGBImage {
  /// Stretches the picture with an antialiased triangle filter.
  ///
  /// The same rule as Pillow's `resize((width, height), Image.BILINEAR)`: the filter's support
  /// grows with the reduction, horizontal before vertical, 22-bit fixed-point weights, rounding to
  /// 8 bits after each pass.
  public func resized(width: Int, height: Int) -> RGBImage {
    if width == self.width && height == self.height { return self }
    let columns = ResizeWeights(from: self.width, to: width)
    let rows = ResizeWeights(from: self.height, to: height)
    var middle = [UInt8](repeating: 0, count: self.height * width * 3)
    for y in 0..<self.height {
      for x in 0..<width {
        let start = columns.starts[x]
        for channel in 0..<3 {
          let first = (y * self.width + start) * 3 + channel
          middle[(y * width + x) * 3 + channel] = columns.sum(x, pixels, first, 3)
        }
      }
    }
    var result = [UInt8](repeating: 0, count: height * width * 3)
    for y in 0..<height {
      let first = rows.starts[y] * width * 3
      for x in 0..<(width * 3) {
        result[y * width * 3 + x] = rows.sum(y, middle, first + x, width * 3)
      }
    }
    return RGBImage(width: width, height: height, pixels: result)
  }
}

/// Which source pixels make each target pixel of one axis, and how much.
private struct ResizeWeights {
  private static let fractionBits = 22

  /// First source index of each target.
  private(set) var starts: [Int] = []
  private var offsets: [Int] = [0]
  private var weights: [Int32] = []

  init(from source: Int, to target: Int) {
    let scale = Double(source) / Double(target)
    let support = scale > 1 ? scale : 1
    for index in 0..<target {
      let center = (Double(index) + 0.5) * scale
      let start = Self.clamp(Int(center - support + 0.5), 0, source)
      let end = Self.clamp(Int(center + support + 0.5), 0, source)
      var taps: [Double] = []
      var total = 0.0
      for position in start..<end {
        let distance = (Double(position) - center + 0.5) / support
        let weight = 1 - (distance < 0 ? -distance : distance)
        taps.append(weight > 0 ? weight : 0)
        total += taps[taps.count - 1]
      }
      for tap in taps {
        weights.append(Int32(tap / total * Double(1 << Self.fractionBits) + 0.5))
      }
      starts.append(start)
      offsets.append(weights.count)
    }
  }

  private static func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
    value < low ? low : value > high ? high : value
  }

  /// The weighted sum for one target, over bytes at `first`, `first + step`, ...
  func sum(_ target: Int, _ bytes: [UInt8], _ first: Int, _ step: Int) -> UInt8 {
    var sum = Int(1) << (Self.fractionBits - 1)
    var position = first
    for index in offsets[target]..<offsets[target + 1] {
      sum &+= Int(weights[index]) &* Int(bytes[position])
      position &+= step
    }
    return UInt8(Self.clamp(sum >> Self.fractionBits, 0, 255))
  }
}
