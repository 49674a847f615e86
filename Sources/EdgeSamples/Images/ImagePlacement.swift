/// Where a picture lies in a model's input.
public struct ImagePlacement: Sendable {
  /// Columns and rows of the picture.
  public let source: (width: Int, height: Int)
  /// Columns and rows of the model's input.
  public let input: (width: Int, height: Int)
  /// Columns and rows of the picture after resizing.
  let resized: (width: Int, height: Int)

  /// The input's column of the resized picture's left edge; negative when it is cropped.
  var left: Int { Self.halved(input.width - resized.width) }
  /// The input's row of the resized picture's top edge; negative when it is cropped.
  var top: Int { Self.halved(input.height - resized.height) }

  /// The column of the picture at a column of the input; fractions are of a pixel.
  public func column(_ x: Double) -> Double {
    (x - Double(left)) * Double(source.width) / Double(resized.width)
  }

  /// The row of the picture at a row of the input.
  public func row(_ y: Double) -> Double {
    (y - Double(top)) * Double(source.height) / Double(resized.height)
  }

  /// Half of a difference, ties to even, as torchvision's CenterCrop rounds.
  private static func halved(_ value: Int) -> Int {
    let floor = value >> 1
    return value & 1 == 1 && floor & 1 == 1 ? floor + 1 : floor
  }
}

extension ImagePreprocessing {
  /// How a picture of the given size is fitted into the input; stretched when nothing else is said.
  func placement(
    of source: (width: Int, height: Int), in input: (width: Int, height: Int)
  ) -> ImagePlacement {
    // Whether the width decides the scale of a picture that lies wholly inside the input.
    let isWide = source.width * input.height >= source.height * input.width
    switch resize {
    case .stretch, .none:
      return ImagePlacement(source: source, input: input, resized: input)
    case .letterbox:
      let resized =
        isWide
        ? (input.width, max(1, Self.rounded(source.height * input.width, source.width)))
        : (max(1, Self.rounded(source.width * input.height, source.height)), input.height)
      return ImagePlacement(source: source, input: input, resized: resized)
    case .crop:
      let resized =
        isWide
        ? Self.enlarged(source, to: max(shorter ?? 0, input.height), isHeight: true)
        : Self.enlarged(source, to: max(shorter ?? 0, input.width), isHeight: false)
      return ImagePlacement(source: source, input: input, resized: resized)
    }
  }

  /// The size at which one side has the given length, the other rounded down.
  private static func enlarged(
    _ source: (width: Int, height: Int), to length: Int, isHeight: Bool
  ) -> (width: Int, height: Int) {
    isHeight
      ? (source.width * length / source.height, length)
      : (length, source.height * length / source.width)
  }

  private static func rounded(_ numerator: Int, _ denominator: Int) -> Int {
    (numerator * 2 + denominator) / (denominator * 2)
  }
}

extension RGBImage {
  /// A picture of another size with this one at a column and row of it, cut off at its edges; the
  /// rest has the gray level `fill`.
  func placed(width: Int, height: Int, left: Int, top: Int, fill: UInt8) -> RGBImage {
    if left == 0 && top == 0 && width == self.width && height == self.height { return self }
    var result = [UInt8](repeating: fill, count: width * height * 3)
    let columns = max(0, left)..<max(max(0, left), min(width, left + self.width))
    for y in max(0, top)..<max(max(0, top), min(height, top + self.height)) {
      let source = ((y - top) * self.width - left) * 3
      for index in (columns.lowerBound * 3)..<(columns.upperBound * 3) {
        result[y * width * 3 + index] = pixels[source + index]
      }
    }
    return RGBImage(width: width, height: height, pixels: result)
  }
}
