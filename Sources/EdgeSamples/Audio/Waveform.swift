/// Sound as one channel of samples in -1...1.
public struct Waveform: Sendable {
  /// Samples per second.
  public let rate: Int
  /// The samples; several channels in the file are averaged.
  public let samples: [Float]

  /// Creates a waveform from its samples.
  public init(rate: Int, samples: [Float]) {
    self.rate = rate
    self.samples = samples
  }

  /// Reads a RIFF WAVE file.
  ///
  /// PCM of 8 (unsigned), 16, 24 and 32 bits is divided by 2^(bits-1); 32-bit float is taken as it
  /// is; the extensible header is understood. Several channels are mixed down to their mean. A data
  /// chunk whose size is a streaming placeholder (0x7FFF0000 or more) reaches to the end of the
  /// file; one that ends before its stated size is an error.
  public static func read(_ path: String) throws(SampleError) -> Waveform {
    try withFileBytes(path) { (bytes) throws(SampleError) in
      try WaveParser(path: path, bytes: bytes).parse()
    }
  }
}

/// Walks the chunks of a RIFF file.
private struct WaveParser {
  let path: String
  let bytes: ByteView

  private struct Format {
    let tag: Int
    let channels: Int
    let rate: Int
    let bits: Int
  }

  private func fail(_ reason: String) -> SampleError {
    SampleError(path + ": " + reason)
  }

  func parse() throws(SampleError) -> Waveform {
    guard bytes.hasText("RIFF", at: 0), bytes.hasText("WAVE", at: 8) else {
      throw fail("is not a WAVE file: convert it, for example with `sox " + path + " out.wav`")
    }
    var format: Format? = nil
    var offset = 12
    while let size = bytes.u32(at: offset + 4) {
      let body = offset + 8
      if bytes.hasText("fmt ", at: offset) {
        format = try readFormat(at: body, size: size)
      } else if bytes.hasText("data", at: offset) {
        guard let format else { throw fail("has its data chunk before its format chunk") }
        let available = bytes.count - body
        let isStreamed = size >= 0x7FFF_0000
        guard let data = bytes.slice(body, isStreamed ? available : size) else {
          throw fail(
            "is cut off: it holds " + String(available) + " of " + String(size)
              + " bytes of sound: copy or record it again")
        }
        return try decode(data, format)
      }
      offset = body + size + (size & 1)
    }
    throw fail("has no sound data; the file is cut off or empty")
  }

  private func readFormat(at offset: Int, size: Int) throws(SampleError) -> Format {
    guard size >= 16, var tag = bytes.u16(at: offset), let channels = bytes.u16(at: offset + 2),
      let rate = bytes.u32(at: offset + 4), let bits = bytes.u16(at: offset + 14)
    else { throw fail("has a damaged format chunk") }
    if tag == 0xFFFE, size >= 26, let subformat = bytes.u16(at: offset + 24) {
      tag = subformat
    }
    guard channels > 0, rate > 0 else { throw fail("has a damaged format chunk") }
    let isPCM = tag == 1 && (bits == 8 || bits == 16 || bits == 24 || bits == 32)
    guard isPCM || (tag == 3 && bits == 32) else {
      throw fail(
        "uses WAVE format " + String(tag) + " with " + String(bits)
          + " bits; PCM of 8, 16, 24 or 32 bits and 32-bit float are read: convert it, for example with `sox "
          + path + " -b 16 -e signed out.wav`")
    }
    return Format(tag: tag, channels: channels, rate: rate, bits: bits)
  }

  private func decode(_ data: ByteView, _ format: Format) throws(SampleError) -> Waveform {
    let width = format.bits / 8
    let frames = data.count / (width * format.channels)
    var samples: [Float] = []
    samples.reserveCapacity(frames)
    let share = 1 / Float(format.channels)
    for frame in 0..<frames {
      var sum: Float = 0
      for channel in 0..<format.channels {
        let offset = (frame * format.channels + channel) * width
        guard let raw = data.unsigned(at: offset, length: width) else {
          throw fail("has a damaged data chunk")
        }
        sum += value(raw, format)
      }
      samples.append(format.channels == 1 ? sum : sum * share)
    }
    return Waveform(rate: format.rate, samples: samples)
  }

  private func value(_ raw: UInt64, _ format: Format) -> Float {
    if format.tag == 3 { return Float(bitPattern: UInt32(truncatingIfNeeded: raw)) }
    if format.bits == 8 { return (Float(raw) - 128) / 128 }
    let shift = UInt64(64 - format.bits)
    let signed = Int64(bitPattern: raw << shift) >> Int64(shift)
    return Float(signed) / Float(Int64(1) << Int64(format.bits - 1))
  }
}
