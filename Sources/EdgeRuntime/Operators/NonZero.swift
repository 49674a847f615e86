import EdgeFormat

/// `nonZero`: x of any type → indices (int64) `[R, count]` of the elements that are not 0, R being
/// x's rank, in row-major order of the elements.
enum NonZero {
  static func check(_ node: NodeView) throws(EdgeError) {
    try node.expect(inputs: 1, required: 1)
    let x = node.input(0), y = node.output()
    try node.require(y.type == .int64, "indices are int64")
    try node.expectRank(y, 2)
    try node.require(
      y.dims[0] == x.rank && y.dims[1] >= x.count, "there is no room for every index")
  }

  /// - Returns: how many elements are not 0.
  static func run(_ node: NodeView) -> Int {
    let x = node.input(0), y = node.output()
    var count = 0
    for i in 0..<x.count where isNonZero(x, i) { count &+= 1 }
    var position = InlineArray<8, Int>(repeating: 0)
    var found = 0
    for i in 0..<x.count {
      if isNonZero(x, i) {
        for axis in 0..<x.rank { y.int64[axis &* count &+ found] = Int64(position[axis]) }
        found &+= 1
      }
      x.advance(&position)
    }
    return count
  }

  private static func isNonZero(_ x: TensorView, _ i: Int) -> Bool {
    switch x.type {
    case .bool, .int8, .uint8: x.int8[i] != 0
    case .int16: x.data.load(fromByteOffset: i &* 2, as: Int16.self) != 0
    case .float16: x.data.load(fromByteOffset: i &* 2, as: UInt16.self) << 1 != 0
    case .int32: x.int32[i] != 0
    case .float32: x.float[i] != 0
    case .int64: x.int64[i] != 0
    }
  }
}
