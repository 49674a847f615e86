import Foundation
import Testing

@testable import EdgeSamples

@Suite struct MetadataTests {
  private static let document = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../docs/pipelines.md")

  @Test func everyKeyIsDocumentedAndNoOther() throws {
    let text = try String(contentsOf: Self.document, encoding: .utf8)
    let marked = text.split(separator: "`").map(String.init)
    for key in MetadataKey.all { #expect(marked.contains(key), "\(key)") }
    let groups = Set(MetadataKey.all.compactMap { $0.split(separator: ".").first.map(String.init) })
    for word in marked
    where word.wholeMatch(of: /[a-z-]+\.[a-z]+/) != nil && !word.hasSuffix(".json") {
      let group = word.split(separator: ".").first.map(String.init) ?? ""
      #expect(!groups.contains(group) || MetadataKey.all.contains(word), "\(word)")
    }
  }

  @Test func listsOfListsAreRead() throws {
    let reader = MetadataReader { $0 == "a" ? "1,2.5;3" : nil }
    #expect(try reader.numberLists("a") == [[1, 2.5], [3]])
    #expect(try reader.numberLists("b") == [])
    #expect(failure { try MetadataReader { _ in "1;;2" }.numberLists("a") } != nil)
  }
}
