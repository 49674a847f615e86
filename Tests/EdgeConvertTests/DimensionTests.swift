import Testing

@testable import EdgeConvert

@Suite struct DimensionTests {
  @Test func quotientsOfEqualSizesCancel() {
    let n = Dimension(symbol: "N")
    #expect(n * Dimension(6) / Dimension(3) == n * Dimension(2))
    #expect((n * Dimension(6)).evaluated(["N": 4]) == 24)
    #expect((n / Dimension(2)).evaluated(["N": 5]) == 2)
  }
}
