// Moves the write-ahead log into the database on a thread and a connection of its own, so that the writer never waits
// for the database file's fsync.
//
// PASSIVE: it takes what no reader still needs and blocks nobody. When the writer outruns it, the writer does the rest
// by itself once the log is over its bound (see WriteQueue).

import SQLite
import Threads

/// The checkpoint thread's wake-up.
final class Checkpointer: Sendable {
  private struct State {
    var isDue = false
    var isClosed = false
  }

  private let state = Monitor(State())

  /// Asks for a checkpoint; several requests become one.
  func wake() {
    state.withLock { $0.isDue = true }
    state.signal()
  }

  /// Ends the thread.
  func close() {
    state.withLock { $0.isClosed = true }
    state.signal()
  }

  /// The thread's body.
  func serve(_ connection: Connection) {
    while isDue() {
      // A checkpoint that failed (a full disk) is tried again at the next wake; the log keeps everything meanwhile.
      _ = try? connection.checkpoint()
    }
  }

  private func isDue() -> Bool {
    state.wait { state -> Bool? in
      if state.isClosed { return false }
      guard state.isDue else { return nil }
      state.isDue = false
      return true
    }
  }
}
