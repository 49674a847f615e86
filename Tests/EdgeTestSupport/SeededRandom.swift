/// SplitMix64: the same numbers from the same seed, everywhere.
public struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  /// A sequence of its own for every seed.
  public init(_ seed: Int) {
    state = UInt64(bitPattern: Int64(seed))
    // Neighbouring seeds would give the same sequence, shifted, without this.
    state = next()
  }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A whole number of a range.
  public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  /// True once in `of` times.
  public mutating func chance(_ of: Int = 2) -> Bool { int(1...of) == 1 }

  /// int8 values over the whole range.
  public mutating func int8(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(truncatingIfNeeded: next()) }
  }

  /// Multiples of 1/64 in -4...4: ordinary values, with ties for what rounds.
  public mutating func floats(_ count: Int, in range: ClosedRange<Int> = -256...256) -> [Float] {
    (0..<count).map { _ in Float(int(range)) / 64 }
  }

  /// Values that are no short binary fractions.
  public mutating func reals(_ count: Int, in range: ClosedRange<Float> = -4...4) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  /// `rank` sizes of 1 to `most`.
  public mutating func shape(rank: Int, most: Int) -> [Int] {
    (0..<rank).map { _ in int(1...most) }
  }
}
