import EdgeFormat

/// Points of a laser scanner, in the order of their file.
public struct PointCloud: Sendable {
  /// Metres: x forward, y to the left, z upwards; and the strength of the return.
  public struct Point: Sendable {
    let x, y, z, intensity: Float
    /// Distance from the scanner.
    let range: Float

    /// Whether the scanner got a return.
    var isReturn: Bool { range > 0 && range.isFinite }
  }

  /// The points; those without a return have the range 0.
  let points: [Point]
  /// Rows and columns when the points come as a scanner's image, row by row; else nil.
  let grid: (rows: Int, columns: Int)?

  /// Reads a cloud.
  ///
  /// A `.bin` file is rows of `columns` float32, as KITTI has them; a `.npy` file is `[N, C]`, or
  /// `[H, W, C]` as a scanner's image. The first four values of a point are x, y, z and intensity, a
  /// fifth of a scanner's image is the range.
  ///
  /// - Throws: an error naming the path when the file is neither.
  static func read(_ path: String, columns: Int) throws(SampleError) -> PointCloud {
    if case .array? = SampleKind(path: path) {
      return try PointCloud(NumpyArray.read(path), path: path)
    }
    let bytes = try readBytes(path)
    guard !bytes.isEmpty, bytes.count % (4 * columns) == 0 else {
      throw SampleError(
        path + ": holds " + String(bytes.count) + " bytes, which are no whole points of "
          + String(columns) + " float32: write x, y, z, intensity of each point, or state "
          + "'points.columns' when the model is converted")
    }
    let tensor = SampleTensor(
      elementType: .float32, shape: [bytes.count / (4 * columns), columns], bytes: bytes)
    return try PointCloud(tensor, path: path)
  }

  private init(_ tensor: SampleTensor, path: String) throws(SampleError) {
    guard tensor.shape.count == 2 || tensor.shape.count == 3, let width = tensor.shape.last,
      width >= 4, tensor.elementCount > 0, let values = tensor.converted(to: .float32)?.floats
    else {
      throw SampleError(
        path + ": is an array " + Text.shape(tensor.shape) + " of " + tensor.elementType.name
          + ", a cloud is [N, C] or [H, W, C] of floats, C at least 4 for x, y, z, intensity: write "
          + "it in that shape")
    }
    let isImage = tensor.shape.count == 3
    grid = isImage ? (tensor.shape[0], tensor.shape[1]) : nil
    points = (0..<(values.count / width)).map { index in
      let (x, y, z) = (values[index * width], values[index * width + 1], values[index * width + 2])
      return Point(
        x: x, y: y, z: z, intensity: values[index * width + 3],
        range: isImage && width > 4
          ? values[index * width + 4] : (x * x + y * y + z * z).squareRoot())
    }
  }
}

/// Where the points of a cloud lie in a model's map.
public struct PointPlacement: Sendable {
  /// Extents of the map.
  public let rows, columns: Int
  /// For every point the place `row * columns + column`, or -1 for a point outside the map.
  public let cells: [Int32]
}
