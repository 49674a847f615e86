import EdgeSamples

/// The JSON lines of one input: one, or one a frame and a last one.
///
/// `--resume` recognises the input by a line's beginning and the model by the last one's end.
struct ResultLine {
  /// How a line that reports a failure goes on after its head.
  static let errorKey = "\"error\":"

  /// How the line of one frame of an input goes on after its head.
  static let frameKey = "\"frame\":"

  /// How the last line of every input ends, without the line feed.
  let end: String

  /// The lines of a model, given by `Engine.fingerprint`.
  init(model fingerprint: String) {
    end = ",\"model\":" + jsonText(fingerprint) + "}"
  }

  /// How every line of an input begins: `{"input":"a.wav",`, for a line of a text
  /// `{"input":"a.txt","line":3,"text":"...",`, for one in no file `{"text":"...",`.
  static func head(_ source: SampleSource) -> String {
    var head = "{"
    if !source.path.isEmpty { head += "\"input\":" + jsonText(source.path) + "," }
    if let line = source.line { head += "\"line\":" + String(line) + "," }
    if let text = source.text { head += "\"text\":" + jsonText(text) + "," }
    return head
  }

  func failure(_ input: SampleSource, _ message: String) -> String {
    Self.head(input) + Self.errorKey + jsonText(message) + end + "\n"
  }

  func success(
    _ input: SampleSource, _ body: String, _ report: Report, _ options: Options
  ) -> String {
    var line = Self.head(input) + body
    if report.exitTaken > 0 { line += ",\"exit\":" + String(report.exitTaken) }
    if report.blocksSkipped > 0 { line += ",\"skipped\":" + String(report.blocksSkipped) }
    if report.tokensKept > 0 { line += ",\"tokens\":" + String(report.tokensKept) }
    if options.budgetMilliseconds > 0 {
      line += ",\"budget_met\":" + (report.isBudgetMet ? "true" : "false")
    }
    return line + ",\"ms\":" + millisecondText(report.nanoseconds) + end + "\n"
  }

  /// The line of one frame of a sound; times are in seconds.
  static func frame(
    _ input: SampleSource, _ index: Int, _ frame: FrameStream.Frame, _ body: String,
    _ report: Report
  ) -> String {
    head(input) + frameKey + String(index) + ",\"start\":" + numberText(frame.start, digits: 9)
      + ",\"end\":" + numberText(frame.end, digits: 9) + "," + body + ",\"ms\":"
      + millisecondText(report.nanoseconds) + "}\n"
  }

  /// `"frames":937,"seconds":29.984,"segments":[{"start":0.32,"end":1.92}]`.
  static func stream(_ stream: FrameStream, segments: [Segment]?) -> String {
    let text =
      "\"frames\":" + String(stream.count) + ",\"seconds\":"
      + numberText(stream.seconds, digits: 9)
    guard let segments else { return text }
    var list = ""
    for segment in segments {
      list += (list.isEmpty ? "{\"start\":" : ",{\"start\":") + numberText(segment.start, digits: 9)
      list += ",\"end\":" + numberText(segment.end, digits: 9) + "}"
    }
    return text + ",\"segments\":[" + list + "]"
  }

  /// `"top":[{"label":"seven","index":7,"score":0.93}]`; the label is left out when the model has
  /// none.
  static func top(_ classes: [ScoredClass], labels: [String]) -> String {
    var text = "\"top\":["
    for (place, entry) in classes.enumerated() {
      text += (place > 0 ? ",{" : "{") + classText(entry.index, entry.score, labels) + "}"
    }
    return text + "]"
  }

  /// `"detections":[{"label":"dog","index":16,"score":0.93,"box":[12.5,40,200.25,180]}]`; left, top,
  /// right, bottom in pixels of the picture.
  static func detections(_ found: [Detection], labels: [String]) -> String {
    var text = "\"detections\":["
    for (place, entry) in found.enumerated() {
      text += place > 0 ? ",{" : "{"
      text += classText(entry.classIndex, entry.score, labels) + ",\"box\":["
      for (edge, value) in [entry.box.left, entry.box.top, entry.box.right, entry.box.bottom]
        .enumerated()
      {
        text += (edge > 0 ? "," : "") + numberText(value)
      }
      text += "]}"
    }
    return text + "]"
  }

  /// `"label":"dog","index":16,"score":0.93`.
  private static func classText(_ index: Int, _ score: Double, _ labels: [String]) -> String {
    let label = index < labels.count ? "\"label\":" + jsonText(labels[index]) + "," : ""
    return label + "\"index\":" + String(index) + ",\"score\":" + numberText(score, digits: 4)
  }

  /// `"points":5,"unlabelled":1,"classes":[{"label":"car","index":1,"points":4}]`, classes without
  /// points left out.
  static func points(_ classes: [Int?], labels: [String]) -> String {
    var counts: [Int] = []
    var unlabelled = 0
    for index in classes {
      guard let index else {
        unlabelled += 1
        continue
      }
      while counts.count <= index { counts.append(0) }
      counts[index] += 1
    }
    var list = ""
    for (index, count) in counts.enumerated() where count > 0 {
      list += list.isEmpty ? "{" : ",{"
      if index < labels.count { list += "\"label\":" + jsonText(labels[index]) + "," }
      list += "\"index\":" + String(index) + ",\"points\":" + String(count) + "}"
    }
    return "\"points\":" + String(classes.count) + ",\"unlabelled\":" + String(unlabelled)
      + ",\"classes\":[" + list + "]"
  }

  /// `"score":0.9375`.
  static func score(_ score: Double) -> String { "\"score\":" + numberText(score) }

  /// `"embedding":[0.0123,-0.5]`.
  static func embedding(_ vector: [Float]) -> String {
    var list = ""
    for value in vector { list += (list.isEmpty ? "" : ",") + numberText(Double(value)) }
    return "\"embedding\":[" + list + "]"
  }

  /// `"similarity":0.6659`.
  static func similarity(_ similarity: Double) -> String {
    "\"similarity\":" + numberText(similarity)
  }

  /// `"continuation":", there was","tokens":4`.
  static func continuation(_ outcome: TextContinuation.Outcome) -> String {
    "\"continuation\":" + jsonText(outcome.continuation) + ",\"tokens\":"
      + String(outcome.tokenCount)
  }

  /// `"outputs":[...]`, the shape, extremes and mean of every output.
  static func summaries(_ outputs: [ModelOutput]) -> String {
    var text = "\"outputs\":["
    for (index, output) in outputs.enumerated() { text += (index > 0 ? "," : "") + summary(output) }
    return text + "]"
  }

  /// `{"name":"boxes","shape":[1,4420,4],"min":-1.5,"max":2.25,"mean":0.1}`; NaN counts in none of
  /// the three.
  private static func summary(_ output: ModelOutput) -> String {
    var (least, greatest, sum, count) = (Double.infinity, -Double.infinity, 0.0, 0)
    for value in output.values where !value.isNaN {
      let wide = Double(value)
      least = wide < least ? wide : least
      greatest = wide > greatest ? wide : greatest
      sum += wide
      count += 1
    }
    return "{\"name\":" + jsonText(output.name) + ",\"shape\":" + Text.shape(output.shape)
      + ",\"min\":" + numberText(least) + ",\"max\":" + numberText(greatest)
      + ",\"mean\":" + numberText(sum / Double(count)) + "}"
  }
}

/// Nanoseconds as milliseconds with four significant digits, or all digits before the point.
func millisecondText(_ nanoseconds: UInt64) -> String {
  numberText(Double(nanoseconds) / 1e6, digits: nanoseconds < 1_000_000_000 ? 4 : 9)
}
