// The bounded way from everyone who logs to the one thread that writes.
//
// Appending copies the lines into a ring of bytes under a short lock and never touches the descriptor: a blocked
// standard error fills the ring, then lines are dropped whole and counted, and nobody waits. When room is back,
// one line says how many were lost. The monitor protects the ring; writing happens outside it, in `LogWriter`.

import Glibc
import Threads

/// A ring of log lines with its own writing thread.
package final class LogRing: Sendable {
  private let state: Monitor<LogRingState>
  private let thread: Thread

  /// Makes the ring and starts its thread, "signet-log".
  /// - Parameters:
  ///   - capacity: bytes held at most, 1 KiB at least.
  ///   - descriptor: where lines go; it stays the caller's and in the caller's blocking mode.
  ///   - notice: the line which tells how many were dropped, ending in a line feed.
  package init(
    capacity: Int = 1 << 20, descriptor: Int32 = 2, notice: @escaping @Sendable (Int) -> [UInt8] = LogLine.dropped
  ) {
    let state = Monitor(LogRingState(capacity: max(capacity, 1024)))
    self.state = state
    thread = Thread(name: "signet-log") { LogWriter(state: state, descriptor: descriptor, notice: notice).run() }
  }

  /// Takes whole lines, each ending in a line feed; drops all of them when they don't fit or the ring is closed.
  package func append(_ lines: [UInt8]) {
    let wake = state.withLock { $0.append(lines) }
    if wake { state.signal() }
  }

  /// Lines lost so far: no room, or a descriptor that can't be written any more.
  package var dropped: Int { state.withLock { $0.dropped } }

  /// Writes what is left, for `seconds` at most, and ends the thread. Call it once.
  package func close(seconds: Int = 2) {
    state.withLock { $0.close(seconds: seconds) }
    state.broadcast()
    // A writer stuck in the kernel after all is left behind: the process is ending, and must.
    let finished = state.wait(milliseconds: seconds * 1000 + 500) { $0.isFinished ? true : nil }
    if finished == true { thread.join() }
  }
}

/// The ring itself; whoever holds the monitor may touch it.
struct LogRingState: Sendable {
  private let capacity: Int
  /// As many of the ring's bytes as were written so far, from its front.
  private var bytes: [UInt8] = []
  private var head = 0
  private var count = 0
  private(set) var dropped = 0
  /// Lines dropped for want of room which no notice has told of yet.
  private var untold = 0
  private(set) var deadline: Int?
  var isFinished = false

  /// Room is kept, not filled: it costs what was ever used of it at a time, not a mebibyte of resident memory and
  /// 0.3 ms of every start.
  init(capacity: Int) {
    self.capacity = capacity
    bytes.reserveCapacity(capacity)
  }

  var isClosed: Bool { deadline != nil }
  var isEmpty: Bool { count == 0 }

  /// Returns whether the writer may be asleep and must be woken.
  mutating func append(_ lines: [UInt8]) -> Bool {
    guard !isClosed, lines.count <= capacity - count else {
      let lost = LogRingState.lines(lines[...])
      dropped += lost
      untold += lost
      return false
    }
    push(lines)
    return count == lines.count
  }

  /// Moves up to `limit` bytes into `chunk`, cut after a line feed if there is one.
  mutating func take(into chunk: inout [UInt8], limit: Int) {
    chunk.removeAll(keepingCapacity: true)
    let size = min(count, limit)
    let first = min(size, capacity - head)
    chunk.append(contentsOf: bytes[head..<head + first])
    chunk.append(contentsOf: bytes[0..<size - first])
    if size < count, let end = chunk.lastIndex(of: UInt8(ascii: "\n")) { chunk.removeSubrange((end + 1)...) }
    count -= chunk.count
    // Emptied, it begins again at the front, so that a quiet server stays with the memory it has.
    head = count == 0 ? 0 : (head + chunk.count) % capacity
  }

  /// Lays a notice of what was dropped behind the lines held, once there is room.
  mutating func tell(_ notice: (Int) -> [UInt8]) {
    guard untold > 0 else { return }
    let line = notice(untold)
    guard line.count <= capacity - count else { return }
    push(line)
    untold = 0
  }

  /// Counts lines which the descriptor refused; no notice, since that would be refused as well.
  mutating func lose(_ chunk: ArraySlice<UInt8>) { dropped += LogRingState.lines(chunk) }

  mutating func close(seconds: Int) { deadline = deadline ?? LogRingState.now() + seconds * 1000 }

  /// Milliseconds on the monotonic clock.
  static func now() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
  }

  private mutating func push(_ lines: [UInt8]) {
    let tail = (head + count) % capacity
    let first = min(lines.count, capacity - tail)
    bytes.replaceSubrange(tail..<min(tail + first, bytes.count), with: lines[..<first])
    bytes.replaceSubrange(0..<lines.count - first, with: lines[first...])
    count += lines.count
  }

  private static func lines(_ bytes: ArraySlice<UInt8>) -> Int {
    max(1, bytes.reduce(0) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 })
  }
}
