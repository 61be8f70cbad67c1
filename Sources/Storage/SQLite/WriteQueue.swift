// The one writer: a thread which takes everything that is queued, runs it in one transaction, commits once, and only
// then answers.
//
// No timer: alone, a job commits at once; under load the batch is whatever arrived during the last commit. A batch that
// can't be committed is rolled back whole, then tried job by job where the fault may be one job's own; otherwise every
// waiter is told. So nothing is acknowledged that isn't durable. Since a batch shares one transaction, a job may throw
// `.exists` or `.missing` only before its first write.

import Glibc
import SQLite
import Telemetry
import Threads

/// Bounds of the writer.
package struct WriteLimits: Sendable {
  /// Jobs waiting; one more is refused at once.
  package var queue = 4096
  /// Jobs in one transaction: more would lengthen the first one's wait without saving much.
  package var batch = 256
  /// A job which waited longer is refused without being run, in milliseconds.
  package var deadline = 5000
  /// Frames (4 KiB each) in the write-ahead log which wake the checkpoint thread.
  package var checkpointFrames = 1000
  /// Frames beyond which the writer checkpoints by itself before going on: 64 MiB.
  package var maximumFrames = 16_384

  package init() {}
}

/// The queue in front of the writer's thread.
final class WriteQueue: Sendable {
  /// Runs a job and gives what is to be called once its transaction is durable, or wasn't.
  struct Job: Sendable {
    let queuedAt: Int
    let run: @Sendable (Database) throws(StoreError) -> @Sendable (StoreError?) -> Void
    let fail: @Sendable (StoreError) -> Void
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
  }

  private let state = Monitor(State())
  private let limits: WriteLimits
  private let batches: Counter
  private let written: Counter
  private let failures: Counter

  init(limits: WriteLimits, metrics: Metrics) {
    self.limits = limits
    batches = metrics.counter("signet_store_batches_total", "Transactions the writer committed.")
    written = metrics.counter("signet_store_writes_total", "Operations in the transactions that were committed.")
    failures = metrics.counter("signet_store_failures_total", "Transactions that could not be committed.")
  }

  /// Queues `body`, and returns what it returned once that is durable.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
  ) async throws(StoreError) -> Result {
    let result: Swift.Result<Result, StoreError> = await withCheckedContinuation { continuation in
      enqueue(
        Job(
          queuedAt: monotonicMilliseconds(),
          run: { (database) throws(StoreError) in
            let value = try body(database)
            return { continuation.resume(returning: $0.map { .failure($0) } ?? .success(value)) }
          },
          fail: { continuation.resume(returning: .failure($0)) }))
    }
    return try result.get()
  }

  private func enqueue(_ job: Job) {
    let refusal: StoreError? = state.withLock { state in
      if state.isClosed { return .closed }
      if state.jobs.count >= limits.queue { return .overloaded }
      state.jobs.append(job)
      return nil
    }
    if let refusal { job.fail(refusal) } else { state.signal() }
  }

  /// Jobs that nobody has begun yet.
  var waiting: Int { state.withLock { $0.jobs.count } }

  /// Refuses further jobs; the thread ends after those that wait.
  func close() {
    state.withLock { $0.isClosed = true }
    state.broadcast()
  }

  /// The thread's body: batches until closed and empty.
  func serve(_ database: Database, checkpointer: Checkpointer) {
    while let batch = nextBatch() {
      run(batch, database)
      let frames = database.connection.logFrames
      if frames >= limits.maximumFrames {
        _ = try? database.connection.checkpoint()
      } else if frames >= limits.checkpointFrames {
        checkpointer.wake()
      }
    }
  }

  private func nextBatch() -> [Job]? {
    state.wait { state -> [Job]?? in
      if state.jobs.isEmpty { return state.isClosed ? .some(nil) : nil }
      let batch = Array(state.jobs.prefix(limits.batch))
      state.jobs.removeFirst(batch.count)
      return .some(batch)
    }
  }

  private func run(_ batch: [Job], _ database: Database) {
    let oldest = monotonicMilliseconds() - limits.deadline
    let live = batch.filter { $0.queuedAt >= oldest }
    for job in batch where job.queuedAt < oldest { job.fail(.overloaded) }
    guard !live.isEmpty else { return }
    var completions: [@Sendable (StoreError?) -> Void] = []
    completions.reserveCapacity(live.count)
    do throws(StoreError) {
      try database.transaction { (database) throws(StoreError) in
        for job in live { completions.append(try Self.attempt(job, database)) }
      }
      for complete in completions { complete(nil) }
      batches.add()
      written.add(live.count)
    } catch {
      failures.add()
      // What one job ran into, a constraint say, mustn't be its neighbours' end: each once more, alone.
      if case .failed = error, live.count > 1 {
        for job in live { run([job], database) }
      } else {
        for complete in completions { complete(error) }
        for job in live[completions.count...] { job.fail(error) }
      }
    }
  }

  /// A job's refusal is its own; a failure of the store is everybody's.
  private static func attempt(
    _ job: Job, _ database: Database
  ) throws(StoreError) -> @Sendable (StoreError?) -> Void {
    do {
      return try job.run(database)
    } catch {
      switch error {
      // It may rest on what an earlier job of a batch has written that is undone now.
      case .exists, .missing: return { job.fail($0 ?? error) }
      default: throw error
      }
    }
  }
}

/// Milliseconds of a clock that never jumps.
func monotonicMilliseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
}
