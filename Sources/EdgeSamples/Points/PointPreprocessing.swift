/// How a cloud of points becomes a model's input: the keys `points.*` and those of the form.
public struct PointPreprocessing: Sendable {
  enum Form: Sendable {
    case rangeImage(RangeImage)
    case pillars(Pillars)
  }

  let form: Form
  /// Float32 values of a point in a `.bin` file.
  let columns: Int

  init(_ metadata: MetadataReader) throws(SampleError) {
    columns = try metadata.integer("points.columns") ?? 4
    guard columns >= 4, columns <= 64 else {
      throw metadata.meaningless("points.columns", String(columns))
    }
    switch try metadata.choice("points.form", ["range-image", "pillars"]) {
    case 0: form = .rangeImage(try RangeImage(metadata))
    case 1: form = .pillars(try Pillars(metadata))
    default: throw metadata.meaningless("points.form", "")
    }
  }

  /// Makes the tensors of a model's inputs from a cloud, and says where its points lie.
  func tensors(
    from cloud: PointCloud, for inputs: [InputDescription]
  ) throws(SampleError) -> (tensors: [SampleTensor], placement: PointPlacement) {
    switch form {
    case .rangeImage(let image): try image.tensors(from: cloud, for: inputs)
    case .pillars(let pillars): try pillars.tensors(from: cloud, for: inputs)
    }
  }
}
