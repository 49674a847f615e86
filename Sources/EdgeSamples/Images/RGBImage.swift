import CEdgeMedia

/// A picture as 8-bit RGB.
public struct RGBImage: Sendable {
  /// Pictures with more pixels are refused; `EDGE_MEDIA_MAX_PIXELS`.
  static let maximumPixels = 64 << 20

  /// Columns.
  public let width: Int
  /// Rows.
  public let height: Int
  /// `height * width * 3` bytes: rows from top to bottom, red, green, blue.
  public let pixels: [UInt8]

  /// Creates a picture; `pixels` must have `height * width * 3` bytes.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * 3)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Reads a JPEG or PNG file, recognised by its first bytes, up to 64 Mpixel.
  ///
  /// The result equals Pillow's `Image.open(path).convert("RGB")`: gray is repeated, palettes are
  /// looked up, an alpha channel is dropped, 16-bit samples keep their high byte, CMYK is converted
  /// without a profile; gamma, colour profiles and EXIF orientation are not applied.
  public static func read(_ path: String) throws(SampleError) -> RGBImage {
    try withFileBytes(path) { (bytes) throws(SampleError) in try decode(path, bytes) }
  }

  private static func decode(_ path: String, _ bytes: ByteView) throws(SampleError) -> RGBImage {
    let isJPEG = bytes.unsigned(at: 0, length: 2) == 0xD8FF
    guard isJPEG || bytes.unsigned(at: 0, length: 8) == 0x0A1A_0A0D_474E_5089 else {
      throw SampleError(
        path + ": is neither a JPEG nor a PNG file: convert it, for example with `convert " + path
          + " out.png`")
    }
    var picture = edge_media_image()
    var message = [CChar](repeating: 0, count: Int(EDGE_MEDIA_MESSAGE_BYTES))
    let code = bytes.withPointer { start, count in
      isJPEG
        ? edge_media_decode_jpeg(start, count, &picture, &message)
        : edge_media_decode_png(start, count, &picture, &message)
    }
    guard code == 0 else {
      throw SampleError(
        path + ": cannot be decoded: " + message.withUnsafeBufferPointer { Self.text($0) }
          + "; copy the file again")
    }
    defer { edge_media_release(&picture) }
    let (width, height) = (Int(picture.width), Int(picture.height))
    let rgb = UnsafeBufferPointer(start: picture.rgb, count: width * height * 3)
    return RGBImage(width: width, height: height, pixels: [UInt8](rgb))
  }

  private static func text(_ message: UnsafeBufferPointer<CChar>) -> String {
    message.baseAddress.map { String(cString: $0) } ?? ""
  }
}
