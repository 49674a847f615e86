import CEdgeKernels
import EdgeFormat
import EdgeTestSupport
import Testing

@testable import EdgeRuntime

/// `gridSample` and `roiAlign` where the ONNX cases do not reach: any data, and images far apart.
@Suite struct SampleTests {
  /// A linear sample with zeros outside, one element at a time.
  private func sample(_ image: [Float], _ size: [Int], at place: [Float]) -> Float {
    var sum = Float(0)
    for index in indices(size) {
      let weight = zip(index, place).reduce(Float(1)) {
        $0 * max(0, 1 - abs(Float($1.0) - $1.1))
      }
      sum += weight * image[offset(index, size)]
    }
    return sum
  }

  @Test(arguments: [[4, 5], [3, 4, 2]]) func linearSamplesAreWeightedSums(size: [Int]) throws {
    var random = SeededRandom(7)
    let (images, channels, points, rank) = (2, 3, 40, size.count)
    let x = (0..<(images * size.reduce(1, *) * channels)).map { _ in Float(random.int(-50...50)) }
    let grid = (0..<(images * points * rank)).map { _ in Float(random.int(-24...24)) / 16 }
    var parameters = GridSampleParameters()
    parameters.mode = Int32(EDGE_SAMPLE_LINEAR)
    let ones = [Int](repeating: 1, count: rank - 1)
    let node = SingleNode(
      .gridSample,
      [
        .float(x, [images] + size + [channels]), .float(grid, [images, points] + ones + [rank]),
      ],
      Operand(.float32, [images, points] + ones + [channels]), parameters)
    let (bytes, disagreement) = try node.runEverywhere()
    #expect(disagreement == nil)
    let y: [Float] = elements(bytes)
    for index in indices([images, points, channels]) {
      let plane = indices(size).map {
        x[offset([index[0]] + $0 + [index[2]], [images] + size + [channels])]
      }
      let start = (index[0] * points + index[1]) * rank
      let place = size.indices.map {
        ((grid[start + rank - 1 - $0] + 1) * Float(size[$0]) - 1) / 2
      }
      let expected = sample(plane, size, at: place)
      #expect(abs(y[offset(index, [images, points, channels])] - expected) < 1e-3)
    }
  }

  static let extremes: [Float] = [
    .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -1e30, 1e9, -3e9, 0x1p31, 1, -1, 0,
  ]

  @Test(arguments: 0...2, 0...2) func anyPlaceStaysInside(mode: Int, padding: Int) throws {
    for coordinates in 0...2 {
      for width in [1, 3] {
        var parameters = GridSampleParameters()
        parameters.mode = Int32(mode)
        parameters.padding = Int32(padding)
        parameters.coordinates = Int32(coordinates)
        let grid = Self.extremes.flatMap { a in Self.extremes.flatMap { [a, $0] } }
        let points = grid.count / 2
        let node = SingleNode(
          .gridSample,
          [
            .float([Float](repeating: 1, count: 2 * width), [1, 2, width, 1]),
            .float(grid, [1, points, 1, 2]),
          ],
          Operand(.float32, [1, points, 1, 1]), parameters)
        let (bytes, disagreement) = try node.runEverywhere()
        #expect(disagreement == nil)
        let y: [Float] = elements(bytes)
        #expect(y.allSatisfy { abs($0) < 3 })
        if padding != Int(EDGE_SAMPLE_ZEROS) { #expect(y.allSatisfy { abs($0 - 1) < 1e-5 }) }
      }
    }
  }

  private func regions(
    _ rois: [Float], images: [Int64], _ change: (inout RoiAlignParameters) -> Void = { _ in }
  ) -> SingleNode {
    var parameters = RoiAlignParameters()
    parameters.offset = 0.5
    change(&parameters)
    return SingleNode(
      .roiAlign,
      [
        .float([Float](repeating: 2, count: 2 * 4 * 5 * 3), [2, 4, 5, 3]),
        .float(rois, [images.count, 4]), .int64(images, [images.count]),
      ],
      Operand(.float32, [images.count, 2, 2, 3]), parameters)
  }

  @Test func aRegionInsideIsAMean() throws {
    let y: [Float] = elements(
      try regions([1, 1, 3, 3, 0.5, 0.5, 4, 3], images: [1, -2]).runEverywhere().y)
    #expect(y.allSatisfy { abs($0 - 2) < 1e-6 })
  }

  @Test func anyRegionStaysInside() throws {
    let rois = Self.extremes.flatMap { a in Self.extremes.flatMap { [a, $0, $0, a] } }
    for isMax in [Int32(0), 1] {
      for samples in [Int32(0), 3] {
        let node = regions(rois, images: [Int64](repeating: 1, count: rois.count / 4)) {
          $0.isMax = isMax
          $0.samples = samples
        }
        let (bytes, disagreement) = try node.runEverywhere()
        #expect(disagreement == nil)
        let y: [Float] = elements(bytes)
        #expect(y.allSatisfy { $0 >= 0 && $0 <= 2.001 })
      }
    }
  }

  @Test(arguments: [Int64(2), -3, .max]) func anImageThatIsNotThereIsRefused(image: Int64) throws {
    let node = regions([0, 0, 1, 1], images: [image])
    let error = #expect(throws: EdgeError.self) { try node.run(threads: 1, kernels: "scalar") }
    #expect(error?.code == .outOfRange)
  }
}
