import CEdgeHost
import Foundation
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

  /// The caller takes tasks from the front, workers from the back, whoever is ready the more.
  @Test(arguments: [2, 3]) func callersTasksAreTheFirst(threads: Int32) throws {
    let memory = try #require(edge_host_allocate(edge_host_pool_bytes(threads)))
    defer { edge_host_free(memory) }
    let pool = edge_host_pool_start(memory, threads)
    defer { edge_host_pool_stop(pool) }
    let tasks = 40
    let takers = UnsafeMutablePointer<Int32>.allocate(capacity: tasks)
    defer { takers.deallocate() }
    edge_host_pool_begin(pool)
    for _ in 0..<500 {
      takers.initialize(repeating: -1, count: tasks)
      edge_host_pool_run(
        pool, Int32(tasks),
        { context, index, thread in
          context?.assumingMemoryBound(to: Int32.self)[Int(index)] = thread
        }, takers)
      let callers = (0..<tasks).prefix { takers[$0] == 0 }.count
      let isCallersNoMore = (callers..<tasks).allSatisfy { takers[$0] > 0 && takers[$0] < threads }
      #expect(isCallersNoMore)
    }
    edge_host_pool_end(pool)
  }

  @Test func workersEndWithoutHavingWorked() throws {
    for threads in Int32(2)...6 {
      let memory = try #require(edge_host_allocate(edge_host_pool_bytes(threads)))
      edge_host_pool_stop(edge_host_pool_start(memory, threads))
      edge_host_free(memory)
    }
  }
}

/// Processors that control groups leave, from folders as the kernel shows them.
@Suite struct QuotaTests {
  @Test(
    arguments: [
      ("version 2", ["cpu.max": "150000 100000"], "0::/", 1),
      ("version 2, whole", ["cpu.max": "400000 100000"], "0::/", 4),
      ("version 2, below one", ["cpu.max": "10000 100000"], "0::/", 1),
      ("version 2, no quota", ["cpu.max": "max 100000"], "0::/", 0),
      (
        "the group's own", ["cpu.max": "max 100000", "a/b/cpu.max": "200000 100000"], "0::/a/b", 2
      ),
      ("that above", ["a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"], "0::/a/b", 3),
      ("a group that is not seen here", ["cpu.max": "200000 100000"], "0::/else/where", 2),
      (
        "version 1", ["cpu/a/cpu.cfs_quota_us": "250000", "cpu/a/cpu.cfs_period_us": "100000"],
        "5:memory:/\n4:cpu,cpuacct:/a\n3:cpuset:/b", 2
      ),
      (
        "version 1, no quota", ["cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"],
        "1:cpu:/", 0
      ),
      ("nothing", [:], "0::/", 0),
    ])
  func quotas(name: String, files: [String: String], groups: String, count: Int32) throws {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: root) }
    var all = ["proc/self/cgroup": groups]
    for (path, text) in files { all["sys/fs/cgroup/" + path] = text }
    for (path, text) in all {
      let file = root.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try (text + "\n").write(to: file, atomically: false, encoding: .utf8)
    }
    #expect(edge_cli_quota(root.path) == count)
    #expect(edge_cli_processors() >= 1)
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
