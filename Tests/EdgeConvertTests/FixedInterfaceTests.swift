import EdgeFormat
import Testing

@testable import EdgeConvert

@Suite struct FixedInterfaceTests {
  /// x `[batch, T]`, and a rate of one number.
  private func graph() -> Graph {
    var graph = Graph()
    graph.inputs = [
      graph.add(
        Value(
          name: "x", type: .float32, shape: [Dimension(symbol: "batch"), Dimension(symbol: "T")])),
      graph.add(Value(name: "rate", type: .int64, shape: [])),
    ]
    return graph
  }

  @Test func sizesAndInputsBecomeConstants() throws {
    var graph = graph()
    try graph.fix(FixedInterface(inputs: ["rate=16000"], sizes: ["batch=1,T=576"]))
    #expect(graph.inputs.map { graph[$0].name } == ["x"])
    #expect(graph.values[0].shape == [Dimension(1), Dimension(576)])
    #expect(graph.values[1].constant?.integers == [16_000])
  }

  @Test func whatIsStatedIsReadBack() throws {
    let fixed = try FixedInterface(inputs: ["rate=16000", "on=true,c=0.5"], sizes: ["T=3,batch=1"])
    #expect(fixed.stated == ["input": "c=0.5,on=1,rate=16000", "size": "T=3,batch=1"])
    let again = try FixedInterface(
      inputs: [fixed.stated["input"] ?? ""], sizes: [fixed.stated["size"] ?? ""])
    #expect(again == fixed)
  }

  @Test(arguments: [
    (["rates=1"], [], "it has 'x', 'rate'"), (["x=1"], [], "does not hold one number"),
    (["rate=0.5"], [], "of type int64"), (["rate=fast"], [], "NAME=NUMBER"), (["rate"], [], "NAME"),
    ([], ["C=1"], "there are 'T', 'batch'"), ([], ["T=0"], "N of 1 or more"),
  ])
  func mistakesAreNamed(_ inputs: [String], _ sizes: [String], _ words: String) throws {
    var graph = graph()
    let error = #expect(throws: ConversionError.self) {
      try graph.fix(FixedInterface(inputs: inputs, sizes: sizes))
    }
    guard case .usage(let message) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(message.contains(words), "\(message)")
  }
}
