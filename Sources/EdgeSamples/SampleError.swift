/// Why a sample could not be read or prepared: one sentence naming the cause and, where there is
/// one, the remedy.
public struct SampleError: Error {
  /// The sentence, in English, beginning with the file's path when there is a file.
  public let message: String

  /// Creates an error from its sentence.
  public init(_ message: String) {
    self.message = message
  }
}
