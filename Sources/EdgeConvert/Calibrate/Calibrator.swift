import Foundation

/// Streams samples through the float reference and gathers the distributions of chosen values.
public struct Calibrator: Sendable {
  private let graph: Graph
  private let evaluator: Evaluator
  private let data: DataSet

  /// - Parameters:
  ///   - graph: the graph that will be emitted.
  ///   - data: the samples.
  /// - Throws: `ConversionError.obstacles` when a node has no reference.
  public init(graph: Graph, data: DataSet) throws {
    self.graph = graph
    self.data = data
    evaluator = try Evaluator(graph)
  }

  /// The distributions of `values` over all samples.
  ///
  /// Samples are evaluated side by side; the result does not depend on their order.
  /// - Parameters:
  ///   - values: which values.
  ///   - progress: called with the number of samples done, from one thread at a time.
  public func histograms(
    of values: [ValueID], progress: (Int) -> Void = { _ in }
  ) throws -> [ValueID: Histogram] {
    try halves(of: values, progress: progress).merged
  }

  /// The distributions over every other sample, apart.
  func halves(of values: [ValueID], progress: (Int) -> Void = { _ in }) throws -> Halves {
    let wanted = Set(values)
    let workers = Swift.max(1, Swift.min(ProcessInfo.processInfo.activeProcessorCount, data.count))
    let shared = Shared(workers: workers)
    withoutActuallyEscaping(progress) { progress in
      let report = Report(call: progress)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        while let index = shared.next(below: data.count) {
          do {
            try observe(index, wanted) { id, tensor in
              shared.add(tensor.floats, to: id, 2 * worker + index % 2)
            }
            shared.finish { report.call($0) }
          } catch {
            shared.fail(error)
          }
        }
      }
    }
    return try shared.result()
  }

  private func observe(
    _ index: Int, _ wanted: Set<ValueID>, _ body: @escaping (ValueID, Tensor) -> Void
  ) throws {
    let sample = try data.sample(index)
    _ = try evaluator.run(sample) { id, tensor in
      if wanted.contains(id) { body(id, tensor) }
    }
  }

  /// The progress callback, called under the lock of `Shared`.
  private struct Report: @unchecked Sendable {
    let call: (Int) -> Void
  }

  /// Distributions over the samples of even and of odd index.
  struct Halves {
    var even: [ValueID: Histogram] = [:]
    var odd: [ValueID: Histogram] = [:]

    /// Over all samples.
    var merged: [ValueID: Histogram] {
      var all = even
      for (id, histogram) in odd { all[id, default: Histogram()].merge(histogram) }
      return all
    }
  }

  /// What the workers share: the next sample, and two sets of histograms for each worker.
  private final class Shared: @unchecked Sendable {
    private let lock = NSLock()
    private var taken = 0
    private var done = 0
    private var error: (any Error)?
    private var parts: [[ValueID: Histogram]]

    init(workers: Int) { parts = Array(repeating: [:], count: 2 * workers) }

    func next(below count: Int) -> Int? {
      lock.withLock {
        guard error == nil, taken < count else { return nil }
        taken += 1
        return taken - 1
      }
    }

    func finish(_ report: (Int) -> Void) {
      lock.withLock {
        done += 1
        report(done)
      }
    }

    func fail(_ error: any Error) { lock.withLock { self.error = self.error ?? error } }

    func add(_ values: [Float], to id: ValueID, _ part: Int) {
      var histogram = lock.withLock { parts[part].removeValue(forKey: id) } ?? Histogram()
      histogram.add(values)
      lock.withLock { parts[part][id] = histogram }
    }

    func result() throws -> Halves {
      if let error { throw error }
      var halves = Halves()
      for (index, part) in parts.enumerated() {
        for (id, histogram) in part {
          if index % 2 == 0 {
            halves.even[id, default: Histogram()].merge(histogram)
          } else {
            halves.odd[id, default: Histogram()].merge(histogram)
          }
        }
      }
      return halves
    }
  }
}

extension Graph {
  /// Tensors in the order of the inputs, by name.
  func named(_ tensors: [Tensor]) -> [String: Tensor] {
    Dictionary(zip(inputs.map { self[$0].name }, tensors)) { first, _ in first }
  }
}
