/// The blocks of an INT8 weight matrix that are not all zero, as `edge_sparse` reads them: 4 neighbours in K times 1, 2 or 4
/// outputs.
struct SparseBlocks: Sendable {
  /// Outputs of a block.
  var outputs: Int
  /// First block of every band of outputs, and their number.
  var starts: [Int32] = [0]
  /// Dword of K of each block.
  var columns: [UInt16] = []
  /// `[blocks][outputs][4]`.
  var values: [Int8] = []

  /// Collects the blocks of packed weights `[N/16][depth][16][4]`, group after group.
  init(packed: [Int8], depth: Int, outputs: Int) {
    self.outputs = outputs
    for band in 0..<packed.count / (depth * 4 * outputs) {
      let first = band * outputs / 16 * depth * 64 + band * outputs % 16 * 4
      for k in 0..<depth {
        let block = packed[(first + k * 64)..<(first + k * 64 + outputs * 4)]
        guard block.contains(where: { $0 != 0 }) else { continue }
        columns.append(UInt16(k))
        values += block
      }
      starts.append(Int32(columns.count))
    }
  }

  /// Bytes of values, columns and starts.
  var bytes: Int { values.count + 2 * columns.count + 4 * starts.count }

  /// The blocks of the shape that runs in the least time, or nil where that is the dense matrix or a smaller one.
  /// - Parameters:
  ///   - depth: dwords of a row.
  ///   - channels: outputs of the layer, of which the packed weights have some more.
  ///   - rows: rows (output pixels) of a run.
  static func faster(
    than packed: [Int8], depth: Int, channels: Int, rows: Int
  ) -> SparseBlocks? {
    let weights = channels * depth * 4
    guard depth <= 65_536, weights >= SparseCost.leastWeights else { return nil }
    let candidates = [4, 2, 1].map { SparseBlocks(packed: packed, depth: depth, outputs: $0) }
      .filter { !$0.columns.isEmpty && $0.bytes < packed.count }
    let timed = candidates.map { blocks in
      (
        blocks,
        SparseCost.time(
          density: Double(blocks.values.count) / Double(weights), outputs: blocks.outputs,
          depth: depth, rows: rows)
      )
    }
    guard let best = timed.min(by: { $0.1 < $1.1 }), best.1 < SparseCost.worthwhile else {
      return nil
    }
    return best.0
  }
}

/// Time of block-sparse products over that of dense ones: lines through what tools/benchmark/sparse.c measured on AVX2, the
/// instruction set that gains least.
enum SparseCost {
  /// Matrices below this are not worth the trouble.
  static let leastWeights = 1024
  /// Above this part of the dense time the gain is within what shapes differ by.
  static let worthwhile = 0.9
  /// Rows that are computed together; fewer cost as much.
  private static let stripRows = 16
  /// Up to this many rows are computed one by one.
  private static let fewRows = 3
  /// Dwords of a row up to which a strip stays in the innermost cache.
  private static let nearDepth = 256

  /// - Parameters:
  ///   - density: part of the weights that is kept.
  ///   - outputs: of a block.
  ///   - depth: dwords of a row.
  ///   - rows: rows (output pixels) of a run.
  static func time(density: Double, outputs: Int, depth: Int, rows: Int) -> Double {
    if rows <= fewRows {
      // Each row reads its values and columns again; dense rows share their weights.
      return 0.02 + density * (outputs == 4 ? 1.1 : 1.5) * Double(Swift.max(rows, 1))
    }
    let isNear = depth <= nearDepth
    let slope: Double
    switch outputs {
    case 4: slope = isNear ? 1.12 : 1.28
    case 2: slope = isNear ? 1.35 : 1.8
    default: slope = isNear ? 1.6 : 2.5
    }
    let strips = (rows + stripRows - 1) / stripRows
    return (0.04 + density * slope) * Double(strips * stripRows) / Double(rows)
  }
}
