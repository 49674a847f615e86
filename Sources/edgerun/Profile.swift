import EdgeSamples

/// Times of the nodes of a run, as text and as JSON.
struct Profile {
  /// One line: a node, or all nodes of an operator in one element type.
  private struct Row {
    var label: String
    var op: String
    var kernel: String
    var type: String
    var microseconds: Double
    var multiplyAccumulates: Int
    var bytes: Int
    var nodes = 1
  }

  private let rows: [Row]
  private let total: Double

  /// - Parameters:
  ///   - times: every node's, in order.
  ///   - works: what each computes; empty when it is not known.
  init(_ times: [NodeTime], _ works: [NodeWork]) {
    rows = times.indices.map { index in
      let time = times[index]
      let work = works.count == times.count ? works[index] : nil
      return Row(
        label: time.name, op: time.op, kernel: time.kernel, type: work?.elementType?.name ?? "",
        microseconds: Double(time.nanoseconds) / Double(max(time.calls, 1)) / 1e3,
        multiplyAccumulates: work?.multiplyAccumulates ?? 0, bytes: work?.bytes ?? 0)
    }
    total = rows.reduce(0) { $0 + $1.microseconds }
  }

  var isEmpty: Bool { rows.isEmpty }

  /// Nodes, slowest first, then operators, slowest first.
  var text: String {
    guard !rows.isEmpty else { return "" }
    let nodes = rows.sorted { $0.microseconds > $1.microseconds }
    let width = 2 + rows.reduce(30) { max($0, $1.label.utf8.count) }
    var text = "\n" + heading + "  " + padded("node", width) + padded("operator", 16) + "kernel\n"
    for row in nodes {
      text += figures(row) + "  " + padded(row.label, width) + padded(row.op, 16) + row.kernel
      text += "\n"
    }
    text += "\n" + heading + "  operator, nodes\n"
    for row in operators {
      text += figures(row) + "  " + padded(row.op, 16) + String(row.nodes) + "\n"
    }
    return text
  }

  /// Members "nodes" and "operators".
  var json: String {
    var text = "\"nodes\":["
    for (index, row) in rows.enumerated() {
      text += (index > 0 ? ",{" : "{") + "\"name\":" + jsonText(row.label)
      text += ",\"op\":" + jsonText(row.op) + ",\"kernel\":" + jsonText(row.kernel)
      text += members(row) + "}"
    }
    text += "],\"operators\":["
    for (index, row) in operators.enumerated() {
      text += (index > 0 ? ",{" : "{") + "\"op\":" + jsonText(row.op)
      text += ",\"nodes\":" + String(row.nodes) + members(row) + "}"
    }
    return text + "]"
  }

  /// Sums over the nodes of one operator and element type, slowest first.
  private var operators: [Row] {
    var sums: [Row] = []
    for row in rows {
      let known = sums.firstIndex {
        Text.equal($0.op, row.op) && Text.equal($0.type, row.type)
      }
      guard let known else {
        sums.append(row)
        continue
      }
      sums[known].microseconds += row.microseconds
      sums[known].multiplyAccumulates += row.multiplyAccumulates
      sums[known].bytes += row.bytes
      sums[known].nodes += 1
    }
    return sums.sorted { $0.microseconds > $1.microseconds }
  }

  private var heading: String {
    rightAligned("us", 10) + rightAligned("%", 7) + rightAligned("GMAC/s", 9)
      + rightAligned("GB/s", 8) + "  " + padded("type", 9)
  }

  private func figures(_ row: Row) -> String {
    rightAligned(numberText(row.microseconds, digits: 4), 10)
      + rightAligned(numberText(share(row), digits: 3), 7)
      + rightAligned(rate(row.multiplyAccumulates, row), 9)
      + rightAligned(row.multiplyAccumulates > 0 ? "" : rate(row.bytes, row), 8)
      + "  " + padded(row.type, 9)
  }

  private func members(_ row: Row) -> String {
    var text = ",\"type\":" + jsonText(row.type)
    text += ",\"ms\":" + numberText(row.microseconds / 1e3)
    text += ",\"share\":" + numberText(share(row) / 100)
    text += ",\"macs\":" + String(row.multiplyAccumulates)
    return text + ",\"bytes\":" + String(row.bytes)
  }

  /// Percent of the time of all nodes.
  private func share(_ row: Row) -> Double {
    total > 0 ? 100 * row.microseconds / total : 0
  }

  /// Billions a second; nothing for no work or no time.
  private func rate(_ count: Int, _ row: Row) -> String {
    count > 0 && row.microseconds > 0
      ? numberText(Double(count) / row.microseconds / 1e3, digits: 3) : ""
  }
}
