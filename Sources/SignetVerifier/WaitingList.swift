// Tasks that wait until something of a state under a lock has come about, each of which may be cancelled meanwhile.

import Threads

/// Those who wait. A value of the state; whoever brings about what they wait for empties it in the same moment, and resumes
/// them when the lock is free.
struct WaitingList {
  typealias Waiters = Dictionary<Int, CheckedContinuation<Void, Never>>.Values

  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var tickets = 0

  /// Those to be resumed, who wait no more.
  mutating func empty() -> Waiters {
    defer { waiters = [:] }
    return waiters.values
  }

  fileprivate mutating func ticket() -> Int {
    tickets += 1
    return tickets
  }

  fileprivate subscript(ticket: Int) -> CheckedContinuation<Void, Never>? {
    get { waiters[ticket] }
    set { waiters[ticket] = newValue }
  }
}

extension Monitor {
  /// Waits until the list is emptied, unless `isOver` already; throws when the task is cancelled.
  func wait(
    in list: any WritableKeyPath<Value, WaitingList> & Sendable, unless isOver: (Value) -> Bool
  ) async throws(VerificationError) {
    let ticket = withLock { $0[keyPath: list].ticket() }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let goesOn = withLock { state in
          // The handler below runs after the mark that is read here, so one of the two finds the waiter.
          guard !isOver(state), !Task.isCancelled else { return true }
          state[keyPath: list][ticket] = waiter
          return false
        }
        if goesOn { waiter.resume() }
      }
    } onCancel: {
      withLock { state in
        defer { state[keyPath: list][ticket] = nil }
        return state[keyPath: list][ticket]
      }?.resume()
    }
    if Task.isCancelled { throw .cancelled }
  }
}
