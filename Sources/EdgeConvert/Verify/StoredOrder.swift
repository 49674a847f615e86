/// Finds how the runtime orders the axes of a value that it stores, by comparing contents.
enum StoredOrder {
  /// For each stored element, the position of the same element in the value's own order; one list
  /// for every order of the axes that has the stored sizes.
  static func candidates(stored: [Int], shape: [Int]) -> [[Int]] {
    guard stored.count == shape.count, stored.count <= 5 else { return [] }
    let orders = permutations(shape.count).filter { order in order.map { shape[$0] } == stored }
    return orders.map { gather($0, shape) }
  }

  private static func permutations(_ count: Int) -> [[Int]] {
    guard count > 0 else { return [[]] }
    return permutations(count - 1).flatMap { shorter in
      (0...shorter.count).map { place in
        var longer = shorter
        longer.insert(count - 1, at: place)
        return longer
      }
    }
  }

  private static func gather(_ order: [Int], _ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    var positions = [0]
    for axis in order {
      positions = positions.flatMap { base in (0..<shape[axis]).map { base + $0 * strides[axis] } }
    }
    return positions
  }
}
