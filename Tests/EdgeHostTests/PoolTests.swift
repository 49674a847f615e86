import CEdgeHost
import Testing

@Suite struct PoolTests {
  @Test(arguments: [1, 2, 3, 8], [1, 2, 7, 64, 1_000])
  func everyTaskRunsOnce(threads: Int32, tasks: Int32) throws {
    let bytes = edge_host_pool_bytes(threads)
    #expect(bytes % 64 == 0)
    #expect((bytes == 0) == (threads == 1))
    let memory = try #require(edge_host_allocate(max(bytes, 64)))
    defer { edge_host_free(memory) }
    let pool = edge_host_pool_start(memory, threads)
    #expect((pool == nil) == (threads == 1))
    defer { edge_host_pool_stop(pool) }
    let counts = UnsafeMutablePointer<UInt32>.allocate(capacity: Int(tasks))
    defer { counts.deallocate() }
    for run in 0..<200 {
      counts.initialize(repeating: 0, count: Int(tasks))
      if run % 10 == 0 { edge_host_pool_begin(pool) }
      edge_host_pool_run(
        pool, tasks,
        { context, index, thread in
          guard let counts = context?.assumingMemoryBound(to: UInt32.self) else { return }
          // Distinct tasks write distinct words; a task run twice shows as 2.
          counts[Int(index)] += thread >= 0 ? 1 : 100
        }, counts)
      if run % 10 == 9 { edge_host_pool_end(pool) }
      let isOnceEach = (0..<Int(tasks)).allSatisfy { counts[$0] == 1 }
      #expect(isOnceEach, "run \(run)")
    }
  }

  @Test func workersEndWithoutHavingWorked() throws {
    for threads in Int32(2)...6 {
      let memory = try #require(edge_host_allocate(edge_host_pool_bytes(threads)))
      edge_host_pool_stop(edge_host_pool_start(memory, threads))
      edge_host_free(memory)
    }
  }
}

@Suite struct MemoryTests {
  @Test(arguments: [0, 1, 63, 64, 65, 4_097])
  func blocksAreAlignedAndZero(bytes: Int) throws {
    let block = try #require(edge_host_allocate(bytes))
    defer { edge_host_free(block) }
    #expect(UInt(bitPattern: block) % 64 == 0)
    #expect(UnsafeRawBufferPointer(start: block, count: bytes).allSatisfy { $0 == 0 })
  }

  @Test func impossibleSizesGiveNull() {
    #expect(edge_host_allocate(Int.max) == nil)
  }

  @Test(arguments: [("/", "Is a directory"), ("/dev/null", "Not a regular file")])
  func onlyRegularFilesAreMapped(path: String, reason: String) {
    var bytes: UnsafeRawPointer?
    var size = 0
    let code = edge_host_map_file(path, &bytes, &size)
    #expect(String(cString: edge_host_error_text(code)) == reason)
    #expect(bytes == nil)
  }
}
