import EdgeFormat

/// The order of a tensor's rows, compared element by element; equal rows in the order of their
/// indices.
///
/// NaN is above every number and equal to NaN; zeros of either sign are equal.
struct RowOrder {
  private let view: TensorView
  /// First element of row 0.
  private let base: Int
  /// Elements of a row.
  private let length: Int
  private let isDescending: Bool

  /// - Parameters:
  ///   - view: of any type but float16.
  ///   - base: first element of row 0.
  ///   - length: elements of a row; rows follow each other.
  ///   - isDescending: whether larger rows come first.
  init(_ view: TensorView, base: Int = 0, length: Int = 1, isDescending: Bool = false) {
    self.view = view
    self.base = base
    self.length = length
    self.isDescending = isDescending
  }

  /// Whether row a comes before row b.
  @inline(never)
  func isBefore(_ a: Int, _ b: Int) -> Bool {
    let order = compare(a, b)
    return order == 0 ? a < b : (order < 0) != isDescending
  }

  /// Below 0, 0 or above 0: row a is smaller than, equal to or larger than row b.
  @inline(never)
  func compare(_ a: Int, _ b: Int) -> Int {
    for i in 0..<length {
      let x = key(base &+ a &* length &+ i), y = key(base &+ b &* length &+ i)
      if x != y { return x < y ? -1 : 1 }
    }
    return 0
  }

  /// An integer in the order of the elements.
  @inline(never)
  private func key(_ i: Int) -> Int64 {
    switch view.type {
    case .float32:
      let value = view.float[i]
      if value.isNaN { return Int64.max }
      let magnitude = Int64(value.magnitude.bitPattern)
      return value < 0 ? 0 &- magnitude : magnitude
    case .int8: return Int64(view.int8[i])
    case .uint8, .bool: return Int64(UInt8(bitPattern: view.int8[i]))
    case .int16, .float16:
      return Int64(view.data.load(fromByteOffset: i &* 2, as: Int16.self))
    case .int32: return Int64(view.int32[i])
    case .int64: return view.int64[i]
    }
  }
}

/// Indices of rows as a binary heap, for partial selection and sorting without allocation.
struct IndexHeap {
  /// The heap; popped indices lie behind it.
  let items: UnsafeMutablePointer<Int32>
  private(set) var count = 0
  private let order: RowOrder
  /// Whether the root is the row that comes last, rather than first.
  private let isReversed: Bool

  /// An empty heap.
  /// - Parameters:
  ///   - items: room for as many indices as are added.
  ///   - order: of the rows.
  ///   - isReversed: whether the root is the row that comes last.
  init(_ items: UnsafeMutablePointer<Int32>, order: RowOrder, isReversed: Bool) {
    self.items = items
    self.order = order
    self.isReversed = isReversed
  }

  /// Adds an index below those whose rows are nearer to the root.
  @inline(never)
  mutating func add(_ index: Int) {
    var place = count
    count &+= 1
    while place > 0 {
      let parent = (place &- 1) / 2
      guard isAbove(index, Int(items[parent])) else { break }
      items[place] = items[parent]
      place = parent
    }
    items[place] = Int32(truncatingIfNeeded: index)
  }

  /// Takes the root out, to the place behind the heap, and returns it.
  mutating func pop() -> Int {
    let root = items[0]
    count &-= 1
    let last = items[count]
    items[count] = root
    sift(Int(last))
    return Int(root)
  }

  /// Adds an index, of a reversed heap, in place of the root when it comes before that.
  mutating func replaceRoot(_ index: Int) {
    if order.isBefore(index, Int(items[0])) { sift(index) }
  }

  /// Puts all indices, of a reversed heap, in order.
  mutating func sort() {
    while count > 0 { _ = pop() }
  }

  /// Puts an index in place of the root, and lets it sink.
  @inline(never)
  private func sift(_ index: Int) {
    var place = 0
    while true {
      var child = 2 &* place &+ 1
      guard child < count else { break }
      if child &+ 1 < count, isAbove(Int(items[child &+ 1]), Int(items[child])) { child &+= 1 }
      guard isAbove(Int(items[child]), index) else { break }
      items[place] = items[child]
      place = child
    }
    if count > 0 { items[place] = Int32(truncatingIfNeeded: index) }
  }

  private func isAbove(_ a: Int, _ b: Int) -> Bool {
    isReversed ? order.isBefore(b, a) : order.isBefore(a, b)
  }
}
