/// How a picture becomes a model's input tensor.
///
/// Resize, choose and order channels, then `(value - mean) / std` on the scale of 0...255, in the
/// model's layout.
public struct ImagePreprocessing: Sendable {
  /// Where the channel axis stands.
  public enum Layout: Int, Sendable {
    case nchw = 0
    case nhwc = 1
  }

  /// Which channels, in which order; gray is `(19595 R + 38470 G + 7471 B + 32768) >> 16`, after
  /// resizing.
  public enum Color: Int, Sendable {
    case rgb = 0
    case bgr = 1
    case gray = 2
  }

  /// How a picture of another size is fitted.
  public enum Resize: Int, Sendable {
    /// Stretched, antialiased.
    case stretch = 0
    /// Refused.
    case none = 1
    /// Shrunk or enlarged with its proportions until it covers the input, and cut to its centre.
    case crop = 2
    /// Shrunk or enlarged with its proportions until it fits, centred, with a gray border.
    case letterbox = 3
  }

  /// Position of the channel axis; nil: the axis of extent 1 or 3, the first one preferred.
  public var layout: Layout?
  /// Channels; gray when the input has one channel and nothing is said.
  public var color: Color?
  /// Subtracted, per channel in the tensor's channel order; one value serves all channels.
  public var mean: [Float]
  /// Divided by, likewise.
  public var std: [Float]
  /// What happens to pictures of another size.
  public var resize: Resize
  /// With `crop`: length of the picture's shorter side before it is cut; nil: just enough.
  public var shorter: Int?
  /// With `letterbox`: gray level of the border.
  public var fill: UInt8

  /// Creates a rule; the defaults hand over RGB values of 0...255.
  public init(
    layout: Layout? = nil, color: Color? = nil, mean: [Float] = [0], std: [Float] = [1],
    resize: Resize = .stretch, shorter: Int? = nil, fill: UInt8 = 114
  ) {
    self.layout = layout
    self.color = color
    self.mean = mean
    self.std = std
    self.resize = resize
    self.shorter = shorter
    self.fill = fill
  }

  /// Reads the keys `image.*`.
  init(_ metadata: MetadataReader) throws(SampleError) {
    let layout = try metadata.choice("image.layout", ["nchw", "nhwc"])
    let color = try metadata.choice("image.color", ["rgb", "bgr", "gray"])
    let resize = try metadata.choice("image.resize", ["stretch", "none", "crop", "letterbox"])
    self.init(
      layout: layout.flatMap { Layout(rawValue: $0) },
      color: color.flatMap { Color(rawValue: $0) },
      mean: try metadata.numbers("image.mean", default: [0]).map { Float($0) },
      std: try metadata.divisors("image.std").map { Float($0) },
      resize: resize.flatMap { Resize(rawValue: $0) } ?? .stretch,
      shorter: try metadata.integer("image.shorter"),
      fill: UInt8(try metadata.number("image.fill", default: 114, in: 0...255)))
  }

  /// Makes the float32 tensor of `input` from a picture, and says where the picture lies in it;
  /// `path` begins error messages.
  public func tensor(
    from image: RGBImage, for input: InputDescription, path: String
  ) throws(SampleError) -> (tensor: SampleTensor, placement: ImagePlacement) {
    let axes = try axes(of: input)
    var (height, width) = (input.shape[axes.height], input.shape[axes.width])
    if resize == .none {
      guard Self.fits(image.height, input, axes.height), Self.fits(image.width, input, axes.width)
      else {
        throw SampleError(
          path + ": is " + String(image.width) + " x " + String(image.height)
            + " pixels, the model wants " + String(width) + " x " + String(height)
            + " and its metadata forbids resizing: resize it, for example with `convert " + path
            + " -resize " + String(width) + "x" + String(height) + "! out.png`")
      }
      (height, width) = (image.height, image.width)
    }
    let placement = placement(of: (image.width, image.height), in: (width, height))
    guard placement.resized.width * placement.resized.height <= RGBImage.maximumPixels else {
      throw SampleError(path + ": is too long and narrow to be fitted into the model's input")
    }
    let picture =
      image
      .resized(width: placement.resized.width, height: placement.resized.height)
      .placed(width: width, height: height, left: placement.left, top: placement.top, fill: fill)
    var shape = input.shape
    shape[axes.height] = height
    shape[axes.width] = width
    if shape.count == 4 { shape[0] = 1 }
    let channels = input.shape[axes.channel]
    let tensor = SampleTensor(
      shape: shape,
      floats: values(picture, channels: channels, isPlanar: axes.channel < axes.height))
    return (tensor, placement)
  }

  private static func fits(_ extent: Int, _ input: InputDescription, _ axis: Int) -> Bool {
    extent == input.shape[axis] || (input.isDynamic(axis) && extent < input.shape[axis])
  }

  private func axes(
    of input: InputDescription
  ) throws(SampleError) -> (channel: Int, height: Int, width: Int) {
    let rank = input.shape.count
    let isBatched = rank == 4 && (input.shape[0] == 1 || input.isDynamic(0))
    guard rank == 3 || isBatched else { throw misfit(input) }
    let first = rank - 3
    let isImageCount = { (extent: Int) in extent == 1 || extent == 3 }
    let isFirst = layout.map { $0 == .nchw } ?? isImageCount(input.shape[first])
    let axes = isFirst ? (first, first + 1, first + 2) : (first + 2, first, first + 1)
    let channels = input.shape[axes.0]
    let wanted = color.map { $0 == .gray ? 1 : 3 } ?? channels
    guard isImageCount(channels), channels == wanted, mean.count == 1 || mean.count == channels,
      std.count == 1 || std.count == channels
    else { throw misfit(input) }
    return axes
  }

  private func misfit(_ input: InputDescription) -> SampleError {
    SampleError(
      "the model's input '" + input.name + "' of shape " + input.boundText
        + " does not fit its own image metadata (layout, color, mean, std): convert the model again "
        + "with a right `edgeconv convert --preprocess FILE.json`")
  }

  private func values(_ picture: RGBImage, channels: Int, isPlanar: Bool) -> [Float] {
    let count = picture.width * picture.height
    var values = [Float](repeating: 0, count: count * channels)
    let step = isPlanar ? 1 : channels
    for channel in 0..<channels {
      let offset = isPlanar ? channel * count : channel
      let mean = mean[mean.count == 1 ? 0 : channel]
      let std = std[std.count == 1 ? 0 : channel]
      // Only 256 inputs exist: one division each.
      let table = (0..<256).map { (Float($0) - mean) / std }
      let source = color == .bgr ? 2 - channel : channel
      for pixel in 0..<count {
        let level =
          channels == 1
          ? Self.luma(picture.pixels, pixel * 3) : Int(picture.pixels[pixel * 3 + source])
        values[offset + pixel * step] = table[level]
      }
    }
    return values
  }

  private static func luma(_ rgb: [UInt8], _ at: Int) -> Int {
    (19_595 * Int(rgb[at]) + 38_470 * Int(rgb[at + 1]) + 7_471 * Int(rgb[at + 2]) + 32_768) >> 16
  }
}
