import CEdgeHost
import EdgeFormat

/// What one file gives: a tensor for every input of the model, and what else the file knows.
public struct Sample: Sendable {
  /// What results need to lead back to the file.
  public enum Origin: Sendable {
    /// Nothing.
    case tensor
    /// Where the picture lies in the input.
    case picture(ImagePlacement)
    /// Where the points lie in the model's map.
    case cloud(PointPlacement)
  }

  /// One tensor an input, in the order of the model's inputs.
  public let tensors: [SampleTensor]
  /// The class index in an `.npz` file's `label` array; nil when there is none.
  public let label: Int?
  /// How to lead results back to the file.
  public let origin: Origin

  /// Creates a sample from its parts.
  public init(tensors: [SampleTensor], label: Int? = nil, origin: Origin = .tensor) {
    self.tensors = tensors
    self.label = label
    self.origin = origin
  }
}

/// Turns files into a model's input tensors.
public struct SampleReader: Sendable {
  /// The model's inputs.
  public let inputs: [InputDescription]
  /// The model's preprocessing.
  public let preprocessing: Preprocessing

  /// Creates a reader for a model.
  public init(inputs: [InputDescription], preprocessing: Preprocessing) {
    self.inputs = inputs
    self.preprocessing = preprocessing
  }

  /// Reads one file and prepares it for the model.
  ///
  /// `.wav` needs audio metadata, `.jpg`, `.jpeg` and `.png` image metadata; `.npy` and `.bin`
  /// (little-endian elements of the input's type, nothing else) serve models with one input; `.npz`
  /// holds an array for every input under its name and may hold a `label`.
  public func read(_ path: String) throws(SampleError) -> Sample {
    guard let kind = SampleKind(path: path) else {
      throw SampleError(
        path + ": is of an unknown kind; files ending"
          + preprocessing.kinds.reduce("") { $0 + " " + $1.endings }
          + " are read: rename or convert it")
    }
    switch kind {
    case .wave:
      let input = try onlyInput(path)
      guard case .audio(let rule) = preprocessing.kind else {
        throw unprepared(path, thing: "sound", kind: "audio")
      }
      return try sample(path, rule.tensor(from: Waveform.read(path), for: input, path: path))
    case .picture:
      let input = try onlyInput(path)
      guard case .image(let rule) = preprocessing.kind else {
        throw unprepared(path, thing: "picture", kind: "image")
      }
      let (tensor, placement) = try rule.tensor(
        from: RGBImage.read(path), for: input, path: path)
      return try sample(path, tensor, .picture(placement))
    case .array:
      if case .points(let rule) = preprocessing.kind { return try cloud(path, rule) }
      _ = try onlyInput(path)
      return try sample(path, NumpyArray.read(path))
    case .archive:
      return try archive(path)
    case .text:
      throw SampleError(
        path + ": is a text, the model takes none: give it files ending"
          + preprocessing.kinds.reduce("") { $0 + " " + $1.endings })
    case .raw:
      if case .points(let rule) = preprocessing.kind { return try cloud(path, rule) }
      return try sample(path, raw(path, onlyInput(path)))
    }
  }

  /// Reads a sound and cuts it into frames; nil when the model does not take a sound frame by frame,
  /// or the file is no sound.
  public func stream(_ source: SampleSource) throws(SampleError) -> FrameStream? {
    let path = source.path
    guard case .audio(let rule) = preprocessing.kind, let frames = rule.frames,
      case .wave? = SampleKind(path: path)
    else { return nil }
    return try rule.stream(
      of: Waveform.read(path), rule: frames, for: onlyInput(path), path: path)
  }

  private func cloud(_ path: String, _ rule: PointPreprocessing) throws(SampleError) -> Sample {
    let (tensors, placement) = try rule.tensors(
      from: PointCloud.read(path, columns: rule.columns), for: inputs)
    var accepted: [SampleTensor] = []
    for (input, tensor) in zip(inputs, tensors) {
      accepted.append(try input.accepting(tensor, from: path + ":"))
    }
    return Sample(tensors: accepted, origin: .cloud(placement))
  }

  private func sample(
    _ path: String, _ tensor: SampleTensor, _ origin: Sample.Origin = .tensor
  ) throws(SampleError) -> Sample {
    Sample(tensors: [try inputs[0].accepting(tensor, from: path + ":")], origin: origin)
  }

  private func onlyInput(_ path: String) throws(SampleError) -> InputDescription {
    guard inputs.count == 1, let input = inputs.first else {
      throw SampleError(
        path + ": holds one tensor, the model has " + String(inputs.count) + " inputs: put "
          + inputNames + " into one .npz file")
    }
    return input
  }

  private var inputNames: String {
    var names = ""
    for input in inputs {
      if !names.isEmpty { names += ", " }
      names += "'" + input.name + "'"
    }
    return names
  }

  private func unprepared(_ path: String, thing: String, kind: String) -> SampleError {
    SampleError(
      path + ": the model does not say how a " + thing
        + " becomes its input: convert it again with `edgeconv convert --preprocess FILE.json` and "
        + "\"input.kind\": \"" + kind + "\" in that file")
  }

  /// Reads an `.npz` file of consecutive runs: the array of every input has one more axis in front,
  /// the runs.
  ///
  /// - Returns: the tensors of each run in the order of the model's inputs; nil when the arrays have
  ///   no such axis, or the file is of another kind.
  public func sequence(_ path: String) throws(SampleError) -> [[SampleTensor]]? {
    guard case .archive? = SampleKind(path: path) else { return nil }
    let arrays = try NumpyArchive.read(path)
    var runs: [[SampleTensor]] = []
    for input in inputs {
      guard let array = arrays.first(where: { Text.equal($0.name, input.name) })?.tensor,
        array.shape.count == input.shape.count + 1,
        runs.isEmpty || runs.count == array.shape[0]
      else { return nil }
      let shape = [Int](array.shape.dropFirst())
      let size = array.bytes.count / max(1, array.shape[0])
      if runs.isEmpty { runs = [[SampleTensor]](repeating: [], count: array.shape[0]) }
      for run in runs.indices {
        let bytes = [UInt8](array.bytes[(run * size)..<((run + 1) * size)])
        let tensor = SampleTensor(elementType: array.elementType, shape: shape, bytes: bytes)
        runs[run].append(try input.accepting(tensor, from: path + ", '" + input.name + "':"))
      }
    }
    return runs
  }

  private func archive(_ path: String) throws(SampleError) -> Sample {
    let arrays = try NumpyArchive.read(path)
    var tensors: [SampleTensor] = []
    for input in inputs {
      guard let index = arrays.firstIndex(where: { Text.equal($0.name, input.name) }) else {
        throw SampleError(
          path + ": has no array named '" + input.name + "'; the model's inputs are " + inputNames
            + ": write them with numpy.savez under these names")
      }
      let source = path + ", array '" + input.name + "':"
      tensors.append(try input.accepting(arrays[index].tensor, from: source))
    }
    let label = arrays.firstIndex { Text.equal($0.name, "label") }
    let isInput = inputs.contains { Text.equal($0.name, "label") }
    guard let label, !isInput else { return Sample(tensors: tensors) }
    return Sample(tensors: tensors, label: Self.classIndex(arrays[label].tensor))
  }

  private static func classIndex(_ tensor: SampleTensor) -> Int? {
    guard tensor.elementCount == 1, !tensor.elementType.isFloat else { return nil }
    return Int(tensor.integers[0])
  }

  private func raw(_ path: String, _ input: InputDescription) throws(SampleError) -> SampleTensor {
    try withFileBytes(path) { (bytes) throws(SampleError) in
      var shape = input.shape
      // One dynamic axis follows from the size of the file.
      let dynamic = shape.indices.filter { input.isDynamic($0) }
      if dynamic.count == 1 {
        let row = input.elementCount / shape[dynamic[0]] * input.elementType.byteCount
        if bytes.count > 0, bytes.count % row == 0, bytes.count / row < shape[dynamic[0]] {
          shape[dynamic[0]] = bytes.count / row
        }
      }
      let expected = shape.reduce(1, *) * input.elementType.byteCount
      guard bytes.count == expected else {
        throw SampleError(
          path + ": holds " + String(bytes.count) + " bytes, the model's input '" + input.name
            + "' of " + input.elementType.name + " " + input.boundText + " takes "
            + String(expected)
            + ": write exactly these, little-endian, row-major")
      }
      return SampleTensor(elementType: input.elementType, shape: shape, bytes: bytes.copied)
    }
  }
}
