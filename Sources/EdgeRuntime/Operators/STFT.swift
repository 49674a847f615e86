import CEdgeKernels
import EdgeFormat

/// `stft` (float): frames of x `[N, L]`, `frameStep` apart, times window `[frameLength]`, through a
/// real DFT with twiddles `[frameLength, 2]` → y `[N, frames, frameLength / 2 + 1, 2]`, real and
/// imaginary parts.
enum STFT {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 3, required: 3)
    try node.expectParameters(STFTParameters.self)
    for position in 0..<3 { try node.expectFloat(node.input(position)) }
    let x = node.input(0), y = node.output()
    try node.expectFloat(y)
    try node.expectRank(x, 2)
    try node.expectRank(y, 4)
    let parameters = node.parameters(as: STFTParameters.self)
    let length = Int(parameters.frameLength), step = Int(parameters.frameStep)
    try node.expect(length, in: 1...DFT.longest, "a frame has %0 samples, not %1 to %2")
    try node.expect(step, in: 1...Int(Int32.max), "frames are %0 apart, not %1 to %2")
    guard DFT.isSmooth(length) else {
      throw node.corrupt("a frame of %0 samples has a prime factor above 7", length)
    }
    try node.require(node.input(1).count == length, "the window is as long as a frame")
    try node.require(node.input(2).count == 2 * length, "there is a twiddle for each sample")
    try node.expectEqual(x, y, axes: 0..<1)
    guard y.dims[2] == length / 2 + 1, y.dims[3] == 2 else {
      throw node.corrupt(
        "a spectrum has %0 bins of 2, not %1 of %2", length / 2 + 1, y.dims[2], y.dims[3])
    }
    let frames = y.dims[1]
    guard frames == 0 || (frames - 1) * step + length <= x.dims[1] else {
      throw node.corrupt("%0 frames do not fit %1 samples", frames, x.dims[1])
    }
  }

  /// The windowed frame and what the DFT works in.
  static func workspaceBytes(_ node: NodeView) -> Int {
    let length = Int(node.parameters(as: STFTParameters.self).frameLength)
    return 5 * length * MemoryLayout<Float>.size
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    // A transform costs a few times its length per factor.
    context.split(node, units: y.count(0..<2), elements: y.count &* 4) { pointer, part in
      STFT.transform(pointer.load(as: NodeView.self), part)
    }
  }

  private static func transform(
    _ node: NodeView, _ part: Part
  ) {
    let x = node.input(0), window = node.input(1).float
    let twiddles = node.input(2).float, y = node.output()
    let parameters = node.parameters(as: STFTParameters.self)
    let length = Int(parameters.frameLength), step = Int(parameters.frameStep)
    let frame = part.scratch.assumingMemoryBound(to: Float.self)
    for index in part.begin..<part.end {
      let signal = index / y.dims[1]
      let samples = x.float + (signal &* x.dims[1] &+ (index &- signal &* y.dims[1]) &* step)
      part.kernels.pointee.binary_f32(
        Int32(EDGE_BINARY_MUL), samples, 1, window, 1, frame, Int64(length))
      edge_rfft_f32(
        frame, y.float + index &* (length / 2 &+ 1) &* 2, parameters.frameLength, twiddles,
        frame + length)
    }
  }
}
