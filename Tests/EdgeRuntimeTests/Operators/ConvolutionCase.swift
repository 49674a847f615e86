import EdgeFormat
import EdgeTestSupport

/// A random convolution (depthwise when every channel is a group of its own), its node and its
/// naive result.
struct ConvolutionCase: CustomStringConvertible {
  let seed: Int
  var random: SeededRandom
  var parameters = ConvolutionParameters()
  var x: [Int]
  var y: [Int] = []
  var isDepthwise: Bool
  var hasResidual = false
  var hasTable = false
  var isOutputFloat = false

  init(seed: Int, isDepthwise: Bool, isLarge: Bool = false) {
    self.seed = seed
    self.isDepthwise = isDepthwise
    random = SeededRandom(seed)
    let groups = isDepthwise ? random.int(1...70) : [1, 1, 1, 2, 3][random.int(0...4)]
    let most = isLarge ? 16 : 9
    let channels = isDepthwise ? 1 : random.int(1...(isLarge ? 24 : 12))
    x = [random.int(1...2), random.int(1...most), random.int(1...most), groups * channels]
    let outputs = isDepthwise ? 1 : random.int(1...(isLarge ? 70 : 20))
    parameters.groups = Int32(groups)
    parameters.kernelHeight = Int32(random.int(1...5))
    parameters.kernelWidth = Int32(random.int(1...4))
    parameters.strideHeight = Int32(random.int(1...2))
    parameters.strideWidth = Int32(random.int(1...3))
    parameters.dilationHeight = Int32(random.chance(3) ? random.int(2...3) : 1)
    parameters.dilationWidth = Int32(random.chance(3) ? random.int(2...3) : 1)
    parameters.padTop = Int32(random.int(0...2))
    parameters.padLeft = Int32(random.int(0...2))
    let rows = extent(parameters.kernelHeight, parameters.dilationHeight)
    let columns = extent(parameters.kernelWidth, parameters.dilationWidth)
    parameters.padBottom = Int32(max(random.int(0...2), rows - x[1] - Int(parameters.padTop)))
    parameters.padRight = Int32(max(random.int(0...2), columns - x[2] - Int(parameters.padLeft)))
    let height = x[1] + Int(parameters.padTop) + Int(parameters.padBottom) - rows
    let width = x[2] + Int(parameters.padLeft) + Int(parameters.padRight) - columns
    y = [
      x[0], height / Int(parameters.strideHeight) + 1, width / Int(parameters.strideWidth) + 1,
      groups * outputs,
    ]
    if random.chance(3) { parameters.slope = 0.125 }
    hasResidual = random.chance(3)
  }

  var description: String { "seed \(seed): x \(x) y \(y) \(parameters)" }

  private func extent(_ kernel: Int32, _ dilation: Int32) -> Int {
    (Int(kernel) - 1) * Int(dilation) + 1
  }

  var groups: Int { Int(parameters.groups) }

  /// Filters of one group.
  var filters: PackedWeights {
    PackedWeights(
      outputs: y[3] / groups, height: Int(parameters.kernelHeight),
      width: Int(parameters.kernelWidth), channels: x[3] / groups)
  }

  /// Calls `body` for every tap of an output in the kernels' order, with the input's offset (nil in
  /// padding) and the weight's index in `[M][ky][kx][C/groups]`.
  func forEachTap(_ index: [Int], _ body: (Int?, Int) -> Void) {
    let filters = filters
    let first = index[3] / filters.outputs * filters.channels
    let top = index[1] * Int(parameters.strideHeight) - Int(parameters.padTop)
    let left = index[2] * Int(parameters.strideWidth) - Int(parameters.padLeft)
    var weight = filters.offset(index[3], 0, 0, 0)
    for ky in 0..<filters.height {
      let row = top + ky * Int(parameters.dilationHeight)
      for kx in 0..<filters.width {
        let column = left + kx * Int(parameters.dilationWidth)
        let inside = row >= 0 && row < x[1] && column >= 0 && column < x[2]
        let pixel = ((index[0] * x[1] + row) * x[2] + column) * x[3] + first
        for c in 0..<filters.channels {
          body(inside ? pixel + c : nil, weight)
          weight += 1
        }
      }
    }
  }
}
