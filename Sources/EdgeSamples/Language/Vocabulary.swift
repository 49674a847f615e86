/// Pieces of text and their numbers; looked up by binary search.
struct Vocabulary: Sendable {
  /// The bytes of every piece, by number.
  let pieces: [[UInt8]]
  private let order: [Int32]

  /// Numbers the pieces in their order; of equal ones the first is found.
  init(_ pieces: [[UInt8]]) {
    self.pieces = pieces
    order = (0..<Int32(pieces.count)).sorted {
      let order = Self.compare(pieces[Int($0)], pieces[Int($1)][...], after: [])
      return order == 0 ? $0 < $1 : order < 0
    }
  }

  /// The number of the piece `prefix + bytes`; nil when there is none.
  ///
  /// O(log n).
  func number(of bytes: ArraySlice<UInt8>, after prefix: [UInt8] = []) -> Int? {
    var (low, high) = (0, order.count)
    while low < high {
      let middle = low + (high - low) / 2
      if Self.compare(pieces[Int(order[middle])], bytes, after: prefix) < 0 {
        low = middle + 1
      } else {
        high = middle
      }
    }
    guard low < order.count else { return nil }
    let found = Int(order[low])
    return Self.compare(pieces[found], bytes, after: prefix) == 0 ? found : nil
  }

  /// Below, equal to or above 0 as `piece` stands before, at or after `prefix + bytes`.
  private static func compare(
    _ piece: [UInt8], _ bytes: ArraySlice<UInt8>, after prefix: [UInt8]
  ) -> Int {
    let count = prefix.count + bytes.count
    for index in 0..<min(piece.count, count) {
      let other =
        index < prefix.count ? prefix[index] : bytes[bytes.startIndex + index - prefix.count]
      if piece[index] != other { return Int(piece[index]) - Int(other) }
    }
    return piece.count - count
  }
}
