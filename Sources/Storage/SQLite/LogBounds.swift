// What the writer does about the write-ahead log after a batch: nothing, wake the checkpoint thread, do the last little of
// a checkpoint by itself, or go slower until the thread has caught up.
//
// A whole checkpoint of a log of 64 MiB by the writer would stop every refresh for as long as the disk takes. So the bulk
// is the thread's, always; and a log that outgrows it slows the writer in proportion, which costs each batch
// milliseconds and lets the passes get shorter until what is left after one is small.

/// Bounds of the write-ahead log, in frames of 4 KiB.
package struct LogBounds: Sendable {
  /// Wakes the checkpoint thread.
  package var checkpoint = 1000
  /// From here on the writer does what a pass has left, when that is at most `remainder`, so that the log begins anew.
  package var finish = 4000
  /// 1 MiB: some milliseconds of the disk.
  package var remainder = 256
  /// From here on the writer pauses after each batch: 64 MiB.
  package var slow = 16_384
  /// Beyond this the checkpoint thread is stuck, and the writer does everything by itself: 256 MiB.
  package var most = 65_536
  /// The longest pause, in milliseconds, reached at twice `slow`.
  package var pause = 10

  package init() {}

  /// What is to be done.
  enum Act: Equatable {
    case nothing
    case wake
    /// A checkpoint by the writer itself.
    case checkpoint
    /// Wakes the checkpoint thread and pauses for so many milliseconds.
    case slow(Int)
  }

  /// - Parameters:
  ///   - frames: how long the log is.
  ///   - done: how much of it the latest pass left in the database; nil while a pass runs.
  func act(frames: Int, done: Int?) -> Act {
    if frames >= most { return .checkpoint }
    if frames >= finish, let done, frames - done <= remainder { return .checkpoint }
    if frames >= slow { return .slow(1 + min(pause - 1, (pause - 1) * (frames - slow) / slow)) }
    return frames >= checkpoint ? .wake : .nothing
  }
}
