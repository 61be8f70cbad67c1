// The one writer: a thread which takes everything that is queued, runs it in one transaction, commits once, and only
// then answers.
//
// No timer: alone, a job commits at once; under load the batch is whatever arrived during the last commit. A batch that
// can't be committed is rolled back whole, then tried job by job where the fault may be one job's own; otherwise every
// waiter is told. So nothing is acknowledged that isn't durable. Since a batch shares one transaction, a job may throw
// `.exists` or `.missing` only before its first write.
//
// A commit may be stuck for as long as the disk is. Who waits behind it is refused at the deadline, from another thread;
// under the lock a job leaves the queue either to the writer or to that refusal. Who is in the commit waits for it:
// it may be durable yet, so a refusal would be a guess.

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
  /// A job which waited longer for its turn is refused without being run, in milliseconds.
  package var deadline = 5000
  package var log = LogBounds()

  package init() {}
}

/// The queue in front of the writer's thread.
final class WriteQueue: Sendable {
  private struct State {
    var jobs: [WriteJob] = []
    var isClosed = false
    /// Whether a task sees to it that nobody waits past the deadline.
    var isWatched = false
  }

  private let state = Monitor(State())
  private let limits: WriteLimits
  private let batches: Counter
  private let written: Counter
  private let failures: Counter
  private let slowed: Counter

  init(limits: WriteLimits, metrics: Metrics) {
    self.limits = limits
    batches = metrics.counter("signet_store_batches_total", "Transactions the writer committed.")
    written = metrics.counter("signet_store_writes_total", "Operations in the transactions that were committed.")
    failures = metrics.counter("signet_store_failures_total", "Transactions that could not be committed.")
    slowed = metrics.counter(
      "signet_store_slowed_total", "Pauses of the writer because the write-ahead log was over its bound.")
  }

  /// Queues `body`, and returns what it returned once that is durable.
  func write<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
  ) async throws(StoreError) -> Result {
    try await Write(body).outcome { job in enqueue(job) }
  }

  private func enqueue(_ job: WriteJob) {
    var isFirst = false
    let refusal: StoreError? = state.withLock { state in
      if state.isClosed { return .closed }
      if state.jobs.count >= limits.queue { return .overloaded }
      state.jobs.append(job)
      isFirst = !state.isWatched
      state.isWatched = true
      return nil
    }
    if isFirst { watch() }
    guard let refusal else { return state.signal() }
    job.fail(refusal)
    job.resume()
  }

  /// Refuses jobs as their deadlines pass, until none waits. One wake-up for each deadline's length, since those that come
  /// later are due later; and on no event loop, none of which has to do with the writer.
  private func watch() {
    Task {
      var pause: Int? = limits.deadline
      while let milliseconds = pause {
        try? await Task.sleep(for: .milliseconds(milliseconds))
        pause = expire()
      }
    }
  }

  /// Refuses those who have waited past the deadline; milliseconds until the next one will have, nil when none waits.
  func expire(now: Int = monotonicMilliseconds()) -> Int? {
    let (expired, pause) = state.withLock { state -> ([WriteJob], Int?) in
      let count = state.jobs.firstIndex { !isLate($0, now) } ?? state.jobs.count
      let expired = Array(state.jobs.prefix(count))
      state.jobs.removeFirst(count)
      state.isWatched = !state.jobs.isEmpty
      return (expired, state.jobs.first.map { $0.queuedAt + limits.deadline - now + 1 })
    }
    for job in expired { job.fail(.overloaded) }
    var waiters = Waiters()
    waiters.resume(expired[...])
    return pause
  }

  /// Those who waited too long are the first ones.
  private func isLate(_ job: WriteJob, _ now: Int) -> Bool { job.queuedAt < now - limits.deadline }

  /// Jobs that nobody has begun yet.
  var waiting: Int { state.withLock { $0.jobs.count } }

  /// Refuses further jobs; the thread ends after those that wait.
  func close() {
    state.withLock { $0.isClosed = true }
    state.broadcast()
  }

  /// The thread's body: batches until closed and empty.
  func serve(_ database: Database, checkpointer: Checkpointer) {
    // Their storage is used again for each batch.
    var batch: [WriteJob] = []
    var waiters = Waiters()
    var frames = 0
    batch.reserveCapacity(limits.batch)
    while takeBatch(&batch) {
      run(batch[...], database, &waiters)
      batch.removeAll(keepingCapacity: true)
      heedLog(database.connection, checkpointer, &frames)
    }
  }

  /// Keeps the write-ahead log within its bounds.
  private func heedLog(_ connection: Connection, _ checkpointer: Checkpointer, _ frames: inout Int) {
    if connection.logFrames < frames { checkpointer.restart() }
    frames = connection.logFrames
    switch limits.log.act(frames: frames, done: frames < limits.log.finish ? nil : checkpointer.done) {
    case .nothing: break
    case .wake: checkpointer.wake()
    case .checkpoint: _ = try? connection.checkpoint()
    case .slow(let milliseconds):
      checkpointer.wake()
      slowed.add()
      // A pause is what is wanted here: nobody is to be waited for.
      usleep(UInt32(milliseconds) * 1000)
    }
  }

  /// Moves what is queued into `batch`, which is empty; false when there will be nothing more.
  private func takeBatch(_ batch: inout [WriteJob]) -> Bool {
    state.wait { state -> Bool? in
      if state.jobs.isEmpty { return state.isClosed ? false : nil }
      if state.jobs.count <= limits.batch {
        swap(&state.jobs, &batch)
      } else {
        batch.append(contentsOf: state.jobs.prefix(limits.batch))
        state.jobs.removeFirst(limits.batch)
      }
      return true
    }
  }

  private func run(_ batch: ArraySlice<WriteJob>, _ database: Database, _ waiters: inout Waiters) {
    let now = monotonicMilliseconds()
    let live = batch.drop { isLate($0, now) }
    for job in batch[..<live.startIndex] { job.fail(.overloaded) }
    waiters.resume(batch[..<live.startIndex])
    guard !live.isEmpty else { return }
    do throws(StoreError) {
      let denials = try database.transaction { (database) throws(StoreError) in
        for job in live { try Self.attempt(job, database) }
        return try database.newDenials()
      }
      batches.add()
      written.add(live.count)
      // First: whoever hears that a session has ended finds its tokens refused.
      answer(live, failure { () throws(StoreError) in try database.tell(denials) }, &waiters)
    } catch {
      failures.add()
      // What one job ran into, a constraint say, mustn't be its neighbours' end: each once more, alone.
      if case .failed = error, live.count > 1 {
        for index in live.indices { run(live[index...index], database, &waiters) }
      } else {
        // A refusal too: it may rest on what an earlier job of the batch has written that is undone now.
        answer(live, error, &waiters)
      }
    }
  }

  private func answer(_ batch: ArraySlice<WriteJob>, _ failure: StoreError?, _ waiters: inout Waiters) {
    if let failure { for job in batch { job.fail(failure) } }
    waiters.resume(batch)
  }

  private func failure(of body: () throws(StoreError) -> Void) -> StoreError? {
    do throws(StoreError) {
      try body()
      return nil
    } catch {
      failures.add()
      return error
    }
  }

  /// A job's refusal is its own; a failure of the store is everybody's.
  private static func attempt(_ job: WriteJob, _ database: Database) throws(StoreError) {
    do {
      try job.perform(database)
    } catch {
      switch error {
      case .exists, .missing: job.fail(error)
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
