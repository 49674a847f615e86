import EdgeConvert
import Foundation

/// A line on stderr that shows how far a long step is; silent when stderr is no terminal.
final class ProgressBar {
  private let title: String
  private let total: Int
  private let isVisible: Bool
  private let start = Date()
  private var isFinished = false
  private var shown = Date.distantPast

  init(_ title: String, total: Int) {
    self.title = title
    self.total = total
    isVisible = isatty(STDERR_FILENO) == 1 && total > 1
  }

  /// Shows that `done` samples are done; at most ten times a second.
  func update(_ done: Int) {
    guard isVisible, done == total || Date().timeIntervalSince(shown) > 0.1 else { return }
    shown = Date()
    let elapsed = shown.timeIntervalSince(start)
    let width = 30
    let filled = width * done / max(total, 1)
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
    var line = "\r\(title) [\(bar)] \(done)/\(total)  \(ProgressBar.time(elapsed))"
    if done > 0, done < total {
      line += ", \(ProgressBar.time(elapsed / Double(done) * Double(total - done))) left"
    }
    FileHandle.standardError.write(Data((line + "\u{1B}[K").utf8))
    if done == total { finish() }
  }

  /// Runs something that reports steps, from any thread, with one bar a step.
  static func following<Result>(
    _ body: (@escaping (Conversion.Step, Int, Int) -> Void) throws -> Result
  ) throws -> Result {
    var bars: [Conversion.Step: ProgressBar] = [:]
    let lock = NSLock()
    defer { for bar in bars.values { bar.finish() } }
    return try body { step, done, total in
      lock.withLock {
        // A step that is taken again has a line of its own.
        let bar = bars[step].flatMap { $0.isFinished ? nil : $0 }
        let shown = bar ?? ProgressBar(step.rawValue, total: total)
        bars[step] = shown
        shown.update(done)
      }
    }
  }

  /// Ends the line, once.
  func finish() {
    guard isVisible, !isFinished else { return }
    isFinished = true
    FileHandle.standardError.write(Data("\n".utf8))
  }

  private static func time(_ seconds: TimeInterval) -> String {
    let whole = Int(seconds)
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
