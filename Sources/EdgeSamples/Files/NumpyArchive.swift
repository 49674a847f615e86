import CEdgeMedia

/// A tensor and its name in an archive.
public struct NamedTensor: Sendable {
  /// The array's name, without `.npy`.
  public let name: String
  /// The array.
  public let tensor: SampleTensor
}

/// Reads NumPy's `.npz` format: a ZIP file of `.npy` members, stored or deflated, below 4 GiB.
public enum NumpyArchive {
  /// Arrays larger than this are refused.
  private static let maximumMemberBytes = 1 << 30

  /// Reads every array of the archive, in the order of its directory.
  public static func read(_ path: String) throws(SampleError) -> [NamedTensor] {
    try withFileBytes(path) { (bytes) throws(SampleError) in
      var arrays: [NamedTensor] = []
      for member in try members(path, bytes) {
        guard case .array? = SampleKind(path: member.name) else { continue }
        let data = try contents(path, bytes, member)
        let label = path + ", array '" + member.arrayName + "'"
        let tensor = try data.withView { (view) throws(SampleError) in
          try NumpyArray.parse(view, name: label)
        }
        arrays.append(NamedTensor(name: member.arrayName, tensor: tensor))
      }
      return arrays
    }
  }

  private struct Member {
    let name: String
    let method: Int
    let isEncrypted: Bool
    let checksum: Int
    let storedBytes: Int
    let bytes: Int
    let headerOffset: Int

    var arrayName: String { Text.string([UInt8](name.utf8.dropLast(4))) }
  }

  private static func damaged(_ path: String) -> SampleError {
    SampleError(path + ": is not a complete .npz file: copy it again, or write it with numpy.savez")
  }

  /// The central directory.
  private static func members(_ path: String, _ bytes: ByteView) throws(SampleError) -> [Member] {
    var end = bytes.count - 22
    let lowest = end > 65_535 ? end - 65_535 : 0
    while end >= lowest, bytes.u32(at: end) != 0x0605_4B50 { end -= 1 }
    guard end >= lowest, let count = bytes.u16(at: end + 10), var offset = bytes.u32(at: end + 16)
    else { throw damaged(path) }
    var members: [Member] = []
    for _ in 0..<count {
      guard bytes.u32(at: offset) == 0x0201_4B50, let flags = bytes.u16(at: offset + 8),
        let method = bytes.u16(at: offset + 10), let checksum = bytes.u32(at: offset + 16),
        let stored = bytes.u32(at: offset + 20), let size = bytes.u32(at: offset + 24),
        let nameLength = bytes.u16(at: offset + 28), let extra = bytes.u16(at: offset + 30),
        let comment = bytes.u16(at: offset + 32), let header = bytes.u32(at: offset + 42),
        let name = bytes.slice(offset + 46, nameLength)
      else { throw damaged(path) }
      members.append(
        Member(
          name: Text.string(name.copied), method: method, isEncrypted: flags & 1 != 0,
          checksum: checksum, storedBytes: stored, bytes: size, headerOffset: header))
      offset += 46 + nameLength + extra + comment
    }
    return members
  }

  private static func contents(
    _ path: String, _ bytes: ByteView, _ member: Member
  ) throws(SampleError) -> [UInt8] {
    let at = member.headerOffset
    guard bytes.u32(at: at) == 0x0403_4B50, let nameLength = bytes.u16(at: at + 26),
      let extra = bytes.u16(at: at + 28),
      let stored = bytes.slice(at + 30 + nameLength + extra, member.storedBytes)
    else { throw damaged(path) }
    guard !member.isEncrypted, member.method == 0 || member.method == 8,
      member.bytes <= maximumMemberBytes
    else {
      throw SampleError(
        path + ": array '" + member.arrayName
          + "' is encrypted, larger than 1 GiB, or packed by a method other than deflate: write it "
          + "with numpy.savez or numpy.savez_compressed")
    }
    let data = member.method == 0 ? stored.copied : inflated(stored, bytes: member.bytes)
    guard let data, data.count == member.bytes, checksum(data) == member.checksum else {
      throw SampleError(
        path + ": array '" + member.arrayName + "' is damaged: copy the file again")
    }
    return data
  }

  private static func inflated(_ stored: ByteView, bytes: Int) -> [UInt8]? {
    // Deflate cannot shrink below 1/1032: a small file that claims more is lying.
    guard bytes / 1_032 <= stored.count else { return nil }
    var isGood = false
    let data = [UInt8](unsafeUninitializedCapacity: bytes) { target, count in
      let code = stored.withPointer { start, length in
        edge_media_inflate(start, length, target.baseAddress, bytes)
      }
      isGood = code == 0
      count = isGood ? bytes : 0
    }
    return isGood ? data : nil
  }

  private static func checksum(_ data: [UInt8]) -> Int {
    data.withUnsafeBytes { Int(edge_media_crc32($0.baseAddress, $0.count)) }
  }
}

extension [UInt8] {
  /// Calls `body` with a bounds-checked view of the bytes.
  func withView<R>(_ body: (ByteView) throws(SampleError) -> R) throws(SampleError) -> R {
    let outcome = withUnsafeBytes { (buffer) -> Result<R, SampleError> in
      do throws(SampleError) {
        return .success(try body(ByteView(buffer)))
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }
}
