// The latest rows of the denylist, and who waits for more.

import Storage

/// The end of the denylist, as far as memory keeps it for those who follow.
struct DenialNews {
  /// Rows kept, at least: who is further behind reads the store.
  static let kept = 1024

  private var recent: [Denial] = []
  /// The last row before the recent ones; nil until the store tells of new rows.
  private var before: Int64?
  private var signals: [Int: AsyncStream<Void>.Continuation] = [:]
  private var number = 0

  /// The last row; 0 before the first.
  var latest: Int64 { recent.last?.sequence ?? before ?? 0 }

  /// From here on rows are added.
  mutating func begin(after sequence: Int64) { (recent, before) = ([], sequence) }

  /// - Parameter rows: in their order; those that are known are passed over.
  mutating func add(_ rows: [Denial]) {
    let latest = latest
    let new = rows.drop { $0.sequence <= latest }
    // Of many at once only what is kept is copied.
    if new.count > Self.kept, let last = new.dropLast(Self.kept).last {
      (before, recent) = (last.sequence, Array(new.suffix(Self.kept)))
      return
    }
    recent += new
    guard recent.count > 2 * Self.kept else { return }
    before = recent[recent.count - Self.kept - 1].sequence
    recent.removeFirst(recent.count - Self.kept)
  }

  /// The rows after `sequence`; nil when memory doesn't reach back so far.
  func rows(after sequence: Int64, limit: Int) -> [Denial]? {
    guard let before, sequence >= before else { return nil }
    return Array(recent.drop { $0.sequence <= sequence }.prefix(limit))
  }

  /// Whom to signal that there is more.
  var waiting: [AsyncStream<Void>.Continuation] { Array(signals.values) }

  /// A stream that has an element whenever there may be more than was read before; and the number to leave by.
  mutating func join() -> (number: Int, signals: AsyncStream<Void>) {
    number += 1
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    signals[number] = continuation
    return (number, stream)
  }

  mutating func leave(_ number: Int) { signals.removeValue(forKey: number)?.finish() }
}
