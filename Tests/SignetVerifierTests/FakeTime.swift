// Clocks that tests turn: sleepers wake when enough has passed, so a day takes no time.

import SignetVerifier
import Threads

/// Both clocks of a verifier.
final class FakeTime: TimeSource {
  private struct State {
    var now: Int64 = 1_700_000_000
    var elapsed: Int64 = 1_000_000
    var sleepers: [Int: (until: Int64, waiter: CheckedContinuation<Void, Never>)] = [:]
    var tickets = 0
  }

  private let state = Monitor(State())

  var now: Int64 { state.withLock { $0.now } }
  var elapsed: Int64 { state.withLock { $0.elapsed } }
  /// When the next sleeper wakes, in milliseconds from now.
  var nextWaking: Int64? { state.withLock { state in state.sleepers.values.map { $0.until - state.elapsed }.min() } }

  /// Lets time pass, and wakes whoever slept for it.
  func pass(seconds: Int64) { pass(milliseconds: seconds * 1000) }

  /// Lets time pass, and wakes whoever slept for it.
  func pass(milliseconds: Int64) {
    let woken = state.withLock { state -> [CheckedContinuation<Void, Never>] in
      state.now += milliseconds / 1000
      state.elapsed += milliseconds
      let due = state.sleepers.filter { $0.value.until <= state.elapsed }
      for ticket in due.keys { state.sleepers[ticket] = nil }
      return due.values.map(\.waiter)
    }
    for waiter in woken { waiter.resume() }
  }

  /// Lets time pass while the machine sleeps: nobody wakes for what fell into it.
  func passAsleep(seconds: Int64) {
    state.withLock { state in
      state.now += seconds
      state.elapsed += seconds * 1000
      for ticket in state.sleepers.keys { state.sleepers[ticket]?.until += seconds * 1000 }
    }
  }

  /// Somebody sets the wall clock.
  func jump(seconds: Int64) { state.withLock { $0.now += seconds } }

  func sleep(milliseconds: Int64) async {
    let ticket = state.withLock { state in
      state.tickets += 1
      return state.tickets
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let isOver = state.withLock { state in
          if Task.isCancelled || milliseconds <= 0 { return true }
          state.sleepers[ticket] = (state.elapsed + milliseconds, waiter)
          return false
        }
        if isOver { waiter.resume() }
      }
    } onCancel: {
      state.withLock { $0.sleepers.removeValue(forKey: ticket)?.waiter }?.resume()
    }
  }
}
