extension Window3 {
  /// The window is one element at every input element.
  var isPointwise: Bool {
    kernelCount == 1 && strides.allSatisfy { $0 == 1 } && before.allSatisfy { $0 == 0 }
      && input == output
  }

  /// Visits every (tap, output line) pair whose taps read inside the input.
  ///
  /// The body gets the tap's index, the output line's index, the shift of the source along the last
  /// axis, the outputs of the line that lie inside, and the offset of the source line: output `i`
  /// reads `sourceLine + start + i * stride`.
  @inline(__always)
  func forEachLine(
    lines: Range<Int>? = nil,
    _ body: (_ tap: Int, _ line: Int, _ start: Int, _ range: Range<Int>, _ sourceLine: Int) -> Void
  ) {
    let ranges = (0..<kernel[2]).map { insideRange(tap: $0) }
    for line in lines ?? 0..<(output[0] * output[1]) {
      let (depth, row) = (line / output[1], line % output[1])
      for kd in 0..<kernel[0] {
        let z = depth * strides[0] + kd * dilations[0] - before[0]
        if z < 0 || z >= input[0] { continue }
        for kh in 0..<kernel[1] {
          let y = row * strides[1] + kh * dilations[1] - before[1]
          if y < 0 || y >= input[1] { continue }
          for kw in 0..<kernel[2] where !ranges[kw].isEmpty {
            let tap = (kd * kernel[1] + kh) * kernel[2] + kw
            body(
              tap, line, kw * dilations[2] - before[2], ranges[kw], (z * input[1] + y) * input[2])
          }
        }
      }
    }
  }

  /// Writes the matrix `[channels * taps, lines * output width]` of what the window sees (im2col);
  /// zero outside.
  func unfold(
    _ source: UnsafePointer<Float>, channels: Int, lines: Range<Int>,
    into columns: UnsafeMutablePointer<Float>
  ) {
    let width = output[2]
    let columnCount = lines.count * width
    columns.update(repeating: 0, count: channels * kernelCount * columnCount)
    forEachLine(lines: lines) { tap, line, start, range, sourceLine in
      for channel in 0..<channels {
        let from = source + channel * inputCount + sourceLine + start
        let to =
          columns + (channel * kernelCount + tap) * columnCount + (line - lines.lowerBound) * width
        if strides[2] == 1 {
          for i in range { to[i] = from[i] }
        } else {
          for i in range { to[i] = from[i &* strides[2]] }
        }
      }
    }
  }

  /// Adds the matrix that `unfold` would write back onto its source (col2im).
  func fold(
    _ columns: UnsafePointer<Float>, channels: Int, into target: UnsafeMutablePointer<Float>
  ) {
    let width = output[2]
    let columnCount = outputCount
    forEachLine { tap, line, start, range, sourceLine in
      for channel in 0..<channels {
        let to = target + channel * inputCount + sourceLine + start
        let from = columns + (channel * kernelCount + tap) * columnCount + line * width
        for i in range { to[i &* strides[2]] += from[i] }
      }
    }
  }
}
