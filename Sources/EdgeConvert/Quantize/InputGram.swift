/// Second moments of what a layer's weights multiply: for each group, sums of x_i x_j over sampled output positions.
struct InputGram {
  /// Output positions taken of each sample.
  private static let positionsPerSample = 96

  private let node: Node
  private let kernel: [Int]
  let groups: Int
  /// Products that one output element sums: the weights of one row.
  let terms: Int
  /// Row-major `terms` x `terms` for each group.
  private(set) var sums: [[Float]]
  private var random: SplitMix

  /// For a convolution or matrix product with constant weights; nil for forms that are not covered.
  /// - Parameter coversProducts: whether MatMul is.
  init?(_ node: Node, weights: Tensor, coversProducts: Bool = false) {
    self.node = node
    switch node.op {
    case "Conv" where weights.shape.count == 4:
      groups = node.int("group") ?? 1
      terms = weights.count / Swift.max(weights.shape[0], 1)
      kernel = Array(weights.shape[2...])
    case "Gemm" where weights.shape.count == 2:
      groups = 1
      terms = weights.shape[node.int("transB") == 1 ? 1 : 0]
      kernel = []
    case "MatMul" where coversProducts && weights.shape.count == 2:
      groups = 1
      terms = weights.shape[0]
      kernel = []
    default: return nil
    }
    guard terms > 0, terms <= 4096, groups > 0 else { return nil }
    sums = Array(repeating: Array(repeating: 0, count: terms * terms), count: groups)
    random = SplitMix(UInt64(terms * 31 + groups))
  }

  /// Takes in the layer's input in one sample.
  mutating func add(_ x: Tensor) throws {
    let values = x.floats
    if kernel.isEmpty {
      if node.op == "MatMul" { return accumulate(values, rows: values.count / terms, 0) }
      for row in 0..<(values.count / terms) {
        accumulate(Array(values[row * terms..<(row + 1) * terms]), rows: 1, 0)
      }
      return
    }
    guard x.shape.count == 4 else { return }
    let window = try Window(node, spatial: x.shape[2...].map { Dimension($0) }, kernel: kernel)
    let output = window.output.map { $0.constant ?? 1 }
    let before = window.before.map { $0.constant ?? 0 }
    let count = Swift.min(InputGram.positionsPerSample, output[0] * output[1])
    let places = (0..<count).map { _ in
      (y: Int(random.next() % UInt64(output[0])), x: Int(random.next() % UInt64(output[1])))
    }
    for group in 0..<groups {
      var patches = [Float](repeating: 0, count: count * terms)
      for (row, place) in places.enumerated() {
        let top = place.y * window.strides[0] - before[0]
        let left = place.x * window.strides[1] - before[1]
        copyPatch(
          values, x.shape, group, top, left, window.dilations, into: &patches, at: row * terms)
      }
      accumulate(patches, rows: count, group)
    }
  }

  /// One row of the unfolded input, in the order of the weights (channel, then kernel row and column).
  private func copyPatch(
    _ values: [Float], _ shape: [Int], _ group: Int, _ top: Int, _ left: Int, _ dilations: [Int],
    into patches: inout [Float], at start: Int
  ) {
    let channels = shape[1] / groups
    var index = start
    for channel in group * channels..<(group + 1) * channels {
      for ky in 0..<kernel[0] {
        let y = top + ky * dilations[0]
        for kx in 0..<kernel[1] {
          let x = left + kx * dilations[1]
          if y >= 0, y < shape[2], x >= 0, x < shape[3] {
            patches[index] = values[(channel * shape[2] + y) * shape[3] + x]
          }
          index += 1
        }
      }
    }
  }

  private mutating func accumulate(_ patches: [Float], rows: Int, _ group: Int) {
    patches.withUnsafeBufferPointer { p in
      sums[group].withUnsafeMutableBufferPointer { sum in
        guard let p = p.baseAddress, let sum = sum.baseAddress else { return }
        multiply(
          rows: terms, columns: terms, depth: rows, p, aOrder: .transposed, p, beta: 1, into: sum)
      }
    }
  }
}
