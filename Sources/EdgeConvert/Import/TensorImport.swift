import COnnx
import EdgeFormat
import Foundation

extension ElementType {
  /// The type that holds a TensorProto.DataType: itself, or the nearest wider one (float64 and
  /// bfloat16 are held as float32, uint16 as int32, uint32 and uint64 as int64, 4-bit integers as
  /// 8-bit ones).
  init?(onnx code: Int32) {
    switch code {
    case 1, 11, 16: self = .float32
    case 2, 21: self = .uint8
    case 3, 22: self = .int8
    case 4, 6: self = .int32
    case 5: self = .int16
    case 7, 12, 13: self = .int64
    case 9: self = .bool
    case 10: self = .float16
    default: return nil
    }
  }

  /// float32 or float16.
  var isFloat: Bool { self == .float32 || self == .float16 }
}

/// Names of TensorProto.DataType, for messages.
func onnxTypeName(_ code: Int32) -> String {
  let names = [
    "undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
    "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn",
    "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1",
  ]
  return names.indices.contains(Int(code)) ? names[Int(code)] : "type \(code)"
}

/// A TensorProto that cannot become a `Tensor`, and why.
struct TensorProblem: Error {
  var problem: String
  var remedy: String
}

extension Tensor {
  /// Decodes a TensorProto: raw bytes, typed fields, or a file beside the model.
  /// - Throws: `TensorProblem`.
  init(onnx proto: OpaquePointer, folder: String?) throws {
    let code = edge_onnx_tensor_type(proto)
    guard let type = ElementType(onnx: code) else {
      throw TensorProblem(
        problem: "holds \(onnxTypeName(code)) elements",
        remedy: "use float32, float16, integer or bool tensors")
    }
    var shape: [Int] = []
    var count = 1
    for axis in 0..<edge_onnx_tensor_rank(proto) {
      let size = Int(edge_onnx_tensor_axis(proto, axis))
      let (product, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow else {
        throw TensorProblem(problem: "has an impossible shape", remedy: "export the model again")
      }
      shape.append(size)
      count = product
    }
    if shape.contains(0) { count = 0 }
    let reader = TensorReader(proto: proto, code: code, count: count)
    if edge_onnx_tensor_is_external(proto) != 0 {
      let bytes = try ExternalTensor(proto: proto).read(
        folder: folder, byteCount: reader.rawByteCount)
      self = try bytes.withUnsafeBytes { try reader.raw($0, type: type, shape: shape) }
      return
    }
    let raw = edge_onnx_tensor_raw(proto)
    if let bytes = raw.bytes, raw.count > 0 {
      let buffer = UnsafeRawBufferPointer(start: bytes, count: raw.count)
      self = try reader.raw(buffer, type: type, shape: shape)
    } else {
      self = try reader.typed(type: type, shape: shape)
    }
  }
}

/// Decodes the elements of one TensorProto whose shape holds `count` elements.
private struct TensorReader {
  let proto: OpaquePointer
  let code: Int32
  let count: Int

  private var isPackedNibbles: Bool { code == 21 || code == 22 }

  private var byteWidth: Int {
    switch code {
    case 2, 3, 9: 1
    case 4, 5, 10, 16: 2
    case 7, 11, 13: 8
    default: 4
    }
  }

  var rawByteCount: Int {
    isPackedNibbles
      ? (count + 1) / 2 : count.multipliedReportingOverflow(by: byteWidth).partialValue
  }

  func raw(_ bytes: UnsafeRawBufferPointer, type: ElementType, shape: [Int]) throws -> Tensor {
    guard bytes.count == rawByteCount else {
      throw mismatch("\(bytes.count) bytes")
    }
    switch code {
    case 1: return Tensor(floats(bytes, Float.self) { $0 }, shape: shape, type: type)
    case 10: return Tensor(floats(bytes, UInt16.self, halfToFloat), shape: shape, type: type)
    case 11: return Tensor(floats(bytes, Double.self) { Float($0) }, shape: shape, type: type)
    case 16:
      let values = floats(bytes, UInt16.self) { Float(bitPattern: UInt32($0) << 16) }
      return Tensor(values, shape: shape, type: type)
    case 2: return Tensor(integers(bytes, UInt8.self), shape: shape, type: type)
    case 3: return Tensor(integers(bytes, Int8.self), shape: shape, type: type)
    case 4: return Tensor(integers(bytes, UInt16.self), shape: shape, type: type)
    case 5: return Tensor(integers(bytes, Int16.self), shape: shape, type: type)
    case 6: return Tensor(integers(bytes, Int32.self), shape: shape, type: type)
    case 7: return Tensor(integers(bytes, Int64.self), shape: shape, type: type)
    case 9: return Tensor(integers(bytes, UInt8.self).map { min($0, 1) }, shape: shape, type: type)
    case 12: return Tensor(integers(bytes, UInt32.self), shape: shape, type: type)
    case 13: return Tensor(integers(bytes, UInt64.self), shape: shape, type: type)
    default:
      let values = (0..<count).map { nibble(bytes[$0 / 2], high: $0 % 2 == 1) }
      return Tensor(values, shape: shape, type: type)
    }
  }

  func typed(type: ElementType, shape: [Int]) throws -> Tensor {
    let entries = Int(edge_onnx_tensor_entry_count(proto))
    if isPackedNibbles, entries == (count + 1) / 2 {
      let values = (0..<count).map { index in
        let byte = edge_onnx_tensor_integer_entry(proto, index / 2)
        return nibble(UInt8(truncatingIfNeeded: byte), high: index % 2 == 1)
      }
      return Tensor(values, shape: shape, type: type)
    }
    guard entries == count else { throw mismatch("\(entries) elements") }
    switch code {
    case 1, 11:
      let values = (0..<count).map { Float(edge_onnx_tensor_float_entry(proto, $0)) }
      return Tensor(values, shape: shape, type: type)
    case 10, 16:
      let values = (0..<count).map { index in
        let bits = UInt16(truncatingIfNeeded: edge_onnx_tensor_integer_entry(proto, index))
        return code == 10 ? halfToFloat(bits) : Float(bitPattern: UInt32(bits) << 16)
      }
      return Tensor(values, shape: shape, type: type)
    default:
      let values = (0..<count).map { edge_onnx_tensor_integer_entry(proto, $0) }
      return Tensor(
        code == 9 ? values.map { min(max($0, 0), 1) } : values, shape: shape, type: type)
    }
  }

  private func nibble(_ byte: UInt8, high: Bool) -> Int64 {
    let bits = high ? byte >> 4 : byte & 15
    return code == 22 && bits > 7 ? Int64(bits) - 16 : Int64(bits)
  }

  private func floats<T>(
    _ bytes: UnsafeRawBufferPointer, _: T.Type, _ convert: (T) -> Float
  ) -> [Float] where T: BitwiseCopyable {
    (0..<count).map { convert(bytes.loadUnaligned(fromByteOffset: $0 * byteWidth, as: T.self)) }
  }

  private func integers<T>(_ bytes: UnsafeRawBufferPointer, _: T.Type) -> [Int64]
  where T: FixedWidthInteger & BitwiseCopyable {
    (0..<count).map {
      Int64(truncatingIfNeeded: bytes.loadUnaligned(fromByteOffset: $0 * byteWidth, as: T.self))
    }
  }

  private func mismatch(_ found: String) -> TensorProblem {
    TensorProblem(
      problem: "has a shape of \(count) elements of \(onnxTypeName(code)) but holds \(found)",
      remedy: "the file is damaged; export the model again")
  }
}

/// A float16 value as a float32, exactly.
func halfToFloat(_ bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 31
  let fraction = UInt32(bits & 1023)
  switch exponent {
  case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
  case 0:
    let magnitude = Float(fraction) * 0x1p-24
    return sign == 0 ? magnitude : -magnitude
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}

/// The place of a tensor's bytes in a file beside the model.
private struct ExternalTensor {
  let location: String
  let offset: Int
  let length: Int?

  init(proto: OpaquePointer) {
    location = String(edge_onnx_tensor_external(proto, "location"))
    offset = Int(String(edge_onnx_tensor_external(proto, "offset"))) ?? 0
    length = Int(String(edge_onnx_tensor_external(proto, "length")))
  }

  func read(folder: String?, byteCount: Int) throws -> Data {
    guard let folder else {
      throw TensorProblem(
        problem: "lies in the external file \"\(location)\"", remedy: "give the model as a file")
    }
    let steps = location.split(separator: "/", omittingEmptySubsequences: false)
    guard !location.isEmpty, !location.hasPrefix("/"), !steps.contains("..") else {
      throw TensorProblem(
        problem: "lies in the external file \"\(location)\", outside the model's folder",
        remedy: "keep external data beside the model")
    }
    guard offset >= 0, length ?? byteCount == byteCount else {
      throw TensorProblem(
        problem: "needs \(byteCount) bytes of \"\(location)\" but the model says \(length ?? -1)",
        remedy: "export the model again")
    }
    do {
      let file = try FileHandle(
        forReadingFrom: URL(fileURLWithPath: folder).appendingPathComponent(location))
      defer { try? file.close() }
      try file.seek(toOffset: UInt64(offset))
      let data = try file.read(upToCount: byteCount) ?? Data()
      if data.count == byteCount { return data }
    } catch {
      throw TensorProblem(
        problem: "lies in \"\(location)\", which cannot be read: \(error.localizedDescription)",
        remedy: "put the file beside the model")
    }
    throw TensorProblem(
      problem: "lies beyond the end of \"\(location)\"", remedy: "the file is damaged; export again"
    )
  }
}
