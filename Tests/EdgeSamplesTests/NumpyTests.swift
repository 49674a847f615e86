import EdgeFormat
import Testing

@testable import EdgeSamples

/// A version 1 `.npy` file.
func npy(_ type: String, _ shape: String, _ data: [UInt8], isFortran: Bool = false) -> [UInt8] {
  var header =
    "{'descr': '\(type)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': \(shape), }"
  while (header.utf8.count + 11) % 64 != 0 { header += " " }
  header += "\n"
  return [0x93] + [UInt8]("NUMPY".utf8) + [1, 0] + little(UInt16(header.utf8.count))
    + [UInt8](header.utf8) + data
}

@Suite struct NumpyTests {
  static let types: [(String, ElementType, [UInt8])] = [
    ("<f4", .float32, [1, -2].flatMap { little(Float($0).bitPattern) }),
    ("<f2", .float16, [0x00, 0x3C, 0x00, 0xC0]), ("|i1", .int8, [1, 254]), ("|u1", .uint8, [1, 2]),
    ("<i2", .int16, [1, -2].flatMap { little(Int16($0)) }),
    ("<i4", .int32, [1, -2].flatMap { little(Int32($0)) }),
    ("<i8", .int64, [1, -2].flatMap { little(Int64($0)) }), ("|b1", .bool, [1, 0]),
  ]

  @Test(arguments: types.indices) func elementTypesKeepTheirBytes(index: Int) throws {
    let (name, type, data) = Self.types[index]
    let tensor = try withFile("a.npy", npy(name, "(2,)", data)) { try NumpyArray.read($0) }
    #expect(tensor.elementType == type)
    #expect(tensor.shape == [2])
    #expect(tensor.bytes == data)
  }

  @Test func doublesAreRoundedToFloat() throws {
    let data = [0.1, -2].flatMap { little($0.bitPattern) }
    let tensor = try withFile("a.npy", npy("<f8", "(2, 1)", data)) { try NumpyArray.read($0) }
    #expect(tensor.floats == [0.1, -2])
    #expect(tensor.shape == [2, 1])
  }

  @Test func columnOrderBecomesRowOrder() throws {
    let bytes = npy("|u1", "(2, 3)", [0, 3, 1, 4, 2, 5], isFortran: true)
    #expect(try withFile("a.npy", bytes) { try NumpyArray.read($0) }.bytes == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [">f4", "<u4", "<c8", "|O", "", "<f4 "])
  func otherTypesAreRefused(type: String) throws {
    let message = try withFile("a.npy", npy(type, "(1,)", [0, 0, 0, 0])) { path in
      failure { try NumpyArray.read(path) }
    }
    #expect(message?.contains("'\(type)'") == true)
  }

  @Test(arguments: [
    "(3,)", "(1, 1)", "(4611686018427387904, 4)", "(99999999999999999999,)", "(-1,)", "2", "(2", "",
  ])
  func shapesThatDoNotFitTheDataAreRefused(shape: String) throws {
    let message = try withFile("a.npy", npy("|u1", shape, [1, 2])) { path in
      failure { try NumpyArray.read(path) }
    }
    #expect(message != nil)
  }

  @Test(arguments: [Archives.stored, Archives.deflated])
  func archivesGiveTheirArrays(text: String) throws {
    let arrays = try withFile("a.npz", text.base64Bytes) { try NumpyArchive.read($0) }
    #expect(arrays.first?.name == "x")
    #expect(arrays.first?.tensor.shape == [2, 3])
    #expect(arrays.first?.tensor.floats == [0, 1, 2, 3, 4, 5])
  }

  @Test(arguments: [Archives.stored, Archives.deflated])
  func everyTruncatedArchiveIsAnError(text: String) throws {
    let bytes = text.base64Bytes
    for length in 0..<bytes.count {
      let message = try withFile("a.npz", [UInt8](bytes.prefix(length))) { path in
        failure { try NumpyArchive.read(path) }
      }
      #expect(message != nil, "cut to \(length) bytes")
    }
  }

  @Test(arguments: [Archives.stored, Archives.deflated])
  func noFlippedByteCrashesOrChangesValues(text: String) throws {
    let bytes = text.base64Bytes
    for position in bytes.indices {
      var damaged = bytes
      damaged[position] ^= 0xFF
      try withFile("a.npz", damaged) { path in
        guard let arrays = try? NumpyArchive.read(path) else { return }
        for array in arrays where array.name == "x" {
          #expect(array.tensor.floats == [0, 1, 2, 3, 4, 5], "byte \(position)")
        }
      }
    }
  }
}
