import EdgeFormat
import Foundation

/// Spectra, windows and mel filters. Sums are taken in double precision.
extension Operator {
  static let signal: [Operator] = [
    stft, dft, smoothTransform, window("HannWindow", [0.5, 0.5]),
    window("HammingWindow", [25.0 / 46, 21.0 / 46]),
    window("BlackmanWindow", [0.42, 0.5, 0.08]), melWeights,
  ]

  /// signal `[N, L]`, `[N, L, 1]` or `[N, L, 2]`, frame_step, window?, frame_length? → `[N, frames,
  /// bins, 2]`. <https://onnx.ai/onnx/operators/onnx__STFT.html>
  private static let stft = Operator(
    "STFT", opsets: 17...latestOpset,
    infer: { node, graph in
      let x = try graph.shape(node, 0)
      guard x.count >= 2, let step = try graph.integers(node, 1, "the frame step").first, step > 0
      else {
        throw node.invalid("needs a signal of two or three axes and a positive frame step")
      }
      let length =
        try graph.operand(node, 2)?.shape?.first
        ?? Dimension(graph.integers(node, 3, "the frame length").first ?? 0)
      let frames = (x[1] - length) / Dimension(step) + Dimension(1)
      let bins = node.int("onesided", 1) != 0 ? length / Dimension(2) + Dimension(1) : length
      return [ValueType(type: try graph.type(node, 0), shape: [x[0], frames, bins, Dimension(2)])]
    },
    evaluate: { node, inputs in
      let x = try need(node, inputs, 0)
      let step = try need(node, inputs, 1).ints.first ?? 0
      let window = optional(inputs, 2)?.floats
      let length = window?.count ?? optional(inputs, 3)?.ints.first ?? 0
      guard x.shape.count >= 2, step > 0, length > 0, x.shape[1] >= length else {
        throw node.invalid("a frame of \(length) does not fit the signal \(x.shape)")
      }
      let parts = x.shape.count == 3 ? x.shape[2] : 1
      let (batches, samples) = (x.shape[0], x.shape[1])
      let frames = (samples - length) / step + 1
      let transform = FourierSum(length: length, inverse: false)
      let bins = node.int("onesided", 1) != 0 ? length / 2 + 1 : length
      let data = x.floats
      var values: [Float] = []
      values.reserveCapacity(batches * frames * bins * 2)
      for batch in 0..<batches {
        for frame in 0..<frames {
          let start = batch * samples + frame * step
          let signal = (0..<length).map { i -> (Double, Double) in
            let weight = Double(window?[i] ?? 1)
            let place = (start + i) * parts
            return (Double(data[place]) * weight, parts == 2 ? Double(data[place + 1]) * weight : 0)
          }
          values += transform.spectrum(signal, bins: bins)
        }
      }
      return [Tensor(values, shape: [batches, frames, bins, 2])]
    }, body: framedTransform, lower: Lowering.stft)

  /// Sum of cosines: a0 - a1 cos(2 pi i / n) + a2 cos(4 pi i / n).
  private static func window(_ name: String, _ terms: [Double]) -> Operator {
    Operator(
      name, opsets: 17...latestOpset,
      infer: { node, graph in
        let size =
          try graph.content(node, 0)?.first
          ?? Dimension(graph.integers(node, 0, "the size").first ?? 0)
        return [ValueType(type: .float32, shape: [size])]
      },
      evaluate: { node, inputs in
        let size = try checkedShape([try need(node, inputs, 0).ints.first ?? 0], node)[0]
        let period = Double(node.int("periodic", 1) != 0 ? size : max(size - 1, 1))
        let values = (0..<size).map { i -> Float in
          let angle = 2 * Double.pi * Double(i) / period
          return Float(
            terms.indices.reduce(0) {
              $0 + ($1 % 2 == 0 ? 1 : -1) * terms[$1] * cos(Double($1) * angle)
            })
        }
        return [Tensor(values, shape: [size])]
      }, lower: nil)
  }

  /// num_mel_bins, dft_length, sample_rate, lower and upper edge in hertz → `[dft_length / 2 + 1,
  /// num_mel_bins]`. <https://onnx.ai/onnx/operators/onnx__MelWeightMatrix.html>
  private static let melWeights = Operator(
    "MelWeightMatrix", opsets: 17...latestOpset,
    infer: { node, graph in
      let bins = try graph.integers(node, 0, "the number of bins").first ?? 0
      let length = try graph.integers(node, 1, "the length").first ?? 0
      return [ValueType(type: .float32, shape: [Dimension(length / 2 + 1), Dimension(bins)])]
    },
    evaluate: { node, inputs in
      let operands = try (0..<5).map { Double(try need(node, inputs, $0).scalar ?? 0) }
      guard operands.allSatisfy({ $0 >= 0 && $0 < 0x1p30 }), operands[2] > 0 else {
        throw node.invalid("operands \(operands)")
      }
      let (bins, length, rate) = (Int(operands[0]), Int(operands[1]), operands[2])
      let rows = length / 2 + 1
      _ = try checkedShape([rows, bins], node)
      let low = 2595 * log10(1 + operands[3] / 700)
      let high = 2595 * log10(1 + operands[4] / 700)
      let edges = (0..<(bins + 2)).map { index -> Int in
        let mel = low + (high - low) / Double(bins + 2) * Double(index)
        return Int((Double(length + 1) * 700 * (pow(10, mel / 2595) - 1) / rate).rounded(.down))
      }
      var values = [Float](repeating: 0, count: rows * bins)
      for bin in 0..<bins {
        let (left, centre, right) = (edges[bin], edges[bin + 1], edges[bin + 2])
        for row in 0..<rows {
          if centre == left, row == centre { values[row * bins + bin] = 1 }
          if centre != left, row >= left, row <= centre {
            values[row * bins + bin] = Float(Double(row - left) / Double(centre - left))
          }
          if centre != right, row >= centre, row < right {
            values[row * bins + bin] = Float(Double(right - row) / Double(right - centre))
          }
        }
      }
      return [Tensor(values, shape: [rows, bins])]
    }, lower: nil)
}
