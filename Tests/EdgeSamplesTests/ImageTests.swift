import Testing

@testable import EdgeSamples

@Suite struct ImageTests {
  static let colors: [UInt8] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30]
  static let grays: [UInt8] = [0, 0, 0, 85, 85, 85, 170, 170, 170, 255, 255, 255]

  static let pngs: [(String, [UInt8])] = [
    (Pictures.rgb, colors), (Pictures.rgba, colors), (Pictures.palette, colors),
    (Pictures.gray, grays), (Pictures.gray16, grays),
    (Pictures.bilevel, [0, 0, 0, 255, 255, 255, 255, 255, 255, 0, 0, 0]),
  ]

  @Test(arguments: pngs.indices) func everyKindOfPNGBecomesRGB(index: Int) throws {
    let (text, pixels) = Self.pngs[index]
    let image = try withFile("a.png", text.base64Bytes) { try RGBImage.read($0) }
    #expect(image.width == 2 && image.height == 2)
    #expect(image.pixels == pixels)
  }

  @Test func jpegIsKnownByItsBytesNotItsName() throws {
    let gray = try withFile("a.png", Pictures.jpegGray.base64Bytes) { try RGBImage.read($0) }
    #expect(gray.width == 3 && gray.height == 2)
    #expect(gray.pixels == [UInt8](repeating: 77, count: 18))
    let inks = try withFile("a.jpg", Pictures.jpegCMYK.base64Bytes) { try RGBImage.read($0) }
    #expect([UInt8](inks.pixels.prefix(3)) == [197, 125, 44])
  }

  @Test(arguments: [Pictures.rgb, Pictures.palette, Pictures.jpegCMYK])
  func everyTruncationIsAnErrorWithoutResult(text: String) throws {
    let bytes = text.base64Bytes
    // A JPEG without its last two bytes, the end marker, is still whole.
    for length in 0..<(bytes.count - 12) {
      let message = try withFile("a", [UInt8](bytes.prefix(length))) { path in
        failure { try RGBImage.read(path) }
      }
      #expect(message != nil, "cut to \(length) bytes")
    }
  }

  @Test(arguments: [(7, 5, 3, 2), (2, 2, 5, 7), (64, 48, 16, 12), (9, 9, 9, 4), (1, 1, 8, 8)])
  func resizingIsWithinOneLevelOfTheExactFilter(sizes: (Int, Int, Int, Int)) {
    let (width, height, newWidth, newHeight) = sizes
    var state: UInt32 = 7
    let pixels = (0..<(width * height * 3)).map { _ in
      state = state &* 1_664_525 &+ 1_013_904_223
      return UInt8(state >> 24)
    }
    let image = RGBImage(width: width, height: height, pixels: pixels)
    let resized = image.resized(width: newWidth, height: newHeight)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        for channel in 0..<3 {
          let exact = exactLevel(image, x, y, channel, newWidth, newHeight)
          let level = Double(resized.pixels[(y * newWidth + x) * 3 + channel])
          #expect(abs(level - exact) <= 1, "\(sizes) at \(x), \(y): \(level), exactly \(exact)")
        }
      }
    }
  }

  /// The triangle filter in two dimensions at once, in double precision.
  private func exactLevel(
    _ image: RGBImage, _ x: Int, _ y: Int, _ channel: Int, _ width: Int, _ height: Int
  ) -> Double {
    func weight(_ source: Int, _ target: Int, _ from: Int, _ to: Int) -> Double {
      let scale = Double(from) / Double(to)
      let distance = (Double(source) + 0.5 - (Double(target) + 0.5) * scale) / max(scale, 1)
      return max(0, 1 - abs(distance))
    }
    var (sum, total) = (0.0, 0.0)
    for row in 0..<image.height {
      for column in 0..<image.width {
        let share = weight(row, y, image.height, height) * weight(column, x, image.width, width)
        sum += share * Double(image.pixels[(row * image.width + column) * 3 + channel])
        total += share
      }
    }
    return sum / total
  }
}
