import EdgeFormat
import Testing

@testable import EdgeConvert

/// Float files against the float reference, small graphs of every operator that is lowered.
@Suite struct PlanFloatTests {
  typealias Build = @Sendable (inout PlanFixture) -> Void

  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var build: Build
    var testDescription: String { name }
  }

  static func attributes(_ pairs: KeyValuePairs<String, [Int]>) -> [String: Attribute] {
    var result: [String: Attribute] = [:]
    for (key, values) in pairs {
      result[key] =
        key == "group" || key == "axis" ? .int(Int64(values[0])) : .ints(values.map { Int64($0) })
    }
    return result
  }

  static let cases: [Case] = [
    Case(name: "convolution, strided, padded, bias") { f in
      let x = f.input("x", [2, 5, 9, 7])
      f.output(
        f.node(
          "Conv", [x, f.weights([20, 5, 3, 3]), f.weights([20])],
          attributes(["strides": [2, 1], "pads": [1, 0, 1, 2]])))
    },
    Case(name: "convolution, grouped, dilated") { f in
      let x = f.input("x", [1, 12, 11, 8])
      f.output(
        f.node(
          "Conv", [x, f.weights([6, 4, 3, 3])], attributes(["group": [3], "dilations": [2, 1]])))
    },
    Case(name: "depthwise") { f in
      let x = f.input("x", [1, 19, 8, 8])
      f.output(
        f.node(
          "Conv", [x, f.weights([19, 1, 5, 3]), f.weights([19])],
          attributes(["group": [19], "pads": [2, 1, 2, 1]])))
    },
    Case(name: "depthwise with a multiplier") { f in
      let x = f.input("x", [1, 6, 8, 8])
      f.output(f.node("Conv", [x, f.weights([12, 1, 3, 3])], attributes(["group": [6]])))
    },
    Case(name: "one-dimensional convolution and pool") { f in
      let x = f.input("x", [1, 4, 30])
      let y = f.node("Conv", [x, f.weights([8, 4, 5])], attributes(["strides": [2]]))
      f.output(f.node("MaxPool", [y], attributes(["kernel_shape": [3], "strides": [2]])))
    },
    Case(name: "fused residual and clip") { f in
      let x = f.input("x", [1, 8, 6, 6])
      f.output(
        f.node(
          "Conv", [x, f.weights([8, 8, 1, 1]), f.weights([8]), x],
          [
            "edge.residual": .int(3), "edge.residual_first": .int(1),
            "edge.activation": .string("clip"),
            "edge.low": .float(-0.5), "edge.high": .float(0.75),
          ]))
    },
    Case(name: "activation before a residual") { f in
      let x = f.input("x", [1, 8, 6, 6])
      f.output(
        f.node(
          "Conv", [x, f.weights([8, 8, 1, 1]), nil, x],
          [
            "edge.residual": .int(3), "edge.activation": .string("leaky_relu"),
            "edge.slope": .float(0.2),
          ]))
    },
    Case(name: "pools and global pools") { f in
      let x = f.input("x", [1, 7, 9, 9])
      let max = f.node(
        "MaxPool", [x],
        attributes(["kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]]))
      let mean = f.node(
        "AveragePool", [max], attributes(["kernel_shape": [2, 2], "pads": [1, 1, 0, 0]]))
      f.output(f.node("GlobalAveragePool", [mean]), f.node("GlobalMaxPool", [mean]))
    },
    Case(name: "ceil mode") { f in
      let x = f.input("x", [1, 3, 8, 8])
      f.output(
        f.node(
          "MaxPool", [x],
          ["kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "ceil_mode": .int(1)]))
    },
    Case(name: "flatten and gemm after a convolution") { f in
      let x = f.input("x", [2, 3, 5, 5])
      let y = f.node("Conv", [x, f.weights([4, 3, 3, 3])])
      let z = f.node("Flatten", [y])
      f.output(f.node("Gemm", [z, f.weights([10, 36]), f.weights([10])], ["transB": .int(1)]))
    },
    Case(name: "matmul by constants on either side, and of activations") { f in
      let x = f.input("x", [2, 3, 6])
      let right = f.node("MatMul", [x, f.weights([6, 5])])
      let left = f.node("MatMul", [f.weights([4, 3]), right])
      let swapped = f.node("Transpose", [left], attributes(["perm": [0, 2, 1]]))
      f.output(f.node("MatMul", [left, swapped]))
    },
    Case(name: "channel shuffle") { f in
      let x = f.input("x", [1, 3, 6, 5])
      let y = f.node("Conv", [x, f.weights([8, 3, 1, 1])])
      let split = f.node("Reshape", [y, f.ints([1, 2, 4, 6, 5])])
      let swapped = f.node("Transpose", [split], attributes(["perm": [0, 2, 1, 3, 4]]))
      let joined = f.node("Reshape", [swapped, f.ints([1, 8, 6, 5])])
      f.output(f.node("Conv", [joined, f.weights([4, 8, 1, 1])]))
    },
    Case(name: "blocks between space and channels") { f in
      let x = f.input("x", [2, 3, 6, 4])
      let y = f.node("SpaceToDepth", [x], ["blocksize": .int(2)])
      let z = f.node("Conv", [y, f.weights([24, 12, 1, 1])])
      let groups = f.node(
        "DepthToSpace", [z], ["edge.blocks": .ints([2, 3]), "edge.groups": .int(2)])
      let columns = f.node("DepthToSpace", [z], ["blocksize": .int(2), "mode": .string("CRD")])
      f.output(groups, f.node("Conv", [columns, f.weights([4, 6, 3, 3])]))
    },
    Case(name: "broadcasting in any order") { f in
      let x = f.input("x", [1, 4, 5, 6])
      let y = f.node("Conv", [x, f.weights([4, 4, 1, 1])])
      let scaled = f.node("Mul", [y, f.weights([4, 1, 1])])
      let shifted = f.node("Sub", [f.weights([1]), scaled])
      let gate = f.node("GlobalAveragePool", [shifted])
      f.output(
        f.node("Div", [f.node("Mul", [shifted, gate]), f.constant(Tensor([Float(3)], shape: []))]))
    },
    Case(name: "concat, slice, pad, split on channels") { f in
      let x = f.input("x", [1, 4, 5, 6])
      let y = f.node("Conv", [x, f.weights([6, 4, 1, 1])])
      let joined = f.node("Concat", [y, x], attributes(["axis": [1]]))
      let cut = f.node(
        "Slice", [joined, f.ints([1, -1]), f.ints([9, -100]), f.ints([1, 3]), f.ints([2, -2])])
      let padded = f.node("Pad", [cut, f.ints([0, 1, 0, -1, 0, 0, 2, 1])])
      f.output(padded, f.node("Slice", [padded, f.ints([2]), f.ints([5]), f.ints([1])]))
    },
    Case(name: "gather one, some, and by a table") { f in
      let x = f.input("x", [2, 5, 3])
      let one = f.node(
        "Gather", [x, f.constant(Tensor([Int64(-1)], shape: []))], attributes(["axis": [1]]))
      let run = f.node("Gather", [x, f.ints([1, 3])], attributes(["axis": [1]]))
      let table = f.node("Gather", [x, f.ints([4, 0, 1])], attributes(["axis": [1]]))
      f.output(one, run, table)
    },
    Case(name: "gathers by elements and tuples") { f in
      let x = f.input("x", [2, 5, 3])
      let y = f.node("Conv", [x, f.weights([4, 5, 1])])
      let list = f.constant(Tensor([3, -1, 0, 0, 2, 1] as [Int64], shape: [2, 3, 1]))
      let tuples = f.constant(Tensor([1, -3, 0, 2] as [Int64], shape: [2, 2]))
      f.output(
        f.node("GatherElements", [y, list], attributes(["axis": [1]])),
        f.node("GatherND", [y, tuples]))
    },
    Case(name: "scatters by elements and tuples") { f in
      let x = f.node("Gemm", [f.input("z", [4, 6]), f.weights([6, 3])])
      let y = f.input("y", [2, 3])
      let rows = f.constant(Tensor([3, 1] as [Int64], shape: [2, 1]))
      let list = f.constant(Tensor([1, 0, -1, 2, 2, 0] as [Int64], shape: [2, 3]))
      let grid = f.node("ScatterND", [x, rows, y])
      f.output(
        grid, f.node("ScatterND", [x, rows, y], ["reduction": .string("max")], opset: 18),
        f.node("ScatterElements", [grid, list, y], attributes(["axis": [1]])))
    },
    Case(name: "reductions over scattered axes") { f in
      let x = f.input("x", [2, 3, 4, 5])
      let y = f.node("Conv", [x, f.weights([6, 3, 1, 1])])
      let a = f.node("ReduceSum", [y, f.ints([1, 3])], ["keepdims": .int(0)])
      let b = f.node("ReduceL2", [y], ["axes": .ints([0, 2]), "keepdims": .int(1)])
      let c = f.node("ReduceMean", [y], ["axes": .ints([-1]), "keepdims": .int(0)])
      f.output(a, b, c, f.node("ReduceMax", [x], ["keepdims": .int(0)]))
    },
    Case(name: "softmax over channels") { f in
      let x = f.input("x", [1, 5, 3, 4])
      f.output(
        f.node("Softmax", [x], attributes(["axis": [1]])),
        f.node("LogSoftmax", [x], attributes(["axis": [2]])))
    },
    Case(name: "resize") { f in
      let x = f.input("x", [1, 3, 5, 4])
      let up = f.node(
        "Resize", [x, nil, f.constant(Tensor([Float(1), 1, 2, 2], shape: [4]))],
        [
          "mode": .string("nearest"), "coordinate_transformation_mode": .string("asymmetric"),
          "nearest_mode": .string("floor"),
        ])
      f.output(
        f.node("Resize", [up, nil, nil, f.ints([1, 3, 7, 9])], ["mode": .string("linear")]))
    },
    Case(name: "functions of one element") { f in
      let x = f.input("x", [3, 7])
      let a = f.node("HardSwish", [f.node("Tanh", [x])])
      let b = f.node("PRelu", [a, f.weights([7])])
      let c = f.node(
        "Clip", [b, f.constant(Tensor([-0.2], shape: [])), f.constant(Tensor([0.4], shape: []))])
      f.output(f.node("Sigmoid", [c]), f.node("Erf", [x]), f.node("Max", [x, a, b]))
    },
    Case(name: "outputs that are inputs, constants and each other") { f in
      let x = f.input("x", [2, 3])
      let y = f.node("Relu", [x])
      let z = f.node("Identity", [y])
      f.output(x, f.weights([2, 2]), y, z)
    },
    Case(name: "the largest along two axes") { f in
      let x = f.input("x", [1, 3, 6, 5])
      let y = f.node("Conv", [x, f.weights([8, 3, 1, 1])])
      f.output(
        f.node("TopK", [y, f.ints([3])], attributes(["axis": [1]])),
        f.node("TopK", [y, f.ints([2])], ["axis": .int(-1), "largest": .int(0)]))
    },
    Case(name: "tiles of neighbouring and lone axes") { f in
      let x = f.input("x", [2, 1, 3, 2])
      f.output(
        f.node("Tile", [x, f.ints([2, 1, 3, 1])]), f.node("Tile", [x, f.ints([1, 2, 2, 2])]),
        f.node("Tile", [x, f.ints([1, 1, 1, 0])]))
    },
    Case(name: "as many rows as the data choose") { f in
      let x = f.input("x", [6, 3])
      let first = f.node("Slice", [x, f.ints([0]), f.ints([1]), f.ints([1])])
      let mask = f.node("Relu", [f.node("Reshape", [first, f.ints([6])])])
      let places = f.node("Reshape", [f.node("NonZero", [mask]), f.ints([-1])])
      let rows = f.node("Gather", [x, places], attributes(["axis": [0]]))
      let scores = f.node("Gemm", [rows, f.weights([3, 4])])
      f.output(
        f.node("Concat", [x, rows], attributes(["axis": [0]])), scores,
        f.node("ReduceMax", [scores], ["axes": .ints([1]), "keepdims": .int(0)]))
    },
    Case(name: "expand, squeeze, unsqueeze") { f in
      let x = f.input("x", [2, 1, 3])
      let y = f.node("Expand", [x, f.ints([2, 4, 3])])
      let z = f.node("Unsqueeze", [y, f.ints([0])])
      f.output(f.node("Squeeze", [z, f.ints([0])]))
    },
  ]

  @Test(arguments: cases) func agreesWithTheReference(_ test: Case) throws {
    var fixture = PlanFixture()
    test.build(&fixture)
    #expect(try fixture.run().error < 2e-6)
  }

  @Test func dynamicSizesRunBelowTheirBound() throws {
    var f = PlanFixture()
    let n = Dimension(symbol: "N")
    let x = f.input("x", [n, Dimension(3), Dimension(6), Dimension(6)], sample: [3, 3, 6, 6])
    let y = f.node("Conv", [x, f.weights([4, 3, 3, 3])])
    let z = f.node("Flatten", [y])
    f.output(f.node("Gemm", [z, f.weights([64, 5]), f.weights([5])]))
    #expect(try f.run().error < 2e-6)
  }
}
