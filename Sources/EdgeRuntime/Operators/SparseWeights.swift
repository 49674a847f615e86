import CEdgeKernels
import EdgeFormat

/// Block-sparse weights of a `convolution` or `linear` node, as `edge_sparse`: operands starts (int32, one more than there are
/// bands) and columns (int16, read as unsigned), beside weights that are the kept blocks' values.
///
/// How many outputs a block has follows from the number of bands.
struct SparseWeights {
  let node: NodeView
  /// Operand of the starts; that of the columns follows.
  let position: Int
  /// Output channels, padded to 16 a group.
  let channels: Int

  @inline(never)
  init?(_ node: NodeView, at position: Int, channels: Int) {
    guard node.has(position) else { return nil }
    self.node = node
    self.position = position
    self.channels = channels
  }

  private var bands: Int { node.input(position).count &- 1 }

  /// Throws unless every band and column lies in matrices of `k4` dwords a row, and there are values for each block.
  @inline(never)
  func check(k4: Int) throws(EdgeError) {
    try node.require(node.has(position &+ 1), "block-sparse weights want starts and columns")
    let starts = node.input(position), columns = node.input(position &+ 1)
    try node.require(
      starts.type == .int32 && starts.storage == .weights && columns.type == .int16
        && columns.storage == .weights, "starts are int32 and columns int16, in the file")
    let outputs = bands > 0 && channels % bands == 0 ? channels / bands : 0
    guard outputs == 1 || outputs == 2 || outputs == 4 else {
      throw node.corrupt("%0 bands of %1 outputs: blocks have 1, 2 or 4", bands, channels)
    }
    var description = describe()
    let blocks = columns.count
    guard blocks <= Int(Int32.max) / 16, node.input(1).count >= blocks &* outputs &* 4,
      edge_sparse_is_valid(&description, Int64(bands), Int64(blocks), Int32(clamping: k4)) != 0
    else { throw node.corrupt("%0 blocks do not fit %1 bands of %2 columns", blocks, bands, k4) }
  }

  @inline(never)
  func describe() -> edge_sparse {
    guard node.has(position &+ 1) else { return edge_sparse() }
    let starts = UnsafeRawPointer(node.input(position).data).assumingMemoryBound(to: UInt32.self)
    let columns = UnsafeRawPointer(node.input(position &+ 1).data)
    return edge_sparse(
      outputs: Int32(truncatingIfNeeded: channels / max(bands, 1)),
      starts: starts, columns: columns.assumingMemoryBound(to: UInt16.self))
  }
}
