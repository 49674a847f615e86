import CEdgeHost

/// From a detector's outputs to objects: the keys `detections.*`.
public struct DetectionRule: Sendable {
  /// How the outputs hold boxes.
  enum Decoder: Int, Sendable {
    /// Offsets from prior boxes, as SSD (Liu et al. 2016, arXiv:1512.02325) and UltraFace have them.
    case ssd = 0
    /// Distances to the four edges as distributions (Li et al. 2020, arXiv:2006.04388), as NanoDet
    /// has them.
    case nanodet = 1
    /// One box a cell, as FastestDet has them.
    case fastestdet = 2
  }

  let decoder: Decoder
  /// Names of the outputs in the decoder's order; empty: all, in the model's order.
  let outputs: [String]
  /// Objects with a lower score, or one equal to it, are left out.
  let score: Double
  /// Overlap (intersection over union) above which the weaker of two objects goes.
  let overlap: Double
  /// Pixels of the input from cell to cell, one a map.
  let strides: [Double]
  /// SSD: sides of the square prior boxes in pixels of the input, a list a stride.
  let sizes: [[Double]]
  /// SSD: factors of the offsets of centre and size.
  let variances: [Double]

  init(_ metadata: MetadataReader) throws(SampleError) {
    let name = try metadata.choice("detections.decoder", ["ssd", "nanodet", "fastestdet"])
    guard let decoder = name.flatMap({ Decoder(rawValue: $0) }) else {
      throw metadata.meaningless("detections.decoder", "")
    }
    self.decoder = decoder
    outputs = metadata.words("detections.outputs")
    score = try metadata.number("detections.score", default: 0.3, in: 0...1)
    overlap = try metadata.number("detections.iou", default: 0.45, in: 0...1)
    strides = try metadata.numbers("detections.strides", default: [8, 16, 32])
    variances = try metadata.numbers("detections.variances", default: [0.1, 0.2])
    sizes = try metadata.numberLists("detections.sizes")
    guard strides.allSatisfy({ $0 >= 1 && $0 <= 65_536 }), variances.count == 2,
      decoder != .ssd || sizes.count == strides.count
    else {
      throw SampleError(
        "the model's metadata 'detections.strides', 'detections.sizes' and 'detections.variances' "
          + "do not fit together: strides are at least 1, ssd has a list of sizes for every stride "
          + "and two variances: convert the model again with a right `edgeconv convert "
          + "--preprocess FILE.json`")
    }
  }

  /// The objects in a picture, best first, in pixels of the picture and within it.
  ///
  /// - Throws: an error when the outputs do not have the shapes that the decoder takes.
  public func detections(
    in outputs: [ModelOutput], placement: ImagePlacement
  ) throws(SampleError) -> [Detection] {
    let chosen = try outputs.named(self.outputs, by: "detections.outputs")
    let found: [Detection]? =
      switch decoder {
      case .ssd: decodeSSD(chosen, input: placement.input)
      case .nanodet: decodeNanoDet(chosen, input: placement.input)
      case .fastestdet: decodeFastestDet(chosen)
      }
    guard let found else {
      throw SampleError(
        "the shapes of the model's outputs are not those of its 'detections.decoder', strides and "
          + "sizes: convert the model again with a right `edgeconv convert --preprocess FILE.json`")
    }
    return found.suppressed(overlap: overlap).map { placed($0, placement) }
      .filter { $0.box.left < $0.box.right && $0.box.top < $0.box.bottom }
  }

  /// From shares of the input to pixels of the picture.
  private func placed(_ detection: Detection, _ placement: ImagePlacement) -> Detection {
    let input = (Double(placement.input.width), Double(placement.input.height))
    let source = (Double(placement.source.width), Double(placement.source.height))
    let box = detection.box
    func x(_ share: Double) -> Double { min(max(placement.column(share * input.0), 0), source.0) }
    func y(_ share: Double) -> Double { min(max(placement.row(share * input.1), 0), source.1) }
    return Detection(
      box: Box(left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom)),
      score: detection.score, classIndex: detection.classIndex)
  }
}

extension ModelOutput {
  /// The greatest of `count` values that are `step` apart, the first of equal ones.
  func greatest(
    at first: Int, count: Int, step: Int = 1
  ) -> (index: Int, value: Double) {
    var best = 0
    for index in 1..<max(count, 1) where values[first + index * step] > values[first + best * step]
    {
      best = index
    }
    return (best, Double(values[first + best * step]))
  }

  /// Extents without leading ones.
  var trimmedShape: [Int] { [Int](shape.drop { $0 == 1 }) }
}
