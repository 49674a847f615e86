import COnnx
import EdgeFormat

/// Domain and name of a model-local function.
struct FunctionKey: Hashable {
  var domain: String
  var name: String
}

/// What all graphs of a model share while it is read.
final class ImportContext {
  let origin: Origin
  let folder: String?
  let functions: [FunctionKey: OpaquePointer]
  var obstacles: [Obstacle] = []

  init(origin: Origin, folder: String?, functions: [FunctionKey: OpaquePointer]) {
    self.origin = origin
    self.folder = folder
    self.functions = functions
  }
}

/// One graph under construction, with the names it defines and those it takes from the enclosing
/// one.
final class ImportScope {
  let context: ImportContext
  let parent: ImportScope?
  var graph = Graph()
  private var frame: Frame
  private var nodeNames: Set<String> = []

  /// What names mean: in the graph itself, or in the body of a function while it is inlined.
  private struct Frame {
    var names: [String: ValueID] = [:]
    /// Inputs of the function that the call leaves out.
    var absent: Set<String> = []
    /// The node that calls the function; nil in the graph itself.
    var call: Node?
    /// Opset version by domain.
    var opsets: [String: Int]
    var depth = 0
  }

  /// Functions may call each other so deep.
  private static let deepestCall = 32

  init(context: ImportContext, parent: ImportScope?) {
    self.context = context
    self.parent = parent
    frame = Frame(opsets: parent?.frame.opsets ?? context.origin.opsets)
  }

  /// Reads a GraphProto; nodes come out in topological order.
  /// - Throws: `ConversionError.invalid`.
  func read(_ proto: OpaquePointer) throws {
    readInitializers(proto)
    try readInputs(proto)
    let nodes = (0..<edge_onnx_graph_node_count(proto)).compactMap {
      edge_onnx_graph_node(proto, $0)
    }
    for node in nodes { try defineOutputs(node) }
    for node in nodes { try read(node: node) }
    for index in 0..<edge_onnx_graph_output_count(proto) {
      guard let output = edge_onnx_graph_output(proto, index) else { continue }
      let name = String(edge_onnx_value_name(output))
      guard let id = resolve(name) else {
        throw ConversionError.invalid("nothing produces the graph output \"\(name)\"")
      }
      graph.outputs.append(id)
    }
    graph.nodes = try graph.topologicallySorted()
  }

  private func readInitializers(_ proto: OpaquePointer) {
    for index in 0..<edge_onnx_graph_initializer_count(proto) {
      guard let tensor = edge_onnx_graph_initializer(proto, index) else { continue }
      let name = String(edge_onnx_tensor_name(tensor))
      do {
        frame.names[name] = graph.add(
          Value(name: name, try Tensor(onnx: tensor, folder: context.folder)))
      } catch {
        frame.names[name] = graph.add(Value(name: name))
        report(name, op: "initializer", opset: 0, error)
      }
    }
    if edge_onnx_graph_sparse_initializer_count(proto) > 0 {
      context.obstacles.append(
        Obstacle(
          node: String(edge_onnx_graph_name(proto)), op: "sparse_initializer", opset: 0,
          problem: "the graph has sparse initializers", remedy: "store the weights densely"))
    }
  }

  private func readInputs(_ proto: OpaquePointer) throws {
    for index in 0..<edge_onnx_graph_input_count(proto) {
      guard let input = edge_onnx_graph_input(proto, index) else { continue }
      let name = String(edge_onnx_value_name(input))
      if let id = frame.names[name] {
        guard graph[id].constant == nil, graph[id].type != nil else { continue }
        throw ConversionError.invalid("two graph inputs are named \"\(name)\"")
      }
      var value = Value(name: name)
      if edge_onnx_value_is_tensor(input) == 0 {
        context.obstacles.append(
          Obstacle(
            node: name, op: "input", opset: 0, problem: "the input is a sequence, map or optional",
            remedy: "make every input a dense tensor"))
      }
      let code = edge_onnx_value_element_type(input)
      value.type = ElementType(onnx: code)
      if value.type == nil, code != 0 {
        context.obstacles.append(
          Obstacle(
            node: name, op: "input", opset: 0,
            problem: "the input holds \(onnxTypeName(code)) elements",
            remedy: "use a float, integer or bool input"))
      }
      value.shape = shape(input, name: name)
      let id = graph.add(value)
      frame.names[name] = id
      graph.inputs.append(id)
    }
  }

  private func shape(_ value: OpaquePointer, name: String) -> [Dimension]? {
    let rank = edge_onnx_value_rank(value)
    guard rank >= 0 else { return nil }
    return (0..<Int(rank)).map { axis in
      let size = edge_onnx_value_axis(value, axis)
      if size >= 0 { return Dimension(Int(size)) }
      let symbol = String(edge_onnx_value_axis_symbol(value, axis))
      return Dimension(symbol: symbol.isEmpty ? "\(name).\(axis)" : symbol)
    }
  }

  private func defineOutputs(_ proto: OpaquePointer) throws {
    for index in 0..<edge_onnx_node_output_count(proto) {
      let name = String(edge_onnx_node_output(proto, index))
      if name.isEmpty { continue }
      guard frame.names[name] == nil else {
        throw ConversionError.invalid("two nodes or initializers produce \"\(name)\"")
      }
      frame.names[name] = graph.add(Value(name: qualified(name)))
    }
  }

  /// Reads a node; a call of a model-local function becomes the nodes of the function's body.
  private func read(node proto: OpaquePointer) throws {
    let node = try readNode(proto)
    guard let function = context.functions[FunctionKey(domain: node.domain, name: node.op)] else {
      graph.nodes.append(node)
      return
    }
    guard frame.depth < ImportScope.deepestCall else {
      throw node.invalid("functions call each other more than \(ImportScope.deepestCall) deep")
    }
    let outer = frame
    defer { frame = outer }
    frame = Frame(call: node, opsets: [:], depth: outer.depth + 1)
    for index in 0..<edge_onnx_function_opset_count(function) {
      let domain = canonicalDomain(String(edge_onnx_function_opset_domain(function, index)))
      frame.opsets[domain] = Int(edge_onnx_function_opset_version(function, index))
    }
    for index in 0..<edge_onnx_function_input_count(function) {
      let name = String(edge_onnx_function_input(function, index))
      if let id = node.input(index) {
        frame.names[name] = id
      } else {
        frame.absent.insert(name)
      }
    }
    let outputs = (0..<edge_onnx_function_output_count(function)).map {
      String(edge_onnx_function_output(function, $0))
    }
    let nodes = (0..<edge_onnx_function_node_count(function)).compactMap {
      edge_onnx_function_node(function, $0)
    }
    for inner in nodes { try defineOutputs(inner) }
    for inner in nodes { try read(node: inner) }
    for (output, name) in zip(node.outputs, outputs) {
      guard let output, let inner = frame.names[name] else { continue }
      graph.nodes.append(
        Node(
          name: uniqueName(name, outputs: [], op: "Identity"), op: "Identity",
          opset: Operator.latestOpset, inputs: [inner], outputs: [output]))
    }
  }

  private func readNode(_ proto: OpaquePointer) throws -> Node {
    let op = String(edge_onnx_node_op(proto))
    let domain = canonicalDomain(String(edge_onnx_node_domain(proto)))
    let outputs = (0..<edge_onnx_node_output_count(proto)).map {
      String(edge_onnx_node_output(proto, $0))
    }
    var node = Node(
      name: uniqueName(String(edge_onnx_node_name(proto)), outputs: outputs, op: op), op: op,
      domain: domain, opset: frame.opsets[domain] ?? 1, inputs: [],
      outputs: outputs.map { frame.names[$0] })
    for index in 0..<edge_onnx_node_input_count(proto) {
      let name = String(edge_onnx_node_input(proto, index))
      let isAbsent = name.isEmpty || frame.absent.contains(name)
      let id = isAbsent ? nil : resolve(name)
      guard isAbsent || id != nil else {
        throw ConversionError.invalid(
          "node \"\(node.name)\" (\(op)) reads \"\(name)\", which nothing produces")
      }
      node.inputs.append(id)
    }
    for index in 0..<edge_onnx_node_attribute_count(proto) {
      guard let attribute = edge_onnx_node_attribute(proto, index) else { continue }
      let outer = String(edge_onnx_attribute_reference(attribute))
      if !outer.isEmpty {
        // Stands for an attribute of the call.
        node.attributes[String(edge_onnx_attribute_name(attribute))] = frame.call?.attributes[outer]
        continue
      }
      do {
        node.attributes[String(edge_onnx_attribute_name(attribute))] = try read(
          attribute: attribute)
      } catch let problem as TensorProblem {
        report(node.name, op: op, opset: node.opset, problem)
      }
    }
    return node
  }

  private func read(attribute: OpaquePointer) throws -> Attribute {
    switch edge_onnx_attribute_type(attribute) {
    case 1: return .float(edge_onnx_attribute_float(attribute))
    case 2: return .int(edge_onnx_attribute_int(attribute))
    case 3: return .string(String(edge_onnx_attribute_string(attribute)))
    case 4:
      guard let tensor = edge_onnx_attribute_tensor(attribute) else { break }
      return .tensor(try Tensor(onnx: tensor, folder: context.folder))
    case 5:
      guard let graph = edge_onnx_attribute_graph(attribute) else { break }
      return .graph(try subgraph(graph))
    case 6:
      let count = edge_onnx_attribute_float_count(attribute)
      return .floats((0..<count).map { edge_onnx_attribute_float_at(attribute, $0) })
    case 7:
      let count = edge_onnx_attribute_int_count(attribute)
      return .ints((0..<count).map { edge_onnx_attribute_int_at(attribute, $0) })
    case 8:
      let count = edge_onnx_attribute_string_count(attribute)
      return .strings((0..<count).map { String(edge_onnx_attribute_string_at(attribute, $0)) })
    case 10:
      let count = edge_onnx_attribute_graph_count(attribute)
      let graphs = (0..<count).compactMap { edge_onnx_attribute_graph_at(attribute, $0) }
      return .graphs(try graphs.map(subgraph))
    default: break
    }
    let name = String(edge_onnx_attribute_name(attribute))
    throw TensorProblem(
      problem: "attribute \"\(name)\" is of a kind that is not supported",
      remedy: "use number, text, dense tensor or graph attributes")
  }

  private func subgraph(_ proto: OpaquePointer) throws -> Graph {
    let scope = ImportScope(context: context, parent: self)
    try scope.read(proto)
    return scope.graph
  }

  /// The value of a name here, or a capture of the enclosing graph's.
  private func resolve(_ name: String) -> ValueID? {
    if let id = frame.names[name] { return id }
    guard let outer = parent?.resolve(name), let value = parent?.graph[outer] else { return nil }
    let id = graph.add(value)
    frame.names[name] = id
    graph.captures.append(id)
    return id
  }

  private func uniqueName(_ name: String, outputs: [String], op: String) -> String {
    let base = qualified(name.isEmpty ? outputs.first { !$0.isEmpty } ?? op : name)
    var unique = base
    var number = 1
    while !nodeNames.insert(unique).inserted {
      number += 1
      unique = "\(base)#\(number)"
    }
    return unique
  }

  /// A name of a function's body, told apart by the call.
  private func qualified(_ name: String) -> String {
    frame.call.map { "\($0.name)/\(name)" } ?? name
  }

  private func report(_ node: String, op: String, opset: Int, _ error: any Error) {
    let found = error as? TensorProblem
    context.obstacles.append(
      Obstacle(
        node: node, op: op, opset: opset, problem: found?.problem ?? "\(error)",
        remedy: found?.remedy ?? "export the model again"))
  }
}
