extension FilterBank {
  /// Int8 codes in the layout of `edge_kernels.h`: `[N/16][K/4][16][4]` group after group, or the
  /// depthwise one.
  /// - Parameters:
  ///   - codes: as `quantized` returns them.
  ///   - dilationWidth: 1 lets a whole row of the kernel be one segment.
  func packed(_ codes: [Int8], dilationWidth: Int) -> [Int8] {
    if isDepthwise { return packedDepthwise(codes) }
    let perTap = dilationWidth > 1 || groups > 1
    let segment = perTap ? channels : kernelWidth * channels
    let rows = outChannels / groups
    return (0..<groups).flatMap { group in
      let start = group * rows * filterCount
      return Self.pack(
        codes[start..<(start + rows * filterCount)], rows: rows, filterCount: filterCount,
        segment: segment)
    }
  }

  private static func pack(
    _ codes: ArraySlice<Int8>, rows: Int, filterCount: Int, segment: Int
  ) -> [Int8] {
    let quads = (segment + 3) / 4
    let segments = filterCount / segment
    let depth = segments * quads
    let blocks = (rows + 15) / 16
    var packed = [Int8](repeating: 0, count: blocks * depth * 64)
    for n in 0..<rows {
      let row = codes.startIndex + n * filterCount
      for s in 0..<segments {
        for k in 0..<segment {
          let block = (n / 16 * depth + s * quads + k / 4) * 64
          packed[block + n % 16 * 4 + k % 4] = codes[row + s * segment + k]
        }
      }
    }
    return packed
  }

  private func packedDepthwise(_ codes: [Int8]) -> [Int8] {
    let quads = (kernelHeight + 3) / 4
    var packed = [Int8](repeating: 0, count: (outChannels + 15) / 16 * kernelWidth * quads * 64)
    for c in 0..<outChannels {
      for ky in 0..<kernelHeight {
        for kx in 0..<kernelWidth {
          let block = ((c / 16 * kernelWidth + kx) * quads + ky / 4) * 64
          packed[block + c % 16 * 4 + ky % 4] = codes[(c * kernelHeight + ky) * kernelWidth + kx]
        }
      }
    }
    return packed
  }

  /// Float weights: `[N/16][K][16]` group after group; depthwise `[C/16][kernelHeight *
  /// kernelWidth][16]`.
  func packedFloat() -> [Float] {
    let rows = isDepthwise ? outChannels : outChannels / groups
    let blocks = (rows + 15) / 16
    var packed: [Float] = []
    packed.reserveCapacity(outChannels / rows * blocks * filterCount * 16)
    for start in stride(from: 0, to: outChannels, by: rows) {
      for block in 0..<blocks {
        for k in 0..<filterCount {
          for lane in 0..<16 {
            let n = block * 16 + lane
            packed.append(n < rows ? values[(start + n) * filterCount + k] : 0)
          }
        }
      }
    }
    return packed
  }
}
