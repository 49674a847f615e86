import Testing

@testable import EdgeConvert

/// Einsum, converted and run, against the sum over all indices that an equation means.
@Suite struct EinsumTests {
  static let equations: [(String, [[Int]])] = [
    ("ij,jk->ik", [[3, 4], [4, 5]]), ("bij,bjk", [[2, 3, 4], [2, 4, 5]]), ("ji", [[3, 4]]),
    ("ij->", [[3, 4]]), ("ii->i", [[4, 4]]), ("iij,jk->ik", [[3, 3, 4], [4, 2]]),
    ("i,j->ij", [[4], [3]]), ("ij,ij->i", [[3, 4], [3, 4]]), ("i,i->", [[4], [4]]),
    ("abc,cd,be->ade", [[2, 3, 4], [4, 5], [3, 6]]),
    ("bhqd,bhkd->bhqk", [[2, 3, 4, 5], [2, 3, 6, 5]]),
    ("bthk,hkd->btd", [[2, 3, 2, 4], [2, 4, 8]]), ("...ii->...i", [[2, 3, 3]]),
    ("...ij,...jk->...ik", [[2, 3, 4, 5], [5, 6]]), ("b...,...b", [[2, 3], [3, 2]]),
  ]

  @Test(arguments: equations) func sumsProducts(equation: String, shapes: [[Int]]) throws {
    var fixture = PlanFixture()
    let operands = shapes.enumerated().map { fixture.input("x\($0)", $1) }
    let data = shapes.enumerated().map { index, shape in
      let tensor = fixture.noise(shape)
      fixture.set("x\(index)", tensor)
      return tensor
    }
    fixture.output(fixture.node("Einsum", operands, ["equation": .string(equation)]))
    let outcome = try fixture.run()
    let expected = Self.sum(equation, data)
    #expect(outcome.outputs[0].shape == expected.shape)
    #expect(zip(outcome.outputs[0].values, expected.floats).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  /// By the definition: every combination of indices once.
  private static func sum(_ equation: String, _ data: [Tensor]) -> Tensor {
    let sides = equation.split(separator: "->", omittingEmptySubsequences: false).map(String.init)
    let terms = zip(sides[0].split(separator: ","), data).map { term, tensor in
      let hidden = tensor.shape.count - term.count { $0 != "." }
      let digits = String("210".suffix(hidden))
      return Array(String(term).replacing("...", with: digits))
    }
    let longest = terms.map { $0.filter(\.isNumber) }.max { $0.count < $1.count } ?? []
    let single = Set(terms.joined()).filter { name in
      !name.isNumber && terms.joined().count { $0 == name } == 1
    }
    let result =
      sides.count == 2
      ? Array(sides[1].replacing("...", with: String(longest))) : longest + single.sorted()
    var sizes: [Character: Int] = [:]
    for (term, tensor) in zip(terms, data) {
      for (name, size) in zip(term, tensor.shape) { sizes[name] = max(size, sizes[name] ?? 1) }
    }
    let names = sizes.keys.sorted()
    let shape = result.map { sizes[$0] ?? 1 }
    var values = [Float](repeating: 0, count: shape.reduce(1, *))
    for combination in 0..<names.reduce(1, { $0 * (sizes[$1] ?? 1) }) {
      var rest = combination
      var index: [Character: Int] = [:]
      for name in names {
        index[name] = rest % (sizes[name] ?? 1)
        rest /= sizes[name] ?? 1
      }
      func place(_ term: [Character], _ shape: [Int]) -> Int {
        zip(term, shape).reduce(0) { $0 * $1.1 + (index[$1.0] ?? 0) }
      }
      let product = zip(terms, data).reduce(Float(1)) {
        $0 * $1.1.floats[place($1.0, $1.1.shape)]
      }
      values[place(result, shape)] += product
    }
    return Tensor(values, shape: shape)
  }
}
