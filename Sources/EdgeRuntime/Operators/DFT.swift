import CEdgeKernels
import EdgeFormat

/// `dft` (float): x `[..., L, 1 or 2]`, twiddles `[L, 2]` → y `[..., L, 2]`; of a real x with y `[...,
/// L / 2 + 1, 2]`, those bins only.
enum DFT {
  /// Longest transform.
  static let longest = 1 << 20

  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 2, required: 2)
    let x = node.input(0), twiddles = node.input(1), y = node.output()
    try node.expectFloat(x)
    try node.expectFloat(twiddles)
    try node.expectFloat(y)
    try node.require(x.rank >= 2, "a transform has two axes or more")
    try node.expectRank(y, x.rank)
    try node.expectEqual(x, y, axes: 0..<(x.rank - 2))
    let length = x.fromLast(1), parts = x.fromLast(0)
    try node.expect(length, in: 1...longest, "a transform has length %0, not %1 to %2")
    try node.expect(parts, in: 1...2, "a signal has %0 parts, not %1 to %2")
    guard isSmooth(length) else {
      throw node.corrupt("a transform of length %0 has a prime factor above 7", length)
    }
    try node.require(twiddles.count == 2 * length, "there is a twiddle for each sample")
    let isOneSided = parts == 1 && y.fromLast(1) == length / 2 + 1
    guard isOneSided || y.fromLast(1) == length, y.fromLast(0) == 2 else {
      throw node.corrupt("a spectrum of %0 samples has %1 bins", length, y.fromLast(1))
    }
  }

  /// Whether a length is a product of 2, 3, 5 and 7, which the transforms are made of.
  static func isSmooth(_ length: Int) -> Bool {
    var rest = length
    while rest % 2 == 0 { rest /= 2 }
    while rest % 3 == 0 { rest /= 3 }
    while rest % 5 == 0 { rest /= 5 }
    while rest % 7 == 0 { rest /= 7 }
    return rest == 1
  }

  /// What a transform works in.
  static func workspaceBytes(_ node: NodeView) -> Int {
    4 * node.input(0).fromLast(1) * MemoryLayout<Float>.size
  }

  static func run(_ node: NodeView, _ context: RunContext) {
    let y = node.output()
    guard y.count > 0 else { return }
    // A transform costs a few times its length per factor.
    context.split(node, units: y.count(0..<(y.rank - 2)), elements: y.count &* 4) { pointer, part in
      DFT.transform(pointer.load(as: NodeView.self), part)
    }
  }

  private static func transform(_ node: NodeView, _ part: Part) {
    let x = node.input(0), y = node.output()
    let twiddles = node.input(1).float
    let length = x.fromLast(1), parts = x.fromLast(0), bins = y.fromLast(1)
    let work = part.scratch.assumingMemoryBound(to: Float.self)
    let points = Int32(truncatingIfNeeded: length)
    for row in part.begin..<part.end {
      let from = x.float + row &* length &* parts, to = y.float + row &* bins &* 2
      // One bin of one sample is both.
      if bins == length {
        edge_fft_f32(from, Int32(truncatingIfNeeded: parts), to, points, twiddles, work)
      } else {
        edge_rfft_f32(from, to, points, twiddles, work)
      }
    }
  }
}
