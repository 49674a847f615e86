import Foundation
import Testing

@testable import EdgeConvert

@Suite(.serialized) struct AtomicFileTests {
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "edgeconv-file-\(UInt64.random(in: 0...UInt64.max))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func replacesAFileWhole() throws {
    try withFolder { folder in
      let path = folder + "/m.edge"
      try AtomicFile.write([1, 2, 3], to: path)
      try AtomicFile.write([4], to: path)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([4]))
      #expect(try files(folder) == ["m.edge"])
    }
  }

  @Test func aFullDiskLeavesWhatWasThere() throws {
    try withFolder { folder in
      let path = folder + "/m.edge"
      try AtomicFile.write([7], to: path)
      var old = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old)
      var small = rlimit(rlim_cur: 64 << 20, rlim_max: old.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
      defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &old) }
      #expect {
        try AtomicFile.write([UInt8](repeating: 1, count: (64 << 20) + 1), to: path)
      } throws: { error in
        guard case ConversionError.usage(let text) = error else { return false }
        return text.contains(path) && text.contains("free some space")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([7]))
      #expect(try files(folder) == ["m.edge"])
    }
  }

  @Test func aMissingFolderIsNamed() {
    #expect {
      try AtomicFile.write([1], to: "/nonexistent/folder/m.edge")
    } throws: { error in
      guard case ConversionError.usage(let text) = error else { return false }
      return text.contains("/nonexistent/folder/m.edge")
        && text.contains("create '/nonexistent/folder'")
    }
  }
}
