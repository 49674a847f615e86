import Foundation

/// A file that appears under its name only when it is complete and on the disk.
public enum AtomicFile {
  /// Writes `bytes` beside `path`, flushes them to the disk, and renames the result to `path`.
  ///
  /// A file that was at `path` is replaced at the last step; on failure it is as before and nothing
  /// new is left.
  /// - Throws: `ConversionError.usage` naming the path, the cause and the remedy.
  public static func write(_ bytes: [UInt8], to path: String) throws {
    let folder = (path as NSString).deletingLastPathComponent
    var template = Array("\(path).tmp-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else {
      throw failure(path, errno, folder)
    }
    let temporary = String(
      decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var error = store(bytes, descriptor)
    if fchmod(descriptor, 0o644) != 0, error == 0 { error = errno }
    if fsync(descriptor) != 0, error == 0 { error = errno }
    if close(descriptor) != 0, error == 0 { error = errno }
    if error == 0, rename(temporary, path) != 0 { error = errno }
    guard error == 0 else {
      unlink(temporary)
      throw failure(path, error, folder)
    }
    let directory = open(folder.isEmpty ? "." : folder, O_RDONLY)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }

  /// Writes everything; the error number, 0 when all went well.
  ///
  /// A file size limit is an error, not a signal.
  private static func store(_ bytes: [UInt8], _ descriptor: Int32) -> Int32 {
    let previous = signal(SIGXFSZ, SIG_IGN)
    defer { signal(SIGXFSZ, previous) }
    return bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        let written = Foundation.write(
          descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
        if written > 0 {
          done += written
        } else if written < 0, errno != EINTR {
          return errno
        }
      }
      return 0
    }
  }

  private static func failure(_ path: String, _ code: Int32, _ folder: String) -> ConversionError {
    let cause = String(cString: strerror(code))
    let place = folder.isEmpty ? "the current folder" : "'\(folder)'"
    let remedy =
      switch code {
      case ENOSPC, EDQUOT, EFBIG: "free some space or choose another place with -o"
      case ENOENT, ENOTDIR: "create \(place) first"
      case EACCES, EPERM, EROFS: "choose a place you may write to with -o"
      default: "check \(place)"
      }
    return .usage("cannot write '\(path)': \(cause); nothing was left behind; \(remedy)")
  }
}
