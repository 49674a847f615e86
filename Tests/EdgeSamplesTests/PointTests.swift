import EdgeFormat
import Testing

@testable import EdgeSamples

@Suite struct PointTests {
  private func input(_ shape: [Int], _ type: ElementType = .float32) -> InputDescription {
    InputDescription(name: "x\(type.rawValue)", elementType: type, isQuantized: false, shape: shape)
  }

  private func bytes(_ points: [[Float]]) -> [UInt8] {
    points.flatMap { $0.flatMap { little($0.bitPattern) } }
  }

  private func read(
    _ metadata: [String: String], _ inputs: [InputDescription], _ points: [[Float]]
  ) throws -> (tensors: [SampleTensor], placement: PointPlacement) {
    let metadata = metadata.merging(["input.kind": "points"]) { own, _ in own }
    let rules = try Preprocessing(metadata: { metadata[$0] })
    let sample = try withFile("a.bin", bytes(points)) {
      try SampleReader(inputs: inputs, preprocessing: rules).read($0)
    }
    guard case .cloud(let placement) = sample.origin else { throw SampleError("no cloud") }
    return (sample.tensors, placement)
  }

  /// 8 columns of 45 degrees, from behind over the left; 4 rows of 10 degrees from +20 down.
  @Test func rangeImagesShowTheNearestPointOfADirection() throws {
    let metadata = [
      "points.form": "range-image", "range.up": "20", "range.down": "-20",
      "range.mean": "0,0,0,1,0", "range.std": "1,1,1,2,10",
    ]
    let points: [[Float]] = [
      [10, -0.1, -0.1, 3], [5, -0.1, -0.1, 7], [0.1, 3, 1, 1], [0, 0, 0, 9], [1, -0.1, -50, 0],
      [.nan, 1, 1, 1],
    ]
    let (tensors, placement) = try read(metadata, [input([1, 5, 4, 8])], points)
    // Ahead and slightly down: row 2, right of the middle: column 4.
    #expect(placement.cells == [20, 20, 2, -1, 28, -1])
    let values = try #require(tensors[0].floats)
    let range = (25 + 0.01 + 0.01 as Float).squareRoot()
    func pixel(_ cell: Int) -> [Float] { (0..<5).map { values[$0 * 32 + cell] } }
    let seen: [Float] = [5, -0.1, -0.1, 3, range / 10]
    #expect(pixel(20) == seen)
    #expect(pixel(3) == [0, 0, 0, 0, 0])
    #expect(
      failure { try read(metadata, [input([1, 4, 4, 8])], points) }?.contains("[1, 5, H, W]")
        == true)
    #expect(
      failure { try read(metadata, [input([1, 5, 4, 8])], [[1, 2, 3]]) }?.contains("12 bytes")
        == true)
  }

  @Test func aScannersImageKeepsItsPixels() throws {
    let rules = try RangeImage(MetadataReader { _ in nil })
    let points = [Float]([3, 0, 4, 1, 6, 0, 0, 0, 0, 0])
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 5), }\n"
    let array = [0x93] + [UInt8]("NUMPY".utf8) + [1, 0] + little(UInt16(header.utf8.count))
    let cloud = try withFile("a.npy", array + [UInt8](header.utf8) + bytes([points])) {
      try PointCloud.read($0, columns: 4)
    }
    let (tensors, placement) = try rules.tensors(from: cloud, for: [input([1, 5, 1, 2])])
    #expect(placement.cells == [0, -1])
    #expect(tensors[0].floats == [3, 0, 0, 0, 4, 0, 1, 0, 6, 0])
  }

  /// A grid of 2 x 2 metres in cells of one metre; two pillars of two points.
  @Test func theFullestCellsBecomePillars() throws {
    let metadata = [
      "points.form": "pillars", "pillars.low": "0,0,-1", "pillars.high": "2,2,1",
      "pillars.cell": "1", "pillars.std": "2,2,1,1,1,1,1,1,1",
    ]
    let points: [[Float]] = [
      [1.5, 0.25, 0, 5], [0.5, 0.5, 0, 1], [1.25, 1.75, 0.5, 2], [1.75, 1.25, -0.5, 3],
      [1.5, 1.5, 0, 4], [2, 0, 0, 9], [1.75, 0.75, 0.5, 6], [0, 0, 1, 9],
    ]
    let inputs = [input([2, 2, 9]), input([2, 1], .int64)]
    let (tensors, placement) = try read(metadata, inputs, points)
    #expect(placement.cells == [1, 0, 3, 3, 3, -1, 1, -1])
    #expect(tensors[1].integers == [1, 3])
    let values = try #require(tensors[0].floats)
    // Cell 1: centre (1.5, 0.5), mean (1.625, 0.5, 0.25).
    #expect(values.prefix(9) == [0.75, 0.125, 0, 5, -0.125, -0.25, -0.25, 0, -0.25])
    // Cell 3 keeps its first two points.
    #expect(values[18..<27] == [0.625, 0.875, 0.5, 2, -0.25, 0.25, 0.5, -0.25, 0.25])
    let many = try read(metadata, [input([4, 1, 9]), input([4, 1], .int32)], points)
    #expect(many.tensors[1].integers == [0, 1, 3, 4])
    #expect(many.tensors[0].floats?.suffix(9) == [0, 0, 0, 0, 0, 0, 0, 0, 0])
    #expect(
      failure { try read(metadata, [input([2, 2, 8])], points) }?.contains("[pillars, points, 9]")
        == true)
  }

  @Test func pointsTakeTheClassOfTheirPlace() throws {
    let metadata = [
      "point-labels.output": "y", "point-labels.ignore": "0", "point-labels.ids": "0,40,300",
    ]
    let rule = try PointLabelRule(MetadataReader { metadata[$0] })
    // Three classes on a map of 1 x 2, half as wide as the placement.
    let outputs = [
      ModelOutput(name: "x", shape: [1], values: [0]),
      ModelOutput(name: "y", shape: [1, 3, 1, 2], values: [9, 9, 2, 1, 1, 2]),
    ]
    let placement = PointPlacement(rows: 2, columns: 4, cells: [0, 3, -1, 5, 6])
    let classes = try rule.classes(in: outputs, placement: placement)
    #expect(classes == [1, 2, nil, 1, 2])
    #expect(rule.labelFile(classes) == [40, 300, 0, 40, 300].flatMap { little(UInt32($0)) })
    #expect(
      failure { try rule.classes(in: [outputs[0]], placement: placement) }?.contains("'y'") == true)
  }

  @Test(arguments: [
    [:], ["points.form": "voxels"], ["points.form": "range-image", "range.up": "-30"],
    ["points.form": "range-image", "range.std": "1,1"],
    ["points.form": "pillars", "pillars.high": "-40,0,0"],
    ["points.form": "pillars", "pillars.cell": "0.001"],
    ["points.form": "pillars", "points.columns": "3"],
  ])
  func meaninglessRulesAreRefused(metadata: [String: String]) {
    #expect(
      failure { try PointPreprocessing(MetadataReader { metadata[$0] }) }?.contains("metadata")
        == true)
  }
}
