import EdgeFormat
import EdgeRuntime
import Foundation

/// Signal to noise of every layer of a file, against the float reference: what one layer's rounding
/// and that of all before it add up to.
struct LayerProbe {
  /// What is known of one value.
  struct Track {
    var node: Int
    var tensor: Int
    /// Whether channels are the last axis, as a matrix product's are, or axis 1.
    var hasChannelsLast: Bool
    /// Positions of the stored elements in the value's own order; nil until a sample has told.
    var gather: [Int]?
    var signal = 0.0
    var noise = 0.0
    /// Sums of reference minus found and of its square, by channel.
    var shift: [Double] = []
    var shiftSquares: [Double] = []
    /// Sums of reference squared, reference times found and found squared, by channel.
    var products: [SIMD3<Double>] = []
    var samples = 0
  }

  private let graph: Graph
  private let file: LoadedFile
  private let evaluator: Evaluator
  private var tracks: [ValueID: Track] = [:]
  private let byNode: [Int: [ValueID]]

  init(graph: Graph, file: LoadedFile) throws {
    self.graph = graph
    self.file = file
    evaluator = try Evaluator(graph)
    var names: [String: ValueID] = [:]
    var products: Set<ValueID> = []
    for node in graph.nodes {
      for case let output? in node.outputs {
        names[graph[output].name] = output
        if node.op == "MatMul" { products.insert(output) }
      }
    }
    var byNode: [Int: [ValueID]] = [:]
    // What the tail of an exit writes is an answer in place of the output's.
    var trunk = 0
    for node in 0..<file.model.nodeCount {
      if let exit = file.exit(at: node) { trunk = node + 1 + Int(exit.tailNodes) }
      if node < trunk { continue }
      for tensor in file.model.tensors(writtenBy: node) {
        let name = String(cString: file.model.name(file.model.tensorRecord(tensor).name))
        guard let value = names[name], tracks[value] == nil else { continue }
        tracks[value] = Track(
          node: node, tensor: tensor, hasChannelsLast: products.contains(value))
        byNode[node, default: []].append(value)
      }
    }
    self.byNode = byNode
  }

  /// Runs of a stream that are looked at.
  private static let runLimit = 64

  /// Takes in the runs of one sample.
  mutating func add(_ sample: LoadedSample) throws {
    var memory: Evaluator.Memory = [:]
    file.reset()
    for inputs in sample.runs.prefix(LayerProbe.runLimit) {
      try add(inputs, &memory, name: sample.path)
    }
  }

  private mutating func add(_ inputs: [Tensor], _ memory: inout Evaluator.Memory, name: String)
    throws
  {
    var reference: [ValueID: Tensor] = [:]
    let wanted = Set(tracks.keys)
    _ = try evaluator.run(graph.named(inputs), memory: &memory) { id, tensor in
      if wanted.contains(id) { reference[id] = tensor }
    }
    var found = tracks
    try file.step(inputs, name: name) { node, read in
      for value in byNode[node] ?? [] {
        guard let tensor = reference[value], let track = found[value] else { continue }
        if let stored = read(track.tensor) {
          found[value] = LayerProbe.updated(track, tensor, stored.values, shape: stored.shape)
        }
      }
    }
    tracks = found
  }

  /// Signal to noise in dB by value; nothing for values that were not found, nil for exact ones.
  var sqnr: [ValueID: Double?] {
    tracks.filter { $0.value.gather != nil && $0.value.signal > 0 }
      .mapValues { $0.noise > 0 ? 10 * log10($0.signal / $0.noise) : nil }
  }

  /// The same with each channel's scale taken as free: equalization moves scale from layer to
  /// layer, which changes what a channel holds and not what the network computes.
  var sqnrUpToScale: [ValueID: Double?] {
    tracks.filter { $0.value.gather != nil && $0.value.signal > 0 }.mapValues { track in
      guard !track.products.isEmpty, track.noise.isFinite, track.products.allSatisfy(\.isFinite)
      else { return track.noise > 0 ? 10 * log10(track.signal / track.noise) : nil }
      var signal = 0.0
      var noise = 0.0
      for sums in track.products {
        signal += sums.x
        // What is left of the reference beside its part along the found values.
        noise += sums.z > 0 ? Swift.max(0, sums.x - sums.y * sums.y / sums.z) : sums.x
      }
      return noise > 0 && track.noise > 0 ? 10 * log10(signal / noise) : nil
    }
  }

  /// Mean of reference minus found by channel, 0 where it is within two standard errors over the
  /// samples.
  var channelErrors: [ValueID: [Float]] {
    tracks.filter { $0.value.samples > 1 }.mapValues { track in
      let n = Double(track.samples)
      return zip(track.shift, track.shiftSquares).map { sum, squares in
        let mean = sum / n
        let error = (Swift.max(squares / n - mean * mean, 0) / (n - 1)).squareRoot()
        return abs(mean) > 2 * error ? Float(mean) : 0
      }
    }
  }

  private static func updated(_ track: Track, _ reference: Tensor, _ stored: [Float], shape: [Int])
    -> Track
  {
    var track = track
    let values = reference.floats
    let candidates =
      track.gather.map { [$0] } ?? StoredOrder.candidates(stored: shape, shape: reference.shape)
    var best: (gather: [Int], signal: Double, noise: Double)?
    for gather in candidates where gather.count == stored.count {
      var signal = 0.0
      var noise = 0.0
      for (found, position) in zip(stored, gather) {
        let x = Double(values[position])
        let difference = distance(x, Double(found))
        if x.isFinite { signal += x * x }
        noise += difference * difference
      }
      if best.map({ noise < $0.noise }) ?? true { best = (gather, signal, noise) }
    }
    guard let best else { return track }
    track.gather = best.gather
    track.signal += best.signal
    track.noise += best.noise
    track.addShift(values, stored, best.gather, reference.shape)
    return track
  }
}

extension SIMD3<Double> {
  fileprivate var isFinite: Bool { x.isFinite && y.isFinite && z.isFinite }
}

extension LayerProbe.Track {
  /// Takes in the mean error and the products of each channel in one sample.
  mutating func addShift(_ values: [Float], _ stored: [Float], _ gather: [Int], _ shape: [Int]) {
    guard shape.count > 1, !values.isEmpty else { return }
    let axis = hasChannelsLast ? shape.count - 1 : 1
    let channels = shape[axis]
    let inner = shape.dropFirst(axis + 1).reduce(1, *)
    if shift.isEmpty {
      shift = Array(repeating: 0, count: channels)
      shiftSquares = shift
      products = Array(repeating: .zero, count: channels)
    }
    guard shift.count == channels else { return }
    var sums = [Double](repeating: 0, count: channels)
    for (found, position) in zip(stored, gather) {
      let channel = position / inner % channels
      let x = Double(values[position])
      let y = Double(found)
      sums[channel] += x - y
      products[channel] += SIMD3(x * x, x * y, y * y)
    }
    for channel in 0..<channels {
      let mean = sums[channel] * Double(channels) / Double(values.count)
      shift[channel] += mean
      shiftSquares[channel] += mean * mean
    }
    samples += 1
  }
}
