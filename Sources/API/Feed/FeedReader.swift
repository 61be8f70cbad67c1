// One stream of the feed: from where its reader stands to the latest event, and on from there.
//
// The snapshot, a resumption and catching up are one and the same: the store's rows after a place, page by page, each
// written when there is room for it. Nothing is between them and what comes live, since the reader's place decides what
// is next, wherever it is read from.

import HTTPServer
import Identity
import Storage

/// Writes one stream. Confined to its loop.
final class FeedReader {
  /// Rows read from the store at once: some 50 KiB of text, and a few tenths of a millisecond of a reading thread.
  private static let page = 256
  /// Events are handed over in pieces of about this size.
  private static let piece = 8 << 10

  private let issuer: Issuer
  private let feed: Feed
  private let stream: ResponseStream
  private let client: ClientRecord
  private let audiences: [[UInt8]]
  private let epoch: UInt32
  private let changes: Int
  /// Everything up to here was written, or isn't for this reader.
  private var cursor: Int64 = 0
  private var isCaughtUp = false
  private var buffer: [UInt8] = []

  init(_ issuer: Issuer, _ feed: Feed, _ stream: ResponseStream, for client: ClientRecord) {
    self.issuer = issuer
    self.feed = feed
    self.stream = stream
    self.client = client
    audiences = Self.audiences(of: client, issuer)
    epoch = issuer.snapshot.ring.epoch
    changes = feed.changes
  }

  /// Those registered for it; none: the configured one.
  private static func audiences(of client: ClientRecord, _ issuer: Issuer) -> [[UInt8]] {
    (client.audiences.isEmpty ? [issuer.policy.audience] : client.audiences).map { Array($0.utf8) }
  }

  /// Writes until the reader leaves, its client changes, or the store can't be read.
  /// - Parameter lastEventID: what the reader has, as it says.
  func run(after lastEventID: String?) async throws(StoreError) {
    feed.add(stream, epoch: epoch)
    defer { feed.remove(stream) }
    try await begin(after: lastEventID)
    while stream.isOpen, isStillMeant {
      if try await !step() { await stream.pause() }
    }
  }

  /// Whether the client is the one that authenticated, and the store the one whose events it knows.
  private var isStillMeant: Bool {
    if feed.changes == changes { return true }
    let snapshot = issuer.snapshot
    guard let record = snapshot.clients[client.id]?.record, record == client else { return false }
    return snapshot.ring.epoch == epoch && Self.audiences(of: client, issuer) == audiences
  }

  private func begin(after lastEventID: String?) async throws(StoreError) {
    // For programs that reconnect by themselves: after a second.
    stream.write(Array("retry: 1000\n\n".utf8))
    guard let lastEventID, !lastEventID.isEmpty else { return }
    if let position = FeedPosition(lastEventID), position.epoch == epoch, try await isKnown(position.sequence) {
      cursor = position.sequence
    } else {
      stream.write(FeedEvent.note("reset", at: FeedPosition(epoch: epoch, sequence: 0)))
    }
  }

  /// Whether there was such an event: another node may have sent it before this one has heard of it. The store keeps the
  /// last row in any case.
  private func isKnown(_ sequence: Int64) async throws(StoreError) -> Bool {
    if sequence <= feed.latest { return true }
    return try await !issuer.store.denials(after: sequence - 1, limit: 1).isEmpty
  }

  /// Goes one step towards the latest event; false when there is nothing to do for now.
  private func step() async throws(StoreError) -> Bool {
    guard stream.hasRoom else { return false }
    if let events = feed.events(after: cursor, limit: Self.page) {
      await write(events)
      cursor = events.last?.sequence ?? cursor
    } else {
      try await readPage()
    }
    if cursor >= feed.latest, !isCaughtUp || stream.isQuiet { note() }
    return cursor < feed.latest
  }

  /// Says that the reader has everything, and how far that is.
  private func note() {
    stream.write(
      FeedEvent.note(isCaughtUp ? "heartbeat" : "ready", at: FeedPosition(epoch: epoch, sequence: cursor)))
    isCaughtUp = true
  }

  private func readPage() async throws(StoreError) {
    // Rows up to here are durable, so that a page which is not full holds all of them.
    let known = feed.latest
    let rows = try await issuer.store.denials(after: cursor, limit: Self.page)
    let settled = issuer.authority.clock.moment().settled
    await write(rows.lazy.filter { $0.expiresAt > settled }.map { [epoch] in FeedEvent($0, epoch: epoch) })
    cursor = max(cursor, rows.last?.sequence ?? 0, rows.count < Self.page ? known : 0)
  }

  private func write(_ events: some Sequence<FeedEvent>) async {
    for event in events where isMeant(event) {
      buffer += event.bytes
      if buffer.count >= Self.piece { await flush() }
    }
    await flush()
  }

  private func flush() async {
    while stream.isOpen, !stream.hasRoom { await stream.pause() }
    stream.write(buffer)
    buffer.removeAll(keepingCapacity: true)
  }

  private func isMeant(_ event: FeedEvent) -> Bool {
    guard let audience = event.audience else { return true }
    return audiences.contains(audience)
  }
}
