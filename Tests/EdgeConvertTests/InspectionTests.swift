import EdgeFormat
import Testing

@testable import EdgeConvert

/// What `edgeconv inspect` reads back from a file just written.
@Suite struct InspectionTests {
  static func inspect(_ bytes: [UInt8]) throws -> Inspection {
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { storage.deallocate() }
    storage.copyBytes(from: bytes)
    return try Inspection(UnsafeRawBufferPointer(storage), name: "test.edge")
  }

  static func outcome() throws -> PlanFixture.Outcome {
    var f = PlanFixture()
    let n = Dimension(symbol: "N")
    let x = f.input("x", [n, Dimension(3), Dimension(6), Dimension(6)], sample: [2, 3, 6, 6])
    f.output(f.node("Conv", [x, f.weights([4, 3, 3, 3])]))
    return try f.run(.int8)
  }

  @Test func tellsWhatWasWritten() throws {
    let outcome = try Self.outcome()
    let inspection = try Self.inspect(outcome.file.bytes)
    #expect(inspection.digestMatches)
    #expect(inspection.arenaBytes == outcome.file.arenaBytes)
    #expect(inspection.nodes.map(\.operation) == outcome.file.nodes.map(\.operation))
    #expect(inspection.inputs.map { inspection.tensors[$0].name } == ["x"])
    #expect(inspection.inputs.map { inspection.tensors[$0].dims } == [[4, 3, 6, 6]])
    #expect(inspection.inputs.map { inspection.tensors[$0].dynamicAxes } == [[0]])
    #expect(inspection.symbols == ["N": 4])
    #expect(inspection.metadata == ["a": "1", "b": "2"])
    #expect(inspection.text.contains("digest   \(inspection.digest) matches"))
  }

  @Test func tellsThatTheDigestIsWrong() throws {
    var bytes = try Self.outcome().file.bytes
    bytes[Header.digestOffset] ^= 1
    let inspection = try Self.inspect(bytes)
    #expect(!inspection.digestMatches)
    #expect(inspection.text.contains("DOES NOT MATCH"))
  }

  @Test func refusesWhatIsNoFile() {
    #expect(throws: ConversionError.self) { try Self.inspect([UInt8](repeating: 7, count: 300)) }
    #expect(throws: ConversionError.self) { try Inspection(path: "/nonexistent.edge") }
  }
}
