import Testing

@testable import EdgeSamples

@Suite struct DetectionTests {
  private func rule(_ metadata: [String: String]) throws -> DetectionRule {
    try DetectionRule(MetadataReader { metadata[$0] })
  }

  private let square = ImagePlacement(source: (100, 50), input: (32, 32), resized: (32, 32))

  @Test func theBestOfOverlappingBoxesOfAClassStays() {
    func detection(_ left: Double, _ score: Double, _ classIndex: Int) -> Detection {
      Detection(
        box: Box(left: left, top: 0, right: left + 10, bottom: 10), score: score,
        classIndex: classIndex)
    }
    let all = [
      detection(0, 0.5, 0), detection(1, 0.9, 0), detection(2, 0.7, 1), detection(9, 0.6, 0),
    ]
    let kept = all.suppressed(overlap: 0.5)
    #expect(kept.map(\.score) == [0.9, 0.7, 0.6])
    #expect(all.suppressed(overlap: 0.9).map(\.score) == [0.9, 0.7, 0.6, 0.5])
  }

  @Test func ssdOffsetsMovePriors() throws {
    let rule = try rule([
      "detections.decoder": "ssd", "detections.strides": "16,32", "detections.sizes": "8;16,32",
      "detections.outputs": "scores,boxes", "detections.score": "0.5", "detections.iou": "1",
    ])
    // Six priors: four of 8 x 8 in the cells of 16, two in the cell of 32.
    var scores = [Float](repeating: 0, count: 6 * 3)
    var offsets = [Float](repeating: 0, count: 6 * 4)
    scores[3 * 3 + 2] = 0.75
    scores[4 * 3 + 1] = 0.625
    offsets.replaceSubrange(16..<20, with: [5, 0, 0, 0])
    let outputs = [
      ModelOutput(name: "boxes", shape: [1, 6, 4], values: offsets),
      ModelOutput(name: "scores", shape: [1, 6, 3], values: scores),
    ]
    let found = try rule.detections(in: outputs, placement: square)
    #expect(found.map(\.classIndex) == [1, 0])
    #expect(found.map(\.score) == [0.75, 0.625])
    // Prior 3: centre (24, 24) of 32, 8 wide; the picture is 100 x 50.
    #expect(found[0].box.edges == [20, 20, 28, 28].scaled(100 / 32, 50 / 32))
    // Prior 4: centre (16, 16), 16 wide, moved by 0.1 * 5 * 16 to the right.
    #expect(found[1].box.edges == [16, 8, 32, 24].scaled(100 / 32, 50 / 32))
    let short = [
      outputs[0], ModelOutput(name: "scores", shape: [1, 5, 3], values: .init(scores[..<15])),
    ]
    #expect(
      failure { try rule.detections(in: short, placement: square) }?.contains("shapes") == true)
    #expect(
      failure { try rule.detections(in: [outputs[0]], placement: square) }?
        .contains("'scores'") == true)
  }

  @Test func nanodetDistancesAreExpectations() throws {
    let rule = try rule(["detections.decoder": "nanodet", "detections.strides": "16"])
    var scores = [Float](repeating: 0.1, count: 4 * 2)
    scores[3 * 2 + 1] = 0.875
    // Bins 0, 1, 2: a sharp peak at 0 (left), at 1 (top), at 2 (right), and a flat mean of 1.
    let peak: Float = 200
    let sides: [Float] = [peak, 0, 0, 0, peak, 0, 0, 0, peak, 0, 0, 0]
    let outputs = [
      ModelOutput(name: "cls", shape: [1, 4, 2], values: scores),
      ModelOutput(
        name: "reg", shape: [1, 4, 12], values: [Float](repeating: 0, count: 36) + sides),
    ]
    let found = try rule.detections(in: outputs, placement: square)
    #expect(found.map(\.classIndex) == [1])
    // Cell (1, 1): centre (24, 24); right and bottom end at the picture's edge.
    #expect(found[0].box.edges == [24, 8, 32, 32].scaled(100 / 32, 50 / 32))
  }

  @Test func fastestDetCellsHoldOneBox() throws {
    let rule = try rule(["detections.decoder": "fastestdet", "detections.score": "0.5"])
    // Two classes on a 1 x 2 map; the second cell has an object of half the input's extents.
    let planes: [[Float]] = [[0, 1], [0, 0], [0, 0], [0, 0], [0, 0], [0, 0.25], [0, 1]]
    let output = ModelOutput(name: "map", shape: [1, 7, 1, 2], values: planes.flatMap { $0 })
    let found = try rule.detections(in: [output], placement: square)
    #expect(found.map(\.classIndex) == [1])
    #expect(found[0].score == 1)
    #expect(found[0].box.edges == [8, -8, 24, 8].map { max($0, 0) }.scaled(100 / 32, 50 / 32))
  }

  @Test(arguments: [
    ["detections.decoder": "yolo"], [:],
    ["detections.decoder": "ssd", "detections.sizes": "8,16"],
    ["detections.decoder": "nanodet", "detections.strides": "0"],
    ["detections.decoder": "nanodet", "detections.score": "2"],
  ])
  func meaninglessRulesAreRefused(metadata: [String: String]) {
    #expect(failure { try rule(metadata) }?.contains("'detections.") == true)
  }
}

extension Box {
  fileprivate var edges: [Double] { [left, top, right, bottom] }
}

extension [Double] {
  /// Edges with x and y multiplied.
  fileprivate func scaled(_ x: Double, _ y: Double) -> [Double] {
    [self[0] * x, self[1] * y, self[2] * x, self[3] * y]
  }
}
