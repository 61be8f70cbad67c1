// The feed on one event loop: the latest denials, rendered once for all of the loop's streams.
//
// Whoever has fallen behind what is kept here reads on from the store, which is the feed's memory: so no stream has a
// queue of its own, however slow its reader is; nor has the loop, which is only told that there is something new and then
// takes what the denylist still has.

import HTTPServer
import Identity
import Storage

/// One loop's part of the feed of revocations. Confined to its loop.
package final class Feed {
  /// Events kept, at least: those of the last moments, for readers whose sockets are full at the moment.
  private static let kept = 1000

  let hub: FeedHub
  private let tell: @Sendable () -> Void
  private var listener: FeedHub.Listener?
  private var denylist: Denylist?
  private var streams: [ObjectIdentifier: ResponseStream] = [:]
  /// Every published event after `base`, oldest first.
  private var recent: [FeedEvent] = []
  private var base: Int64 = 0
  /// The last event that the loop was told of.
  private(set) var latest: Int64 = 0
  /// The epoch of the store that the events are of.
  private(set) var epoch: UInt32 = 0
  /// Rises when clients may have changed.
  private(set) var changes = 0

  /// - Parameter tell: has `take` called on this feed's loop.
  package init(_ hub: FeedHub, _ tell: @escaping @Sendable () -> Void) {
    self.hub = hub
    self.tell = tell
  }

  /// Has the loop's streams read what is new.
  package func take() {
    // What was under way when the last stream ended comes without a listener.
    guard listener != nil, let denylist else { return }
    if let denials = denylist.recent(after: latest) {
      recent += denials.map { FeedEvent($0, epoch: epoch) }
      latest = denials.last?.sequence ?? latest
    } else {
      // More at once than memory holds, as when a client's sessions end: that is read from the store.
      // Asked once: rows that come in between would be in neither.
      latest = denylist.latest
      (base, recent) = (latest, [])
    }
    if recent.count > 2 * Self.kept {
      let dropped = recent.count - Self.kept
      base = recent[dropped - 1].sequence
      recent.removeFirst(dropped)
    }
    wakeAll()
  }

  /// Has every stream look whether its client is still what it was.
  func clientsChanged() {
    changes += 1
    wakeAll()
  }

  private func wakeAll() { for stream in streams.values { stream.wake() } }

  /// Has a stream woken when there is something new.
  func add(_ stream: ResponseStream, epoch: UInt32) {
    streams[ObjectIdentifier(stream)] = stream
    guard listener == nil else { return }
    self.epoch = epoch
    (listener, denylist) = hub.listen(tell)
    // After that: what comes from here on is told of.
    latest = denylist?.latest ?? 0
    (base, recent) = (latest, [])
  }

  func remove(_ stream: ResponseStream) {
    streams[ObjectIdentifier(stream)] = nil
    guard streams.isEmpty, let listener else { return }
    hub.ignore(listener)
    self.listener = nil
    recent = []
  }

  /// Some of the events after one of them, at most `limit`; nil when they are no longer kept here.
  func events(after sequence: Int64, limit: Int) -> ArraySlice<FeedEvent>? {
    guard sequence >= base else { return nil }
    var (low, high) = (0, recent.count)
    while low < high {
      let middle = (low + high) / 2
      if recent[middle].sequence <= sequence { low = middle + 1 } else { high = middle }
    }
    return recent[low...].prefix(limit)
  }
}
