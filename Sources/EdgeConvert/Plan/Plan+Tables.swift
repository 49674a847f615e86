import EdgeFormat

extension Plan {
  /// Moves each table that alone reads the INT8 result of a convolution into the convolution's
  /// epilogue: one pass over the data less, and the result before the table is never stored.
  mutating func fuseTables() {
    var readers: [PlanTensorID: Int] = [:]
    var producer: [PlanTensorID: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for case let input? in node.inputs { readers[root(input), default: 0] += 1 }
      for output in node.outputs { producer[root(output)] = index }
    }
    for output in outputs { readers[root(output), default: 0] += 1 }
    var fused: Set<Int> = []
    for (index, lookup) in nodes.enumerated() where lookup.opCode == .lookup {
      guard case let source?? = lookup.inputs.first, readers[root(source)] == 1,
        let owner = producer[root(source)], nodes[owner].opCode.isProduct,
        nodes[owner].part == lookup.part,
        nodes[owner].inputs.count == 7,
        nodes[owner].inputs[6] == nil, let before = self[root(source)].affine,
        let written = nodes[owner].outputs.first,
        let result = lookup.outputs.first
      else { continue }
      var parameters = nodes[owner].parameters.withUnsafeBytes {
        $0.loadUnaligned(as: ConvolutionParameters.self)
      }
      parameters.tableZero = before.zeroPoint
      nodes[owner].parameters = withUnsafeBytes(of: parameters) { Array($0) }
      nodes[owner].inputs[6] = lookup.inputs[1]
      var view = self[result]
      view.alias = root(result)
      view.dims = self[written].dims
      tensors.append(view)
      nodes[owner].outputs = [PlanTensorID(index: tensors.count - 1)]
      producer[root(result)] = owner
      fused.insert(index)
    }
    nodes = nodes.indices.filter { !fused.contains($0) }.map { nodes[$0] }
    values = values.filter { value in
      let home = root(value.value.tensor)
      return nodes.contains { $0.outputs.contains { root($0) == home } }
        || inputs.contains { root($0) == home }
    }
  }
}
