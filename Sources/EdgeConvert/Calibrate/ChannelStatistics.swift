/// Size of each channel (axis 1) of a value over some samples.
struct ChannelStatistics: Sendable, Equatable {
  private var squares: [Double] = []
  private var peakSums: [Double] = []
  private var elements = 0
  private var samples = 0

  var count: Int { squares.count }

  /// Root mean square by channel.
  var rootMeanSquares: [Double] {
    squares.map { ($0 / Double(Swift.max(elements, 1))).squareRoot() }
  }

  /// Largest magnitude by channel, averaged over samples.
  var peaks: [Double] { peakSums.map { $0 / Double(Swift.max(samples, 1)) } }

  /// Takes in one sample's tensor.
  mutating func add(_ tensor: Tensor) {
    guard tensor.shape.count > 1 else { return }
    let channels = tensor.shape[1]
    let inner = tensor.shape.dropFirst(2).reduce(1, *)
    if squares.isEmpty {
      squares = Array(repeating: 0, count: channels)
      peakSums = squares
    }
    guard squares.count == channels else { return }
    var peaks = [Float](repeating: 0, count: channels)
    tensor.floats.withUnsafeBufferPointer { values in
      for start in stride(from: 0, to: values.count, by: Swift.max(inner, 1)) {
        let channel = start / Swift.max(inner, 1) % channels
        var sum: Float = 0
        for index in start..<start + inner {
          sum += values[index] * values[index]
          peaks[channel] = Swift.max(peaks[channel], abs(values[index]))
        }
        squares[channel] += Double(sum)
      }
    }
    for channel in 0..<channels { peakSums[channel] += Double(peaks[channel]) }
    elements += tensor.shape[0] * inner
    samples += 1
  }
}
