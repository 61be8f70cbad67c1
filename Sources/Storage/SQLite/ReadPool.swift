// Reader threads, each with a connection of its own: in WAL mode they see the last commit and never wait for the writer.

import SQLite
import Threads

/// The queue in front of the reader threads.
final class ReadPool: Sendable {
  private struct Job: Sendable {
    let run: @Sendable (Database) -> Void
    let fail: @Sendable (StoreError) -> Void
  }

  private struct State {
    var jobs: [Job] = []
    var isClosed = false
  }

  /// Reads waiting; one more is refused at once.
  private static let limit = 4096
  private let state = Monitor(State())

  /// Runs `body` on a reader thread.
  func read<Result: Sendable>(
    _ body: @escaping @Sendable (Database) throws(StoreError) -> Result
  ) async throws(StoreError) -> Result {
    let result: Swift.Result<Result, StoreError> = await withCheckedContinuation { continuation in
      enqueue(
        Job(
          run: { database in
            do throws(StoreError) {
              continuation.resume(returning: .success(try body(database)))
            } catch {
              continuation.resume(returning: .failure(error))
            }
          },
          fail: { continuation.resume(returning: .failure($0)) }))
    }
    return try result.get()
  }

  private func enqueue(_ job: Job) {
    let refusal: StoreError? = state.withLock { state in
      if state.isClosed { return .closed }
      if state.jobs.count >= Self.limit { return .overloaded }
      state.jobs.append(job)
      return nil
    }
    if let refusal { job.fail(refusal) } else { state.signal() }
  }

  /// Refuses further reads; the threads end after those that wait.
  func close() {
    state.withLock { $0.isClosed = true }
    state.broadcast()
  }

  /// A thread's body. It takes half of what waits, so that another thread which is idle finds the rest.
  func serve(_ database: Database) {
    while let jobs = nextJobs() {
      for job in jobs { job.run(database) }
    }
  }

  private func nextJobs() -> [Job]? {
    state.wait { state -> [Job]?? in
      if state.jobs.isEmpty { return state.isClosed ? .some(nil) : nil }
      let taken = Array(state.jobs.prefix((state.jobs.count + 1) / 2))
      state.jobs.removeFirst(taken.count)
      return .some(taken)
    }
  }
}
