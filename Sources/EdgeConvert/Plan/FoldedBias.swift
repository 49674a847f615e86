/// What an INT8 layer adds to its accumulators, with the input's zero point folded in
/// (numerics.md).
struct FoldedBias: Sendable, Equatable {
  /// `rne(b / (s_x * s_w)) - z_x * sum(q_w)`, per output channel.
  var signed: [Int32]
  /// The same for activations flipped to unsigned: less `128 * sum(q_w)`.
  var unsigned: [Int32]
  /// `s_x * s_w / s_y` rounded after each operation, or `s_x * s_w` when the output is float.
  var multiplier: [Float]

  /// Largest K for which `K * 255 * 128` stays in int32.
  static let accumulatorLimit = 65_793

  /// The bias is divided in double precision and rounded once.
  init(
    _ bank: FilterBank, codes: [Int8], scales: [Float], bias: [Float]?, input: AffineParameters,
    outputScale: Float?
  ) {
    signed = []
    unsigned = []
    multiplier = []
    for m in 0..<bank.outChannels {
      let row = codes[(m * bank.filterCount)..<((m + 1) * bank.filterCount)]
      let sum = row.reduce(0) { $0 + Int($1) }
      let product = input.scale * scales[m]
      let own = (Double(bias?[m] ?? 0) / Double(product)).rounded(.toNearestOrEven)
      let limit = Double(Int32.max)
      let folded = Int(min(max(own, -limit), limit)) - Int(input.zeroPoint) * sum
      signed.append(Int32(clamping: folded))
      unsigned.append(Int32(clamping: folded - 128 * sum))
      multiplier.append(outputScale.map { product / $0 } ?? product)
    }
  }
}
