import Testing

@testable import EdgeSamples

@Suite struct ImagePlacementTests {
  private func placement(
    _ resize: ImagePreprocessing.Resize, _ source: (Int, Int), _ input: (Int, Int),
    shorter: Int? = nil
  ) -> ImagePlacement {
    ImagePreprocessing(resize: resize, shorter: shorter).placement(of: source, in: input)
  }

  /// Sizes and offsets as torchvision's Resize and CenterCrop compute them.
  @Test(arguments: [
    ((500, 375), (224, 224), 256, [341, 256, -58, -16]),
    ((375, 500), (224, 224), 256, [256, 341, -16, -58]),
    ((227, 224), (224, 224), 224, [227, 224, -2, 0]),
    ((64, 32), (16, 16), 0, [32, 16, -8, 0]),
  ])
  func cropsKeepProportions(
    source: (Int, Int), input: (Int, Int), shorter: Int, expected: [Int]
  ) {
    let placed = placement(.crop, source, input, shorter: shorter > 0 ? shorter : nil)
    #expect(
      [placed.resized.width, placed.resized.height, placed.left, placed.top] == expected)
  }

  @Test func letterboxesLeaveABorder() {
    let placed = placement(.letterbox, (100, 50), (64, 48))
    #expect(placed.resized == (64, 32))
    #expect((placed.left, placed.top) == (0, 8))
    #expect((placed.column(64), placed.row(8), placed.row(40)) == (100, 0, 50))
    #expect(placement(.letterbox, (1, 5000), (64, 48)).resized == (1, 48))
  }

  @Test func picturesAreCutAndBordered() throws {
    let picture = RGBImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
    let bordered = picture.placed(width: 4, height: 3, left: 1, top: 1, fill: 9)
    let border = [UInt8](repeating: 9, count: 12)
    #expect(bordered.pixels == border + [9, 9, 9, 1, 2, 3, 4, 5, 6, 9, 9, 9] + border)
    #expect(bordered.placed(width: 1, height: 1, left: -2, top: -1, fill: 0).pixels == [4, 5, 6])
    #expect(picture.placed(width: 1, height: 1, left: 5, top: 0, fill: 7).pixels == [7, 7, 7])
  }

  @Test func metadataChoosesTheFit() throws {
    let metadata = ["input.kind": "image", "image.resize": "letterbox", "image.fill": "30"]
    let input = InputDescription(
      name: "x", elementType: .float32, isQuantized: false, shape: [1, 3, 4, 2])
    let rules = try Preprocessing(metadata: { metadata[$0] })
    let sample = try withFile("a.png", Pictures.rgb.base64Bytes) {
      try SampleReader(inputs: [input], preprocessing: rules).read($0)
    }
    #expect(sample.tensors[0].floats?.prefix(8) == [30, 30, 255, 0, 0, 10, 30, 30])
  }
}
