import Testing

@testable import EdgeConvert

@Suite struct CheckTests {
  @Test func everyObstacleIsListedAtOnce() throws {
    var fixture = PassFixture()
    let x = fixture.input([1, 2, 4, 4])
    let a = fixture.node("Nonsense", [x])
    let b = fixture.node("RandomNormalLike", [x])
    let c = fixture.node(
      "Upsample", [x, fixture.constant(reals([1, 1, 2, 2], shape: [4]))], opset: 17)
    fixture.graph.outputs = [a, b, c]
    let check = try Check(fixture.graph)
    #expect(check.obstacles.map(\.op) == ["Nonsense", "RandomNormalLike", "Upsample"])
    #expect(check.obstacles.allSatisfy { !$0.problem.isEmpty && !$0.remedy.isEmpty })
  }

  @Test func aSimpleModelIsReady() throws {
    var fixture = PassFixture()
    let x = fixture.input([1, 2, 4, 4])
    fixture.graph.outputs = [
      fixture.node("Relu", [fixture.node("Conv", [x, fixture.weights([3, 2, 3, 3])])])
    ]
    #expect(try Check(fixture.graph).isReady)
  }

  @Test func branchesOnDataAreRefused() throws {
    var fixture = PassFixture()
    let x = fixture.input([1])
    fixture.graph.outputs = [fixture.node("If", [x])]
    let obstacles = try Check(fixture.graph).obstacles
    #expect(obstacles.map(\.op) == ["If"])
  }
}
