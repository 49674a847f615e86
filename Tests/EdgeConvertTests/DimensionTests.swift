import Testing

@testable import EdgeConvert

@Suite struct DimensionTests {
  @Test func quotientsOfEqualSizesCancel() {
    let n = Dimension(symbol: "N")
    #expect(n * Dimension(6) / Dimension(3) == n * Dimension(2))
    #expect((n * Dimension(6)).evaluated(["N": 4]) == 24)
    #expect((n / Dimension(2)).evaluated(["N": 5]) == 2)
  }

  @Test func orderOfOperandsDoesNotMatter() {
    let (a, b) = (Dimension(symbol: "a"), Dimension(symbol: "b"))
    #expect(a * b == b * a)
    #expect((a + b) * (a - b) == a * a - b * b)
    #expect(Dimension.max(a, b) == Dimension.max(b, a))
    let formula = Dimension(symbol: "max(a,b)")
    #expect(formula * Dimension.max(a, b) == Dimension.max(a, b) * formula)
  }

  @Test func hugeSizesSaturate() {
    let huge = Dimension(1 << 61)
    #expect((huge * huge).constant == 1 << 62)
    #expect((huge * Dimension(-8)).constant == -(1 << 62))
    #expect(((huge * huge) + (huge * huge)).constant == 1 << 62)
  }

  @Test func floorRoundsDown() {
    #expect((Dimension(-7) / Dimension(2)).constant == -4)
    #expect(((Dimension(symbol: "N") - Dimension(3)) / Dimension(2)).evaluated(["N": 8]) == 2)
  }

  @Test func whatNodesFindHasItsBoundUntilItIsGiven() {
    let rows = Dimension(found: "rows", bound: Dimension(symbol: "N") * Dimension(2))
    #expect(rows.evaluated(["N": 4]) == 8)
    #expect((rows + Dimension(1)).evaluated(["N": 4, "rows": 3]) == 4)
    #expect(rows.foundName == "rows" && rows.constant == nil && rows.symbolName == nil)
  }
}
