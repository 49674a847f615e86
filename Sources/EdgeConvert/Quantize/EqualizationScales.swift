import Foundation

/// Chooses the factors of one link: those of least expected noise in the layers that read it.
///
/// With channel c divided by s_c, the rounding of activations adds step_x^2 / 12 * s_c^2 * |w_c|^2 per channel, and that
/// of weights step_m^2 / 12 * E[x_c^2] / s_c^2 per output channel m and tap. Factors P_c^a / W_c^b are tried on a grid of
/// exponents, P and W being root mean squares of channel c and of the weights that read it.
struct EqualizationScales {
  /// Step of the activations over their largest magnitude: 255 steps, on one side of 0 after the activations that links
  /// run through, over a range that leaves out the upper third of the peak.
  private static let stepOfPeak = 0.67 / 255

  private let link: Equalization.Link
  private let statistics: ChannelStatistics
  /// Weights of each consumer and the link's channel that each weight reads, -1 for others.
  private let readers: [(weights: [Float], channels: [Int], rows: [Int])]
  private let weightRMS: [Double]

  init(_ link: Equalization.Link, _ graph: Graph, _ statistics: ChannelStatistics) {
    self.link = link
    self.statistics = statistics
    var sums = [Double](repeating: 0, count: link.channels)
    var counts = [Double](repeating: 0, count: link.channels)
    readers = link.consumers.compactMap { consumer in
      let node = graph.nodes[consumer.node]
      guard let id = node.inputs[1], let tensor = graph[id].constant else { return nil }
      let layout = InputChannels(node, tensor)
      let values = tensor.floats
      let rowCount = WeightScales.channelCount(node, tensor)
      let isColumn = node.op == "Gemm" && (node.int("transB") ?? 0) == 0
      let perRow = Swift.max(values.count / Swift.max(rowCount, 1), 1)
      var channels = [Int](repeating: -1, count: values.count)
      var rows = [Int](repeating: 0, count: values.count)
      for index in values.indices {
        rows[index] = isColumn ? index % rowCount : index / perRow
        let channel = layout.channel(index) - consumer.offset
        guard sums.indices.contains(channel) else { continue }
        channels[index] = channel
        sums[channel] += Double(values[index]) * Double(values[index])
        counts[channel] += 1
      }
      return (values, channels, rows)
    }
    weightRMS = zip(sums, counts).map { ($0 / Swift.max($1, 1)).squareRoot() }
  }

  /// The factors, or nil when none lowers the noise by a tenth.
  func best() -> [Float]? {
    let power = statistics.rootMeanSquares
    guard let signal = power.max(), signal > 0, let heaviest = weightRMS.max(), heaviest > 0 else {
      return nil
    }
    var least = 0.9 * noise(Array(repeating: 1, count: link.channels))
    var found: [Float]?
    for a in stride(from: 0.0, through: 1.0, by: 0.25) {
      for b in stride(from: 0.0, through: 1.0, by: 0.25) where a > 0 || b > 0 {
        let raw = zip(power, weightRMS).map { x, w in
          pow(Swift.max(x, 1e-3 * signal), a) / pow(Swift.max(w, 1e-3 * heaviest), b)
        }
        let factors = normalized(raw)
        let value = noise(factors)
        if value < least {
          least = value
          found = factors.map { Float($0) }
        }
      }
    }
    return found
  }

  /// Leaves the largest magnitude of the value as it was, so that values it is joined with keep their place.
  private func normalized(_ factors: [Double]) -> [Double] {
    let before = statistics.peaks.max() ?? 1
    let after = zip(statistics.peaks, factors).map { $0 / $1 }.max() ?? 1
    guard before > 0, after > 0 else { return factors }
    return factors.map { $0 * after / before }
  }

  private func noise(_ factors: [Double]) -> Double {
    let step =
      EqualizationScales.stepOfPeak * (zip(statistics.peaks, factors).map { $0 / $1 }.max() ?? 0)
    let power = zip(statistics.rootMeanSquares, factors).map { ($0 / $1) * ($0 / $1) }
    var sum = 0.0
    for reader in readers {
      var peaks: [Double] = []
      var taps: [Double] = []
      for index in reader.weights.indices {
        let row = reader.rows[index]
        while peaks.count <= row {
          peaks.append(0)
          taps.append(0)
        }
        let channel = reader.channels[index]
        let weight = Double(reader.weights[index]) * (channel < 0 ? 1 : factors[channel])
        peaks[row] = Swift.max(peaks[row], abs(weight))
        guard channel >= 0 else { continue }
        taps[row] += power[channel]
        sum += step * step * weight * weight
      }
      for (peak, tap) in zip(peaks, taps) { sum += (peak / 127) * (peak / 127) * tap }
    }
    return sum / 12
  }
}
