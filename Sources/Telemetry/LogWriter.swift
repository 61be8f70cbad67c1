// The thread behind a `LogRing`: takes lines out and writes them, however slow the descriptor is.
//
// The descriptor's blocking mode belongs to whoever shares it (a terminal, a supervisor's pipe), so it isn't changed.
// Instead the writer polls first and writes at most PIPE_BUF bytes: a pipe that polls writable has that much room, so
// the write can't block, and lines of several processes don't mix. Waiting in short steps lets `close` be heard.

import Glibc
import Threads

/// What the thread "signet-log" runs.
struct LogWriter {
  let state: Monitor<LogRingState>
  let descriptor: Int32
  let notice: @Sendable (Int) -> [UInt8]

  private static let chunkSize = 4096
  private static let stepMilliseconds: Int32 = 50

  func run() {
    var chunk: [UInt8] = []
    while state.wait(until: { $0.isEmpty ? ($0.isClosed ? false : nil) : true }) {
      state.withLock { $0.take(into: &chunk, limit: LogWriter.chunkSize) }
      let written = write(chunk)
      state.withLock { state in
        if written == chunk.count { state.tell(notice) } else { state.lose(chunk[written...]) }
      }
    }
    state.withLock { $0.isFinished = true }
    state.broadcast()
  }

  /// Returns how many bytes went out: fewer than all when the descriptor failed or the ring's deadline passed.
  private func write(_ chunk: [UInt8]) -> Int {
    var done = 0
    while done < chunk.count, waitForRoom() {
      let result = chunk.withUnsafeBytes { bytes in
        Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), chunk.count - done)
      }
      if result >= 0 {
        done += result
      } else if errno != EINTR, errno != EAGAIN {
        // EPIPE, ENOSPC and the like: these lines are lost, the next ones may find it mended. SIGPIPE is blocked here.
        return done
      }
    }
    return done
  }

  private func waitForRoom() -> Bool {
    while !isLate {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      // An error shows as an event too: the write then says which one.
      if poll(&entry, 1, LogWriter.stepMilliseconds) > 0 { return true }
    }
    return false
  }

  private var isLate: Bool {
    guard let deadline = state.withLock({ $0.deadline }) else { return false }
    return LogRingState.now() >= deadline
  }
}
