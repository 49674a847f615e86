import EdgeFormat

@testable import EdgeConvert

/// Builds small models as quantizers write them, converts them, and runs the file beside the
/// simulation that ONNX defines.
struct QuantizedFixture {
  var f = PlanFixture()
  private let type: ElementType
  /// Parameters of inputs, whose numbers are in -1...1.
  let scale: ValueID
  let zero: ValueID

  /// - Parameter type: of activations: uint8 or int8.
  init(_ type: ElementType) {
    self.type = type
    scale = f.constant(Tensor([Float(2) / 255], shape: []))
    zero = f.constant(Tensor([Int64(type == .uint8 ? 128 : 0)], shape: [], type: type))
  }

  mutating func input(_ name: String, _ shape: [Int]) -> ValueID { f.input(name, shape) }

  mutating func scalar(_ value: Float) -> ValueID { f.constant(Tensor([value], shape: [])) }

  /// A zero point.
  mutating func code(_ value: Int) -> ValueID {
    f.constant(Tensor([Int64(value)], shape: [], type: type))
  }

  /// Codes in an input's parameters.
  mutating func quantized(_ x: ValueID) -> ValueID { f.node("QuantizeLinear", [x, scale, zero]) }

  /// Reals from codes in an input's parameters.
  mutating func dequantized(_ x: ValueID) -> ValueID {
    f.node("DequantizeLinear", [x, scale, zero])
  }

  /// A pair of QuantizeLinear and DequantizeLinear.
  /// - Parameter zero: for int8 codes.
  mutating func rounded(_ x: ValueID, _ step: Float = 0.05, _ zero: Int = 3) -> ValueID {
    let scale = scalar(step)
    let zero = code(type == .uint8 ? zero + 128 : zero)
    let codes = f.node("QuantizeLinear", [x, scale, zero])
    return f.node("DequantizeLinear", [codes, scale, zero])
  }

  /// Constant codes, dequantized.
  mutating func dequantized(_ codes: Tensor, scale: Tensor, axis: Int = 0, zero: Int? = nil)
    -> ValueID
  {
    let point = zero.map { f.constant(Tensor([Int64($0)], shape: [], type: codes.type)) }
    return f.node(
      "DequantizeLinear", [f.constant(codes), f.constant(scale), point],
      ["axis": .int(Int64(axis))])
  }

  /// Int8 weights, with a scale for each index of an axis, or one.
  mutating func weights(_ shape: [Int], axis: Int?) -> ValueID {
    let noise = f.noise(shape).floats
    let codes = Tensor(noise.map { Int64($0 * 127) }, shape: shape, type: .int8)
    let scales = axis.map { axis in (0..<shape[axis]).map { 0.002 + 0.0003 * Float($0) } }
    let scale = scales.map { Tensor($0, shape: [$0.count]) } ?? Tensor([0.004], shape: [])
    return dequantized(codes, scale: scale, axis: axis ?? 0)
  }

  /// The bias of `count` channels: whole multiples of 0.0001, as int32.
  mutating func bias(_ count: Int) -> ValueID {
    let codes = Tensor((0..<count).map { Int64($0 * 900 - 4000) }, shape: [count], type: .int32)
    return dequantized(codes, scale: Tensor([0.0001], shape: []))
  }

  /// What a conversion and a run of it gave.
  struct Outcome {
    var file: EmittedFile
    /// Why nodes stayed float.
    var reasons: [String]
    /// Largest difference of an output from the simulation: in steps of the output, or in 1e-5 of
    /// its largest magnitude when it is float.
    var steps: Float

    func count(_ operation: String) -> Int { file.nodes.count { $0.operation == operation } }
  }

  /// The quantization that the model brings along.
  func given() throws -> GivenQuantization {
    guard let reals = try QuantizationReader.read(f.graph) else {
      throw ConversionError.invalid("no activation is quantized")
    }
    return GivenQuantization(try Check.prepared(reals))
  }

  func run() throws -> Outcome {
    let reference = try Evaluator(Passes.all(f.graph)).run(f.samples)
    let given = try given()
    let file = try makeFile(
      graph: given.graph, quantization: given.quantization, bounds: [:], metadata: [])
    let loaded = try LoadedFile(file.bytes, name: "test")
    let inputs = f.graph.inputs.compactMap { f.samples[f.graph[$0].name] }
    var steps: Float = 0
    for (position, output) in try loaded.run(inputs, name: "test").enumerated() {
      let expected = reference[position].floats
      let scale = loaded.model.outputRecord(position).scale
      let unit = scale > 0 ? scale : 1e-5 * expected.reduce(1e-9) { max($0, abs($1)) }
      guard expected.count == output.values.count else { steps = .infinity; continue }
      for (x, y) in zip(expected, output.values) { steps = max(steps, abs(x - y) / unit) }
    }
    return Outcome(
      file: file, reasons: given.choices.map(\.reason).filter { !$0.isEmpty }.sorted(),
      steps: (1000 * steps).rounded() / 1000)
  }
}
