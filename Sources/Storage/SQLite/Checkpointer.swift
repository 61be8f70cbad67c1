// Moves the write-ahead log into the database on a thread and a connection of its own, so that the writer never waits
// for the database file's fsync.
//
// PASSIVE: it takes what no reader still needs and blocks nobody. While the writer goes on, each pass leaves what was
// written during it, and the log begins anew only once nothing is left: that last little is the writer's to do (see
// LogBounds).

import SQLite
import Threads

/// The checkpoint thread's work.
final class Checkpointer: Sendable {
  private enum Phase {
    case idle, due, running, closed
  }

  private struct State {
    var phase = Phase.idle
    var done = 0
  }

  private let state = Monitor(State())

  /// Asks for a pass; one that runs is let run.
  func wake() {
    state.withLock { if $0.phase == .idle { $0.phase = .due } }
    state.signal()
  }

  /// Frames of the log which the latest pass found, or made, part of the database; nil while one is due or runs.
  var done: Int? { state.withLock { $0.phase == .idle ? $0.done : nil } }

  /// The log begins anew.
  func restart() { state.withLock { $0.done = 0 } }

  /// Ends the thread.
  func close() {
    state.withLock { $0.phase = .closed }
    state.signal()
  }

  /// The thread's body.
  func serve(_ connection: Connection) {
    while isDue() {
      // A checkpoint that failed (a full disk) is tried again at the next wake; the log keeps everything meanwhile.
      let pass = try? connection.checkpoint()
      state.withLock { state in
        if state.phase == .running { state.phase = .idle }
        if let pass { state.done = max(0, pass.done) }
      }
    }
  }

  private func isDue() -> Bool {
    state.wait { state -> Bool? in
      switch state.phase {
      case .closed: return false
      case .due:
        state.phase = .running
        return true
      case .idle, .running: return nil
      }
    }
  }
}
