// Holds a store's writer still, so that a test decides what stands in one batch. Nothing is slept for.

import Threads

@testable import Storage

/// A closed gate in front of a store's writer.
final class Gate: Sendable {
  private let isOpen = Monitor(false)
  private let isReached = Monitor(false)
  private let store: SQLiteStore

  /// Returns once the writer stands before the gate. The tests' few threads mustn't be blocked meanwhile.
  init(before store: SQLiteStore) async {
    self.store = store
    Task { [isOpen, isReached] in
      // Again when it waited too long for its turn: on a busy machine any job may.
      while !isReached.withLock({ $0 }) {
        try? await store.writer.write { _ in
          isReached.withLock { $0 = true }
          _ = isOpen.wait { $0 ? true : nil }
        }
      }
    }
    while !isReached.withLock({ $0 }) { await Self.pause() }
  }

  func open() {
    isOpen.withLock { $0 = true }
    isOpen.broadcast()
  }

  /// Starts `job`, and returns once it waits behind `count - 1` others.
  func queue<Result: Sendable>(
    _ count: Int, _ job: @escaping @Sendable (SQLiteStore) async throws -> Result
  ) async -> Task<Result, any Error> {
    let task = Task { [store] in try await job(store) }
    while store.writer.waiting < count { await Self.pause() }
    return task
  }

  /// Gives way for long enough that whoever is waited for gets its processor and its locks.
  private static func pause() async { try? await Task.sleep(for: .milliseconds(1)) }
}

/// What became of a task.
func failure<Result: Sendable>(of task: Task<Result, any Error>) async -> StoreError? {
  do {
    _ = try await task.value
    return nil
  } catch { return error as? StoreError ?? .failed("\(error)") }
}
