import Foundation

/// A plot of one number a node, as inline SVG.
struct LinePlot {
  /// Values by position; positions without one are left out.
  struct Series {
    var name: String
    var color: String
    /// Points are joined, or each is a dot.
    var isLine: Bool
    var values: [Double?]
  }

  var title: String
  var series: [Series]
  /// Names by position, shown for the point that the mouse is on.
  var labels: [String]

  private static let (width, height, left, bottom, top) = (900.0, 230.0, 70.0, 20.0, 12.0)

  /// The figure; nil with fewer than two points.
  var svg: String? {
    let known = series.flatMap(\.values).compactMap { $0 }.filter(\.isFinite)
    guard known.count > 1, let most = known.max(), let least = known.min() else { return nil }
    let low = Swift.min(least, 0)
    let step = LinePlot.step(most - low)
    let high = (most / step).rounded(.up) * step
    let base = (low / step).rounded(.down) * step
    func y(_ value: Double) -> Double {
      let part = (value - base) / Swift.max(high - base, step)
      return LinePlot.height - LinePlot.bottom - part
        * (LinePlot.height - LinePlot.bottom - LinePlot.top)
    }
    var lines: [String] = []
    for tick in stride(from: base, through: high + step / 2, by: step) {
      lines.append(
        "<line x1=\"\(LinePlot.left)\" x2=\"\(LinePlot.width)\" y1=\"\(text(y(tick)))\" y2=\"\(text(y(tick)))\" stroke=\"#e5e5e5\"/>"
          + "<text x=\"\(LinePlot.left - 6)\" y=\"\(text(y(tick) + 4))\" text-anchor=\"end\" fill=\"#555\">\(LinePlot.label(tick))</text>"
      )
    }
    for one in series { lines.append(marks(one, y)) }
    let legend = series.map {
      "<span style=\"color:\($0.color)\">\($0.isLine ? "━" : "●")</span> \(HTML.escaped($0.name))"
    }.joined(separator: "&ensp;")
    return """
      <figure><figcaption>\(HTML.escaped(title)): \(legend)</figcaption>
      <svg viewBox="0 0 \(Int(LinePlot.width)) \(Int(LinePlot.height))" role="img" aria-label="\(HTML.escaped(title))">
      \(lines.joined(separator: "\n"))</svg></figure>
      """
  }

  private func marks(_ one: Series, _ y: (Double) -> Double) -> String {
    let count = Swift.max(labels.count - 1, 1)
    let points = one.values.enumerated().compactMap { index, value in
      value.flatMap { $0.isFinite ? (index, $0) : nil }
    }
    func x(_ index: Int) -> Double {
      LinePlot.left + 8 + Double(index) / Double(count) * (LinePlot.width - LinePlot.left - 16)
    }
    let path = points.map { "\(text(x($0.0))),\(text(y($0.1)))" }.joined(separator: " ")
    let line =
      one.isLine
      ? "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(one.color)\" stroke-width=\"1.5\"/>"
      : ""
    return line
      + points.map { index, value in
        "<circle cx=\"\(text(x(index)))\" cy=\"\(text(y(value)))\" r=\"\(one.isLine ? 2 : 3)\" fill=\"\(one.color)\">"
          + "<title>\(HTML.escaped(labels[index])): \(HTML.number(value))</title></circle>"
      }.joined()
  }

  private func text(_ value: Double) -> String { String(format: "%.1f", value) }

  /// 1, 2 or 5 times a power of ten: four to eight of them span an extent.
  private static func step(_ extent: Double) -> Double {
    guard extent > 0 else { return 1 }
    let power = pow(10, log10(extent / 4).rounded(.down))
    return [5, 2, 1].map { $0 * power }.first { extent / $0 >= 4 } ?? power
  }

  private static func label(_ value: Double) -> String {
    switch abs(value) {
    case 1e6...: String(format: "%g M", value / 1e6)
    case 1e4...: String(format: "%g k", value / 1e3)
    default: String(format: "%g", value)
    }
  }
}
