import CEdgeKernels
import EdgeFormat
import EdgeTestSupport

// Sound nodes and the ways to spoil them; the test is in HostileNodeTests.swift.
extension HostileNodeTests {
  /// Overwrites a 32-bit field of the parameters.
  static func set(_ node: inout SingleNode, _ field: Int, _ value: Int) {
    node.parameterBytes.replaceSubrange(field * 4..<field * 4 + 4, with: bytes(of: Int32(value)))
  }

  static func convolution() -> SingleNode {
    var parameters = ConvolutionParameters()
    parameters.kernelHeight = 3
    parameters.kernelWidth = 3
    func constant(_ type: ElementType, _ count: Int) -> Operand {
      Operand(type, [count], bytes: [UInt8](repeating: 0, count: count * type.byteCount)).constant
    }
    return SingleNode(
      .convolution,
      [
        Operand(.int8, [1, 8, 8, 5], scale: 1), constant(.int8, 16 * 3 * 16),
        constant(.int32, 16), constant(.int32, 16), constant(.float32, 16),
      ], Operand(.int8, [1, 6, 6, 7], scale: 1), parameters)
  }

  static func depthwise() -> SingleNode {
    var node = convolution()
    node.opCode = .depthwise
    node.output.dims[3] = 5
    node.inputs[1]?.dims = [16 * 12]
    node.inputs[1]?.bytes = [UInt8](repeating: 0, count: 16 * 12)
    set(&node, 10, 5)
    return node
  }

  static let convolutions: [Case] = [
    Case("no bias", convolution) { $0.inputs[2] = nil },
    Case("no multiplier", convolution) { $0.inputs[4] = nil },
    Case("cut parameters", convolution) { $0.parameterBytes.removeLast(4) },
    Case("no parameters", convolution) { $0.parameterBytes = [] },
    Case("rank 3", convolution) { $0.inputs[0]?.dims = [1, 8, 40] },
    Case("another batch", convolution) { $0.output.dims[0] = 2 },
    Case("a row too many", convolution) { $0.output.dims[1] = 7 },
    Case("a column too many", convolution) { $0.output.dims[2] = 7 },
    Case("no input rows", convolution) { $0.inputs[0]?.dims[1] = 0 },
    Case("no input channels", convolution) { $0.inputs[0]?.dims[3] = 0 },
    Case("kernel 0", convolution) { set(&$0, 0, 0) },
    Case("kernel below 0", convolution) { set(&$0, 1, -1) },
    Case("stride 0", convolution) { set(&$0, 2, 0) },
    Case("dilation 0", convolution) { set(&$0, 5, 0) },
    Case("huge dilation", convolution) { set(&$0, 4, Int(Int32.max)) },
    Case("pad below 0", convolution) { set(&$0, 6, -1) },
    Case("huge pad", convolution) { set(&$0, 7, Int(Int32.max)) },
    Case("groups 0", convolution) { set(&$0, 10, 0) },
    Case("groups below 0", convolution) { set(&$0, 10, -5) },
    Case("groups that do not divide", convolution) { set(&$0, 10, 2) },
    Case("clamp upside down", convolution) {
      set(&$0, 13, 5); set(&$0, 14, 4)
    },
    Case("clamp past int8", convolution) { set(&$0, 14, 128) },
    Case("weights too short", convolution) { $0.inputs[1]?.dims = [16 * 3 * 16 - 1] },
    Case("bias too short", convolution) { $0.inputs[2]?.dims = [15] },
    Case("biasU8 too short", convolution) { $0.inputs[3]?.dims = [15] },
    Case("multiplier too short", convolution) { $0.inputs[4]?.dims = [15] },
    Case("float bias", convolution) { $0.inputs[2]?.type = .float32 },
    Case("int64 output", convolution) { $0.output.type = .int64 },
    Case("zero point past int8", convolution) { $0.output.zeroPoint = 128 },
    Case("no scale", convolution) { $0.inputs[0]?.scale = 0 },
    Case("residual of another shape", convolution) {
      $0.inputs.append(Operand(.int8, [1, 6, 6, 6], scale: 1))
    },
    Case("residual of another type", convolution) {
      $0.inputs.append(Operand(.float32, [1, 6, 6, 7]))
    },
    Case("table of 255", convolution) { $0.inputs += [nil, Operand(.int8, [255])] },
    Case("ten operands", convolution) { $0.inputs += [nil, nil, nil, nil, nil] },
    Case("depthwise, fewer groups", depthwise) { set(&$0, 10, 1) },
    Case("depthwise, more outputs", depthwise) { $0.output.dims[3] = 10 },
    Case("depthwise, weights too short", depthwise) { $0.inputs[1]?.dims = [16 * 12 - 1] },
    Case("depthwise, a row too many", depthwise) { $0.output.dims[1] = 7 },
  ]

  static func pool() -> SingleNode {
    var parameters = PoolParameters()
    parameters.kernelHeight = 2
    parameters.kernelWidth = 2
    return SingleNode(
      .maxPool, [Operand(.float32, [1, 4, 4, 3])], Operand(.float32, [1, 3, 3, 3]), parameters)
  }

  static func resize() -> SingleNode {
    let rows = Operand.int32([0, 0, 1, 1], [4]).constant
    let weights = Operand.float([0, 0.5, 1, 0], [4]).constant
    return SingleNode(
      .resizeLinear, [Operand(.float32, [1, 2, 2, 3]), rows, rows, weights, rows, rows, weights],
      Operand(.float32, [1, 4, 4, 3]))
  }

  static func stft() -> SingleNode {
    var parameters = STFTParameters()
    parameters.frameLength = 8
    parameters.frameStep = 4
    return SingleNode(
      .stft, [Operand(.float32, [1, 16]), Operand(.float32, [8]), Operand(.float32, [8, 2])],
      Operand(.float32, [1, 3, 5, 2]), parameters)
  }

  static func dft() -> SingleNode {
    SingleNode(
      .dft, [Operand(.float32, [2, 8, 1]), Operand(.float32, [8, 2])],
      Operand(.float32, [2, 5, 2]))
  }

  static func gridSample() -> SingleNode {
    SingleNode(
      .gridSample, [Operand(.float32, [2, 4, 5, 3]), Operand(.float32, [2, 3, 3, 2])],
      Operand(.float32, [2, 3, 3, 3]), GridSampleParameters())
  }

  static func roiAlign() -> SingleNode {
    SingleNode(
      .roiAlign,
      [Operand(.float32, [1, 4, 5, 3]), Operand(.float32, [2, 4]), Operand(.int64, [2])],
      Operand(.float32, [2, 2, 2, 3]), RoiAlignParameters())
  }

  static let windows: [Case] = [
    Case("pool, a row too many", pool) { $0.output.dims[1] = 4 },
    Case("pool, other channels", pool) { $0.output.dims[3] = 4 },
    Case("pool, another type", pool) { $0.output = Operand(.int8, [1, 3, 3, 3], scale: 1) },
    Case("pool, a window too large", pool) {
      for (field, value) in [(0, 32768), (1, 32768), (8, 32768), (9, 32768)] {
        set(&$0, field, value)
      }
    },
    Case("max pool, other scales", pool) {
      $0.inputs[0] = Operand(.int8, [1, 4, 4, 3], scale: 1)
      $0.output = Operand(.int8, [1, 3, 3, 3], scale: 2)
    },
    Case("resize, row below 0", resize) {
      $0.inputs[1] = Operand.int32([0, 0, -1, 1], [4]).constant
    },
    Case("resize, column outside", resize) {
      $0.inputs[5] = Operand.int32([0, 2, 1, 1], [4]).constant
    },
    Case("resize, short table", resize) { $0.inputs[2] = Operand.int32([0, 0, 1], [3]).constant },
    Case("resize, table in the arena", resize) { $0.inputs[1]?.isConstant = false },
    Case("resize, weight above 1", resize) {
      $0.inputs[3] = Operand.float([0, 1.5, 0, 0], [4]).constant
    },
    Case("resize, weight NaN", resize) {
      $0.inputs[6] = Operand.float([0, .nan, 0, 0], [4]).constant
    },
    Case("resize, float positions", resize) {
      $0.inputs[1] = Operand.float([0, 0, 0, 0], [4]).constant
    },
    Case("grid, another rank", gridSample) { $0.inputs[1]?.dims = [2, 3, 2] },
    Case("grid, three coordinates", gridSample) { $0.inputs[1]?.dims = [2, 3, 3, 3] },
    Case("grid, more places than results", gridSample) { $0.inputs[1]?.dims = [2, 3, 4, 2] },
    Case("grid, other images", gridSample) { $0.inputs[0]?.dims = [1, 4, 5, 3] },
    Case("grid, other channels", gridSample) { $0.output.dims[3] = 4 },
    Case("grid, of an empty image", gridSample) { $0.inputs[0]?.dims = [2, 0, 5, 3] },
    Case("grid, int8", gridSample) { $0.inputs[0] = Operand(.int8, [2, 4, 5, 3], scale: 1) },
    Case("grid, unknown mode", gridSample) { set(&$0, 0, 3) },
    Case("grid, unknown padding", gridSample) { set(&$0, 1, -1) },
    Case("grid, unknown coordinates", gridSample) { set(&$0, 2, 3) },
    Case("regions, five coordinates", roiAlign) { $0.inputs[1]?.dims = [2, 5] },
    Case("regions, few images", roiAlign) { $0.inputs[2]?.dims = [1] },
    Case("regions, float images", roiAlign) { $0.inputs[2]?.type = .float32 },
    Case("regions, a result too many", roiAlign) { $0.output.dims[0] = 3 },
    Case("regions, other channels", roiAlign) { $0.output.dims[3] = 2 },
    Case("regions, of an empty image", roiAlign) { $0.inputs[0]?.dims = [1, 4, 0, 3] },
    Case("regions, samples below 0", roiAlign) { set(&$0, 0, -1) },
    Case("regions, too many samples", roiAlign) { set(&$0, 0, 32769) },
    Case("dft, a row too many", dft) { $0.output.dims[0] = 3 },
    Case("dft, other bins", dft) { $0.output.dims[1] = 6 },
    Case("dft, one side of a complex signal", dft) { $0.inputs[0]?.dims = [2, 8, 2] },
    Case("dft, three parts", dft) { $0.inputs[0]?.dims = [2, 8, 3] },
    Case("dft, few twiddles", dft) { $0.inputs[1]?.dims = [7, 2] },
    Case("dft, a prime length", dft) {
      $0.inputs = [Operand(.float32, [2, 11, 1]), Operand(.float32, [11, 2])]
      $0.output.dims = [2, 6, 2]
    },
    Case("stft, a frame too many", stft) { $0.output.dims[1] = 4 },
    Case("stft, step 0", stft) { set(&$0, 1, 0) },
    Case("stft, length 0", stft) { set(&$0, 0, 0) },
    Case("stft, length below 0", stft) { set(&$0, 0, -8) },
    Case("stft, other window", stft) { $0.inputs[1]?.dims = [7] },
    Case("stft, few twiddles", stft) { $0.inputs[2]?.dims = [7, 2] },
    Case("stft, bins too many", stft) { $0.output.dims[2] = 6 },
    Case("stft, a prime length", stft) {
      set(&$0, 0, 11)
      $0.inputs = [
        Operand(.float32, [1, 19]), Operand(.float32, [11]), Operand(.float32, [11, 2]),
      ]
      $0.output.dims = [1, 3, 6, 2]
    },
  ]

  /// Two directions of three sequences of four steps, 5 hidden units.
  private static func recurrence(_ opCode: OpCode, gates: Int) -> SingleNode {
    var activation = UnaryParameters()
    activation.kind = Int32(EDGE_UNARY_TANH)
    let rows = 2 * gates * 16
    func constant(_ count: Int) -> Operand {
      Operand.float([Float](repeating: 0.5, count: count), [count]).constant
    }
    var node = SingleNode(
      opCode,
      [
        Operand(.float32, [4, 3, 2, gates * 5]), constant(rows * 5), constant(rows),
        Operand.int32([1, 4, 9], [3]), Operand(.float32, [2, 3, 5]), nil, nil,
      ], Operand(.float32, [4, 3, 2, 5]), RecurrentParameters(activation: activation))
    node.moreOutputs = [Operand(.float32, [2, 3, 5])]
    return node
  }

  static func gru() -> SingleNode { recurrence(.gru, gates: 3) }

  static func lstm() -> SingleNode {
    var node = recurrence(.lstm, gates: 4)
    node.inputs[5] = Operand(.float32, [2, 3, 5])
    node.inputs[6] = Operand(.float32, [2, 15])
    node.moreOutputs.append(Operand(.float32, [2, 3, 5]))
    return node
  }

  static func int8LSTM() -> SingleNode {
    var node = lstm()
    let rows = 2 * 4 * 16
    node.inputs[1] = Operand.int8([Int8](repeating: 1, count: rows * 8), [rows * 8]).constant
    node.inputs.append(
      Operand.float([Float](repeating: 0.01, count: rows), [rows]).constant)
    return node
  }

  static let recurrences: [Case] = [
    Case("int8 recurrence, few weights", int8LSTM) { $0.inputs[1]?.dims = [2 * 4 * 16 * 8 - 1] },
    Case("int8 recurrence, weights in the arena", int8LSTM) { $0.inputs[1]?.isConstant = false },
    Case("int8 recurrence, few scales", int8LSTM) { $0.inputs[7]?.dims = [127] },
    Case("int8 recurrence, scales in the arena", int8LSTM) { $0.inputs[7]?.isConstant = false },
    Case("int8 recurrence, scales of another type", int8LSTM) {
      $0.inputs[7] = .int32([Int32](repeating: 1, count: 128), [128])
    },
    Case("int8 recurrence, no scales", int8LSTM) { $0.inputs[7] = nil },
    Case("int8 recurrence, no eighth operand", int8LSTM) { $0.inputs.removeLast() },
    Case("recurrence, scales of float weights", lstm) { $0.inputs.append($0.inputs[2]) },
    Case("recurrence, a step too many", lstm) { $0.output.dims[0] = 5 },
    Case("recurrence, other sequences", lstm) { $0.output.dims[1] = 2 },
    Case("recurrence, other units", lstm) { $0.output.dims[3] = 6 },
    Case("recurrence, gates missing", lstm) { $0.inputs[0]?.dims[3] = 15 },
    Case("recurrence, few weights", lstm) { $0.inputs[1]?.dims = [2 * 4 * 16 * 5 - 1] },
    Case("recurrence, few biases", lstm) { $0.inputs[2]?.dims = [127] },
    Case("recurrence, weights in the arena", lstm) { $0.inputs[1]?.isConstant = false },
    Case("recurrence, a length missing", lstm) { $0.inputs[3] = .int32([1, 4], [2]) },
    Case("recurrence, float lengths", lstm) { $0.inputs[3] = .float([1, 4, 9], [3]) },
    Case("recurrence, another state", lstm) { $0.inputs[4]?.dims = [2, 3, 4] },
    Case("recurrence, other cells", lstm) { $0.inputs[5]?.dims = [3, 2, 5] },
    Case("recurrence, few peepholes", lstm) { $0.inputs[6]?.dims = [2, 14] },
    Case("recurrence, a state too small", lstm) { $0.moreOutputs[0].dims[2] = 4 },
    Case("recurrence, cells too small", lstm) { $0.moreOutputs[1].dims[1] = 2 },
    Case("recurrence, no cells", lstm) { $0.moreOutputs.removeLast() },
    Case("recurrence, unknown activation", lstm) { set(&$0, 4 + 3 * 5, 99) },
    Case("recurrence, no activation", lstm) { set(&$0, 4, 0) },
    Case("recurrence, cells of a gru", gru) { $0.inputs[5] = $0.inputs[4] },
    Case("recurrence, peepholes of a gru", gru) { $0.inputs[6] = Operand(.float32, [2, 15]) },
    Case("recurrence, three directions", gru) {
      $0.inputs[0]?.dims[2] = 3
      $0.inputs[4]?.dims[0] = 3
      $0.output.dims[2] = 3
      $0.moreOutputs[0].dims[0] = 3
    },
  ]

  static func unary() -> SingleNode {
    var parameters = UnaryParameters()
    parameters.kind = 1
    return SingleNode(.unary, [Operand(.float32, [4])], Operand(.float32, [4]), parameters)
  }

  static func binary() -> SingleNode {
    var parameters = BinaryParameters()
    parameters.kind = 1
    return SingleNode(
      .binary, [Operand(.int8, [2, 4], scale: 1), Operand(.int8, [4], scale: 1)],
      Operand(.int8, [2, 4], scale: 1), parameters)
  }

  static func lookup() -> SingleNode {
    SingleNode(.lookup, [Operand(.int8, [4]), Operand(.int8, [256])], Operand(.int8, [4]))
  }

  static func quantize() -> SingleNode {
    SingleNode(.quantize, [Operand(.float32, [4])], Operand(.int8, [4], scale: 1))
  }

  static func compare() -> SingleNode {
    var parameters = CompareParameters()
    parameters.kind = 1
    return SingleNode(
      .compare, [Operand(.int16, [2, 4]), Operand(.int16, [4])], Operand(.bool, [2, 4]), parameters)
  }

  static func select() -> SingleNode {
    SingleNode(
      .select, [Operand(.bool, [4]), Operand(.float32, [2, 1]), Operand(.float32, [2, 4])],
      Operand(.float32, [2, 4]))
  }

  static func cumulative() -> SingleNode {
    var parameters = CumulativeParameters()
    parameters.kind = 1
    parameters.axis = 1
    return SingleNode(.cumulative, [Operand(.int32, [2, 4])], Operand(.int32, [2, 4]), parameters)
  }

  static let elementwise: [Case] = [
    Case("unary kind 0", unary) { set(&$0, 0, 0) },
    Case("unary kind 26", unary) { set(&$0, 0, 26) },
    Case("unary, another count", unary) { $0.output.dims = [5] },
    Case("unary int8", unary) { $0.inputs[0] = Operand(.int8, [4]) },
    Case("unary, two outputs' worth of inputs", unary) { $0.inputs.append(Operand(.float32, [4])) },
    Case("binary, shapes apart", binary) { $0.inputs[1]?.dims = [3] },
    Case("binary, result too large", binary) { $0.output.dims = [3, 4] },
    Case("binary, result too small", binary) { $0.output.dims = [1, 4] },
    Case("binary, an axis more", binary) { $0.inputs[1]?.dims = [1, 2, 4] },
    Case("binary, mixed types", binary) { $0.inputs[1] = Operand(.int32, [4]) },
    Case("binary, int8 division", binary) { set(&$0, 0, EDGE_BINARY_DIV) },
    Case("binary, NaN multiplier", binary) { set(&$0, 1, 0x7fc0_0000) },
    Case("binary, clamp past int8", binary) { set(&$0, 4, 300) },
    Case("binary, no scale", binary) { $0.inputs[1]?.scale = 0 },
    Case("binary, integers with a scale", binary) { $0.output.scale = 0 },
    Case("binary, float16", binary) {
      $0.inputs = [Operand(.float16, [2, 4]), Operand(.float16, [4])]
      $0.output = Operand(.float16, [2, 4])
    },
    Case("binary, float bits", binary) {
      $0.inputs = [Operand(.float32, [2, 4]), Operand(.float32, [4])]
      $0.output = Operand(.float32, [2, 4])
      set(&$0, 0, EDGE_BINARY_AND)
    },
    Case("binary, kind 15 of integers", binary) {
      $0.inputs = [Operand(.int64, [2, 4]), Operand(.int64, [4])]
      $0.output = Operand(.int64, [2, 4])
      set(&$0, 0, 15)
    },
    Case("compare, mixed types", compare) { $0.inputs[1] = Operand(.uint8, [4]) },
    Case("compare, float16", compare) {
      $0.inputs = [Operand(.float16, [2, 4]), Operand(.float16, [4])]
    },
    Case("compare, quantized", compare) {
      $0.inputs = [Operand(.int8, [2, 4], scale: 1), Operand(.int8, [4], scale: 1)]
    },
    Case("compare, no bool", compare) { $0.output.type = .uint8 },
    Case("compare, shapes apart", compare) { $0.inputs[1]?.dims = [3] },
    Case("compare, kind 5", compare) { set(&$0, 0, 5) },
    Case("select, byte condition", select) { $0.inputs[0]?.type = .uint8 },
    Case("select, mixed types", select) { $0.inputs[1]?.type = .int32 },
    Case("select, other scales", select) { $0.inputs[2]?.scale = 2 },
    Case("select, result too large", select) { $0.output.dims = [3, 4] },
    Case("select, condition too large", select) { $0.inputs[0]?.dims = [5] },
    Case("cumulative, axis outside", cumulative) { set(&$0, 1, 2) },
    Case("cumulative, axis below 0", cumulative) { set(&$0, 1, -1) },
    Case("cumulative, another shape", cumulative) { $0.output.dims = [4, 2] },
    Case("cumulative, quotients", cumulative) { set(&$0, 0, EDGE_BINARY_DIV) },
    Case("cumulative, quantized", cumulative) {
      $0.inputs = [Operand(.int8, [2, 4], scale: 1)]
      $0.output = Operand(.int8, [2, 4], scale: 1)
    },
    Case("cumulative, of a scalar", cumulative) {
      $0.inputs = [Operand(.int32, [])]
      $0.output.dims = []
      set(&$0, 1, 0)
    },
    Case("lookup, short table", lookup) { $0.inputs[1]?.dims = [255] },
    Case("lookup, another count", lookup) { $0.output.dims = [5] },
    Case("lookup, float", lookup) { $0.inputs[0] = Operand(.float32, [4]) },
    Case("quantize, no scale", quantize) { $0.output.scale = 0 },
    Case("quantize, zero point", quantize) { $0.output.zeroPoint = -129 },
    Case("quantize, another count", quantize) { $0.output.dims = [5] },
    Case("cast, another count", { SingleNode(.cast, [Operand(.int8, [4])], Operand(.int64, [4])) })
    {
      $0.output.dims = [5]
    },
  ]

  static func transpose() -> SingleNode {
    SingleNode(
      .transpose, [Operand(.float32, [2, 3])], Operand(.float32, [2, 3]), TransposeParameters())
  }

  static func slice() -> SingleNode {
    SingleNode(.slice, [Operand(.float32, [4, 3])], Operand(.float32, [2, 3]), SliceParameters())
  }

  static func pad() -> SingleNode {
    SingleNode(.pad, [Operand(.float32, [4, 3])], Operand(.float32, [6, 3]), PadParameters())
  }

  static func concat() -> SingleNode {
    SingleNode(
      .concat, [Operand(.int8, [2, 3], scale: 1), Operand(.int8, [1, 3], scale: 1)],
      Operand(.int8, [3, 3], scale: 1), ConcatParameters())
  }

  static func gather() -> SingleNode {
    SingleNode(
      .gather, [Operand(.float32, [4, 3]), Operand(.int64, [2])], Operand(.float32, [2, 3]),
      GatherParameters())
  }

  static func broadcast() -> SingleNode {
    SingleNode(.broadcast, [Operand(.float32, [1, 3])], Operand(.float32, [2, 3]))
  }

  static let movement: [Case] = [
    Case("transpose, axis twice", transpose) { set(&$0, 1, 0) },
    Case("transpose, axis outside", transpose) { set(&$0, 1, 2) },
    Case("transpose, axis below 0", transpose) { set(&$0, 0, -1) },
    Case("transpose, other sizes", transpose) { $0.output.dims = [3, 2] },
    Case("transpose, another type", transpose) { $0.output.type = .float16 },
    Case("slice, start outside", slice) { set(&$0, 0, 3) },
    Case("slice, start far below 0", slice) { set(&$0, 0, -5) },
    Case("slice, step too long", slice) { set(&$0, 8, 4) },
    Case("slice, step too far back", slice) { set(&$0, 8, -1) },
    Case("slice, huge step", slice) { set(&$0, 8, Int(Int32.max)) },
    Case("slice, another rank", slice) { $0.output.dims = [6] },
    Case("pad, before below 0", pad) { set(&$0, 2, -1) },
    Case("pad, more than fits", pad) { set(&$0, 2, 3) },
    Case("pad, huge", pad) { set(&$0, 3, Int(Int32.max)) },
    Case("pad, unknown mode", pad) { set(&$0, 0, 4) },
    Case("pad, mirror of nothing", pad) {
      set(&$0, 0, 1); $0.inputs[0]?.dims = [0, 3]
    },
    Case("pad, output smaller", pad) { $0.output.dims = [3, 3] },
    Case("concat, axis outside", concat) { set(&$0, 0, 2) },
    Case("concat, axis below 0", concat) { set(&$0, 0, -1) },
    Case("concat, sizes apart", concat) { $0.inputs[1]?.dims = [1, 2] },
    Case("concat, too long", concat) { $0.output.dims = [4, 3] },
    Case("concat, other scale", concat) { $0.inputs[1]?.scale = 2 },
    Case("concat, an input absent", concat) { $0.inputs[1] = nil },
    Case("concat of nothing", concat) { $0.inputs = [] },
    Case("gather, axis outside", gather) { set(&$0, 0, 2) },
    Case("gather, float indices", gather) { $0.inputs[1]?.type = .float32 },
    Case("gather, other sizes", gather) { $0.output.dims = [2, 4] },
    Case("gather, more rows", gather) { $0.output.dims = [3, 3] },
    Case("gather, another rank", gather) { $0.output.dims = [2, 3, 1] },
    Case("broadcast, not of 1", broadcast) {
      $0.inputs[0]?.dims = [2, 1]; $0.output.dims = [3, 3]
    },
    Case("broadcast, fewer axes", broadcast) { $0.output.dims = [3] },
    Case("copy, another count", { SingleNode(.copy, [Operand(.int8, [4])], Operand(.int8, [4])) }) {
      $0.output.dims = [5]
    },
  ]
}
