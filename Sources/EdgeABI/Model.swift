import CEdgeHost
import CEdgeRT
import EdgeFormat
import EdgeRuntime

/// What an `edgert_model *` points at.
struct ModelHandle {
  var model: Model
  /// The mapping to undo at close; nil when the caller owns the bytes.
  var mapping: UnsafeRawPointer?
}

func handle(_ model: OpaquePointer) -> UnsafeMutablePointer<ModelHandle> {
  UnsafeMutablePointer<ModelHandle>(model)
}

@c @implementation public func edgert_model_open_file(
  _ path: UnsafePointer<CChar>!, _ options: UnsafePointer<edgert_model_options>!,
  _ model: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<edgert_error>!
) -> edgert_status {
  status(error) { () throws(EdgeError) in
    guard let path, let model else {
      throw EdgeError(.invalidArgument, "path and model must not be NULL")
    }
    var bytes: UnsafeRawPointer?
    var size = 0
    let code = edge_host_map_file(path, &bytes, &size)
    guard code == 0 else {
      let reason = edge_host_error_text(code).map {
        UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self)
      }
      throw EdgeError(.fileUnreadable, "cannot read the model file: %s", name: reason)
    }
    guard let bytes else {
      throw EdgeError(.notAModel, "the file is empty: convert the model again, or copy it again")
    }
    do throws(EdgeError) {
      model.pointee = try openHandle(bytes, size, options, mapping: bytes)
    } catch {
      edge_host_unmap_file(bytes, size)
      var kept = error
      kept.name = nil  // It would lie in the file.
      throw kept
    }
  }
}

@c @implementation public func edgert_model_open_memory(
  _ bytes: UnsafeRawPointer!, _ size: Int, _ options: UnsafePointer<edgert_model_options>!,
  _ model: UnsafeMutablePointer<OpaquePointer?>!, _ error: UnsafeMutablePointer<edgert_error>!
) -> edgert_status {
  status(error) { () throws(EdgeError) in
    guard let bytes, let model else {
      throw EdgeError(.invalidArgument, "bytes and model must not be NULL")
    }
    model.pointee = try openHandle(bytes, size, options, mapping: nil)
  }
}

private func openHandle(
  _ bytes: UnsafeRawPointer, _ size: Int, _ options: UnsafePointer<edgert_model_options>?,
  mapping: UnsafeRawPointer?
) throws(EdgeError) -> OpaquePointer {
  let options = try read(options, orDefault: edgert_model_options())
  let opened = try Model.open(bytes, count: size, skipDigest: options.skip_digest != 0)
  guard
    options.require_certificate == 0 || opened.certificateCount > 0
      || opened.exitCount + opened.standardSkips == 0 && opened.standardTokens == allTokens
  else {
    throw EdgeError(
      .featureUnsupported,
      "what the model leaves out has no certificate: convert it with --validate, or do not require one"
    )
  }
  guard let block = edge_host_allocate(MemoryLayout<ModelHandle>.size) else {
    throw EdgeError(
      .outOfMemory, "no memory for a model handle of %0 bytes", MemoryLayout<ModelHandle>.size)
  }
  block.initializeMemory(as: ModelHandle.self, to: ModelHandle(model: opened, mapping: mapping))
  return OpaquePointer(block)
}

@c @implementation public func edgert_model_close(_ model: OpaquePointer!) {
  guard let model else { return }
  let opened = handle(model).pointee
  if let mapping = opened.mapping { edge_host_unmap_file(mapping, opened.model.byteCount) }
  edge_host_free(UnsafeMutableRawPointer(model))
}

@c @implementation public func edgert_model_input_count(_ model: OpaquePointer!) -> UInt32 {
  guard let model else { return 0 }
  return UInt32(handle(model).pointee.model.inputCount)
}

@c @implementation public func edgert_model_output_count(_ model: OpaquePointer!) -> UInt32 {
  guard let model else { return 0 }
  return UInt32(handle(model).pointee.model.outputCount)
}

@c @implementation public func edgert_model_input_info(
  _ model: OpaquePointer!, _ index: UInt32, _ info: UnsafeMutablePointer<edgert_tensor_info>!
) -> edgert_status {
  describe(model, index, info, count: edgert_model_input_count(model)) { $0.inputRecord($1) }
}

@c @implementation public func edgert_model_output_info(
  _ model: OpaquePointer!, _ index: UInt32, _ info: UnsafeMutablePointer<edgert_tensor_info>!
) -> edgert_status {
  describe(model, index, info, count: edgert_model_output_count(model)) { $0.outputRecord($1) }
}

@c @implementation public func edgert_model_state_count(_ model: OpaquePointer!) -> UInt32 {
  guard let model else { return 0 }
  return UInt32(handle(model).pointee.model.stateCount)
}

@c @implementation public func edgert_model_exit_count(_ model: OpaquePointer!) -> UInt32 {
  guard let model else { return 0 }
  return UInt32(handle(model).pointee.model.exitCount)
}

@c @implementation public func edgert_model_skip_count(_ model: OpaquePointer!) -> UInt32 {
  guard let model else { return 0 }
  return UInt32(handle(model).pointee.model.skipCount)
}

@c @implementation public func edgert_model_state_info(
  _ model: OpaquePointer!, _ index: UInt32, _ info: UnsafeMutablePointer<edgert_tensor_info>!
) -> edgert_status {
  describe(model, index, info, count: edgert_model_state_count(model)) { $0.stateRecord($1) }
}

/// What both infos do; `record` picks the input or output at a position.
private func describe(
  _ model: OpaquePointer?, _ index: UInt32, _ info: UnsafeMutablePointer<edgert_tensor_info>?,
  count: UInt32, _ record: (Model, Int) -> TensorRecord?
) -> edgert_status {
  status(nil) { () throws(EdgeError) in
    guard let model, let info else {
      throw EdgeError(.invalidArgument, "model and info must not be NULL")
    }
    let opened = handle(model).pointee.model
    guard index < count, let record = record(opened, Int(index)) else {
      throw EdgeError(.outOfRange, "index %0 of %1", Int(index), Int(count))
    }
    try write(describe(record, opened), to: info)
  }
}

@c @implementation public func edgert_model_metadata(
  _ model: OpaquePointer!, _ key: UnsafePointer<CChar>!
) -> UnsafePointer<CChar>! {
  guard let model, let key else { return nil }
  let bytes = UnsafeRawPointer(key).assumingMemoryBound(to: UInt8.self)
  guard let value = handle(model).pointee.model.metadataValue(bytes) else { return nil }
  return UnsafeRawPointer(value).assumingMemoryBound(to: CChar.self)
}

private func describe(_ record: TensorRecord, _ model: Model) -> edgert_tensor_info {
  var info = edgert_tensor_info()
  info.dtype = edgert_dtype(record.elementType)
  info.rank = UInt32(record.rank)
  info.zero_point = record.zeroPoint
  info.scale = record.scale
  info.dynamic_axes = record.dynamicAxes
  info.name = UnsafeRawPointer(model.name(record.name)).assumingMemoryBound(to: CChar.self)
  withUnsafeMutableBytes(of: &info.max_dims) {
    for axis in 0..<Int(record.rank) {
      $0.storeBytes(of: Int64(record.dimension(axis)), toByteOffset: axis * 8, as: Int64.self)
    }
  }
  return info
}
