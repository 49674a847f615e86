/// Filters `[M][kernelHeight][kernelWidth][C]` in the layouts of `edge_kernels.h`, written from its
/// text.
struct PackedWeights {
  var outputs: Int
  var height: Int
  var width: Int
  var channels: Int

  func offset(_ m: Int, _ ky: Int, _ kx: Int, _ c: Int) -> Int {
    ((m * height + ky) * width + kx) * channels + c
  }

  /// `[N/16][K/4][16][4]`, K padded to 4 per segment: per row of the kernel, or per tap.
  func int8(_ weights: [Int8], segmentsPerTap: Bool) -> [Int8] {
    var columns: [[(ky: Int, kx: Int, c: Int)?]] = []
    for ky in 0..<height {
      let taps = (0..<width).map { kx in (0..<channels).map { (ky: ky, kx: kx, c: $0) } }
      for segment in segmentsPerTap ? taps : [taps.flatMap { $0 }] {
        let padding = (4 - segment.count % 4) % 4
        columns.append(
          segment.map { $0 } + [(ky: Int, kx: Int, c: Int)?](repeating: nil, count: padding))
      }
    }
    let k = columns.flatMap { $0 }
    var packed: [Int8] = []
    for block in 0..<(outputs + 15) / 16 {
      for group in 0..<k.count / 4 {
        for lane in 0..<16 {
          for position in 0..<4 {
            let m = block * 16 + lane
            guard let tap = k[group * 4 + position], m < outputs else {
              packed.append(0)
              continue
            }
            packed.append(weights[offset(m, tap.ky, tap.kx, tap.c)])
          }
        }
      }
    }
    return packed
  }

  /// `[N/16][K][16]`.
  func float(_ weights: [Float]) -> [Float] {
    var packed: [Float] = []
    for block in 0..<(outputs + 15) / 16 {
      for k in 0..<height * width * channels {
        for lane in 0..<16 {
          let m = block * 16 + lane
          packed.append(m < outputs ? weights[m * height * width * channels + k] : 0)
        }
      }
    }
    return packed
  }

  /// Depthwise filters `[C][kernelHeight][kernelWidth]` (channels 1) as
  /// `[C/16][kernelWidth][ceil(kernelHeight/4)][16][4]`.
  func depthwiseInt8(_ weights: [Int8]) -> [Int8] {
    var packed: [Int8] = []
    for block in 0..<(outputs + 15) / 16 {
      for kx in 0..<width {
        for group in 0..<(height + 3) / 4 {
          for lane in 0..<16 {
            for row in 0..<4 {
              let m = block * 16 + lane, ky = group * 4 + row
              packed.append(m < outputs && ky < height ? weights[offset(m, ky, kx, 0)] : 0)
            }
          }
        }
      }
    }
    return packed
  }
}

/// Values of channels, padded with zeros to a multiple of 16 per group.
func padded<T: Numeric>(_ values: [T], groups: Int) -> [T] {
  let size = values.count / groups
  var result: [T] = []
  for group in 0..<groups {
    result += values[group * size..<(group + 1) * size]
    result += [T](repeating: 0, count: (16 - size % 16) % 16)
  }
  return result
}
