import Testing

@testable import EdgeSamples

/// A WAVE file: header of the given format, an odd-sized foreign chunk, the data.
func wave(tag: Int, channels: Int, rate: Int, bits: Int, data: [UInt8], isExtensible: Bool = false)
  -> [UInt8]
{
  let frame = channels * bits / 8
  var format =
    little(UInt16(isExtensible ? 0xFFFE : tag)) + little(UInt16(channels)) + little(UInt32(rate))
    + little(UInt32(rate * frame)) + little(UInt16(frame)) + little(UInt16(bits))
  if isExtensible {
    format += little(UInt16(22)) + little(UInt16(bits)) + little(UInt32(0)) + little(UInt16(tag))
    format += [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]
  }
  let chunks: [UInt8] =
    [UInt8]("fmt ".utf8) + little(UInt32(format.count)) + format
    + [UInt8]("LIST".utf8) + little(UInt32(3)) + [1, 2, 3, 0]
    + [UInt8]("data".utf8) + little(UInt32(data.count)) + data
  return [UInt8]("RIFF".utf8) + little(UInt32(4 + chunks.count)) + [UInt8]("WAVE".utf8) + chunks
}

@Suite struct WaveformTests {
  /// -1, -0.5, 0, 0.5 in every format.
  static let halves: [(tag: Int, bits: Int, data: [UInt8])] = [
    (1, 8, [0, 64, 128, 192]),
    (1, 16, [-32_768, -16_384, 0, 16_384].flatMap { little(Int16($0)) }),
    (
      1, 24,
      [-8_388_608, -4_194_304, 0, 4_194_304].flatMap { [UInt8](little(Int32($0)).prefix(3)) }
    ),
    (1, 32, [-2_147_483_648, -1_073_741_824, 0, 1_073_741_824].flatMap { little(Int32($0)) }),
    (3, 32, [-1, -0.5, 0, 0.5].flatMap { little(Float($0).bitPattern) }),
  ]

  @Test(arguments: halves.indices, [false, true])
  func formatsAreScaledToOne(index: Int, isExtensible: Bool) throws {
    let format = Self.halves[index]
    let bytes = wave(
      tag: format.tag, channels: 1, rate: 8_000, bits: format.bits, data: format.data,
      isExtensible: isExtensible)
    let sound = try withFile("a.wav", bytes) { try Waveform.read($0) }
    #expect(sound.rate == 8_000)
    #expect(sound.samples == [-1, -0.5, 0, 0.5])
  }

  @Test func channelsAreAveraged() throws {
    let data = [16_384, -16_384, 16_384, 0].flatMap { little(Int16($0)) }
    let bytes = wave(tag: 1, channels: 2, rate: 8_000, bits: 16, data: data)
    #expect(try withFile("a.wav", bytes) { try Waveform.read($0) }.samples == [0, 0.25])
  }

  @Test func everyTruncationIsAnError() throws {
    let data = [1, 2, 3, 4].flatMap { little(Int16($0)) }
    let bytes = wave(tag: 1, channels: 1, rate: 8_000, bits: 16, data: data)
    for length in 0..<bytes.count {
      let message = try withFile("a.wav", [UInt8](bytes.prefix(length))) { path in
        failure { try Waveform.read(path) }
      }
      #expect(message != nil, "cut to \(length) bytes")
    }
  }

  @Test func unknownFormatsNameTheRemedy() throws {
    let bytes = wave(tag: 6, channels: 1, rate: 8_000, bits: 8, data: [0])
    let message = try withFile("a.wav", bytes) { path in failure { try Waveform.read(path) } }
    #expect(message?.contains("WAVE format 6") == true)
    #expect(message?.contains("sox") == true)
  }
}
