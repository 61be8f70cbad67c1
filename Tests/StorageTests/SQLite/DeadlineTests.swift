// The deadline of the writer's queue: it holds while a commit is stuck, and a job is either run or refused.
//
// A failure names its seed; `SIGNET_SEED=n swift test --filter DeadlineTests` plays that one again, as far as threads do.

import Glibc
import Reactor
import SQLite
import Testing
import Threads

@testable import Storage

@Suite struct DeadlineTests {
  /// Nobody else than the writer could tell before, and that one stands behind the gate.
  @Test func whoWaitsIsRefusedWhileACommitIsStuck() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite { $0.limits.deadline = 20 }
    let gate = await Gate(before: store)
    let tasks = ["ann", "bob", "cid"].map { name in Task { try await Self.addUser(name, store) } }
    for task in tasks { #expect(await failure(of: task) == .overloaded) }
    #expect(store.writer.waiting == 0)
    gate.open()
    #expect(try await store.users(after: "", limit: 9).isEmpty)
    // The watch begins anew, and lets pass who is in time; on a busy machine not the first may be.
    while await failure(of: Task { try await Self.addUser("ann", store) }) == .overloaded {}
    #expect(try await store.users(after: "", limit: 9).map(\.username) == ["ANN"])
  }

  /// A slow writer against one that refuses whoever waits: each job is committed once and told so, or never run.
  @Test func racingExpiryLosesNobody() async throws {
    let seed = getenv("SIGNET_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0..<1 << 32)
    print("the deadline's race: SIGNET_SEED=\(seed)")
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite { options in
      options.limits.deadline = 4
      options.limits.batch = 8
    }
    let isOver = Monitor(false)
    let refuser = Thread(name: "refuser") {
      var random = SeededRandom(seed: seed)
      while isOver.wait(milliseconds: Int.random(in: 0...1, using: &random), until: { $0 ? true : nil }) == nil {
        _ = store.writer.expire(now: monotonicMilliseconds() + Int.random(in: 0...8, using: &random))
      }
    }
    let group = EventLoopGroup(count: 2)
    let jobs = await Self.run(store, seed, group.loops)
    isOver.withLock { $0 = true }
    isOver.signal()
    refuser.join()
    group.stop()
    group.join()
    let texts = try await store.read { (database) throws(SQLiteError) in
      try database.statement("SELECT value FROM text WHERE value LIKE 'job %'").all { row in row.text(0) }
    }
    #expect(texts.sorted() == jobs.filter { $0.failure == nil }.map(\.text).sorted(), "seed \(seed)")
    for job in jobs { #expect(job.isPlausible, "\(job), seed \(seed)") }
    // Were it too tame, it would show nothing.
    for outcome in [nil, .overloaded, .exists("odd"), .failed("odd")] as [StoreError?] {
      #expect(jobs.contains { $0.failure == outcome }, "\(String(describing: outcome)), seed \(seed)")
    }
  }

  /// What became of a job.
  private struct Job: Sendable {
    let text: String
    let kind: Int
    var runs = 0
    var failure: StoreError?

    /// Once, or once more alone when a neighbour failed; a refused one at most with such a neighbour.
    var isPlausible: Bool {
      switch failure {
      case nil: kind < 8 && (1...2).contains(runs)
      case .overloaded: runs < 2
      case .exists("odd"): kind == 8 && (1...2).contains(runs)
      case .failed("odd"): kind == 9 && (1...2).contains(runs)
      default: false
      }
    }
  }

  /// Sixteen clients, half of them on each loop or on none, with 100 jobs each.
  private static func run(_ store: SQLiteStore, _ seed: UInt64, _ loops: [EventLoop]) async -> [Job] {
    await withTaskGroup(of: [Job].self) { group in
      for client in 0..<16 {
        let loop: (any TaskExecutor)? = client % 3 < 2 ? loops[client % 3] : nil
        group.addTask(executorPreference: loop) {
          var random = SeededRandom(seed: seed &+ UInt64(client) &+ 1)
          var jobs: [Job] = []
          for number in 0..<100 {
            let job = Job(text: "job \(client) \(number)", kind: Int.random(in: 0...9, using: &random))
            jobs.append(await run(job, pause: Int.random(in: 0...1, using: &random), store))
          }
          return jobs
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
  }

  private static func run(_ job: Job, pause: Int, _ store: SQLiteStore) async -> Job {
    let (runs, kind, text) = (Monitor(0), job.kind, job.text)
    var job = job
    do {
      try await store.writer.write { (database) throws(StoreError) in
        // A writer that takes its time.
        _ = runs.wait(milliseconds: pause) { _ in nil as Bool? }
        runs.withLock { $0 += 1 }
        if kind == 8 { throw .exists("odd") }
        if kind == 9 { throw .failed("odd") }
        try database.attempt { () throws(SQLiteError) in
          // A second time it would break the table's rule.
          try database.statement("INSERT INTO text (value) VALUES (?)").run(.text(text))
        }
      }
    } catch { job.failure = error }
    job.runs = runs.withLock { $0 }
    return job
  }

  private static func addUser(_ name: String, _ store: SQLiteStore) async throws {
    try await store.addUser(World.newUser(name), now: World.start, context: World.context)
  }
}
