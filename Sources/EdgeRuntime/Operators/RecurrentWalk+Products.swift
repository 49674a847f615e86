import CEdgeKernels
import EdgeFormat

extension RecurrentWalk {
  /// Some gates' recurrent weights and bias applied to `[count][hidden]` values, into `sums`.
  @inline(never)
  func multiply(_ values: Floats, gates range: Range<Int>) {
    if node.input(1).type == .int8 { return multiplyInt8(values, gates: range) }
    var conv = RecurrentWalk.product(count: count, hidden: hidden, outputs: range.count &* width)
    let row = (direction &* gates &+ range.lowerBound) &* width
    conv.out_stride = Int32(truncatingIfNeeded: gates &* width)
    conv.weights = UnsafeRawPointer(node.input(1).float + row &* hidden)
    conv.epilogue.bias_f = UnsafePointer(node.input(2).float + row)
    kernels.pointee.conv_f32(
      &conv, values, sums + range.lowerBound &* width, productScratch, 0,
      edge_conv_units_f32(&conv))
  }

  /// The same with INT8 weights, a state after the other.
  @inline(never)
  private func multiplyInt8(_ values: Floats, gates range: Range<Int>) {
    let row = (direction &* gates &+ range.lowerBound) &* width
    var product = edge_product_s16()
    product.n = Int32(truncatingIfNeeded: range.count &* width)
    product.k = Int32(truncatingIfNeeded: hidden)
    product.weights = UnsafePointer(node.input(1).int8 + row &* Recurrent.quads(hidden) &* 4)
    product.scale = UnsafePointer(node.input(7).float + row)
    product.bias = UnsafePointer(node.input(2).float + row)
    let codes = productScratch.assumingMemoryBound(to: Int16.self)
    for sequence in 0..<count {
      let sums = self.sums + (sequence &* gates &+ range.lowerBound) &* width
      kernels.pointee.product_s16(&product, values + sequence &* hidden, sums, codes)
    }
  }

  /// A fully connected layer over the rows of a block.
  @inline(never)
  static func product(count: Int, hidden: Int, outputs: Int) -> edge_conv {
    var conv = edge_conv()
    conv.batch = 1
    conv.in_h = 1
    conv.in_w = Int32(truncatingIfNeeded: count)
    conv.in_c = Int32(truncatingIfNeeded: hidden)
    conv.in_stride = conv.in_c
    conv.out_h = 1
    conv.out_w = conv.in_w
    conv.out_c = Int32(truncatingIfNeeded: outputs)
    conv.kernel_h = 1
    conv.kernel_w = 1
    conv.stride_h = 1
    conv.stride_w = 1
    conv.dilation_h = 1
    conv.dilation_w = 1
    conv.epilogue.slope = 1
    conv.epilogue.low_f = -.infinity
    conv.epilogue.high_f = .infinity
    return conv
  }
}
