// What is refused though it hasn't expired: the store's rows, mirrored in memory once for every event loop.
//
// The store's writer brings each new row here after its COMMIT and before whoever asked for it hears of that; so a token is
// refused on every loop from the moment at which the answer to a logout leaves. Until the rows have been read at start, and
// when there are more than memory has room for, what isn't found here is asked of the store.

package import Storage
import Synchronization
package import Telemetry
import Threads

/// The process's denylist.
package final class Denylist: Sendable {
  /// What memory knows of a token.
  package enum Verdict: Sendable {
    case denied, allowed
    /// Only the store can tell.
    case unknown
  }

  /// Rows that are read at once at start.
  private static let page = 4096

  private let store: any Store
  private let table: DenialTable
  /// Whether every row of the store is in the table.
  private let isWhole = Atomic<Bool>(false)
  private let state = Monitor(State())
  private let counters: [Counter]

  /// What its writers, one at a time, know.
  private struct State {
    var news = DenialNews()
    /// Whether the writer of the store tells of what is new.
    var isFollowing = false
    /// When the last of those expires for which there was no room.
    var lackingUntil: Int64?
  }

  package init(_ store: any Store, _ metrics: Metrics, table: DenialTable = DenialTable()) {
    (self.store, self.table) = (store, table)
    counters = ["session", "token", "key"].map { kind in
      metrics.counter("signet_denials_total", "What was denied before it expired.", labels: [("kind", kind)])
    }
    metrics.gauge("signet_denylist_entries", "Sessions and tokens that are refused from memory.") {
      Double(table.count)
    }
    metrics.gauge("signet_denylist_whole", "Whether memory has every row; 0: what it lacks is asked of the store.") {
      [weak self] in self?.isWhole.load(ordering: .relaxed) == true ? 1 : 0
    }
  }

  /// What memory knows of a token.
  package func verdict(on token: DeniableToken) -> Verdict {
    // Before the table is read: rows that come later are nobody's yet.
    let isWhole = isWhole.load(ordering: .acquiring)
    if table.contains(token) { return .denied }
    return isWhole ? .allowed : .unknown
  }

  /// Whether a token is denied. Waits only where the store has to be asked.
  package func isDenied(_ token: DeniableToken) async throws(StoreError) -> Bool {
    switch verdict(on: token) {
    case .denied: true
    case .allowed: false
    case .unknown: try await store.isDenied(token)
    }
  }

  /// Reads the rows, the first time; then takes over what other processes have denied.
  package func heed() async throws(StoreError) {
    if state.withLock({ $0.isFollowing }) { return try await store.announceDenials() }
    var last: Int64 = 0
    while true {
      let rows = try await store.denials(after: last, limit: Self.page)
      state.withLock { take(rows, &$0) }
      last = rows.last?.sequence ?? last
      if rows.count < Self.page { break }
    }
    state.withLock { [last] in $0.news.begin(after: last) }
    // What has been added meanwhile is told before this returns.
    try await store.followDenials(after: last) { [weak self] rows in self?.receive(rows) }
    let waiting = state.withLock { state in
      state.isFollowing = true
      if state.lackingUntil == nil { isWhole.store(true, ordering: .releasing) }
      return state.news.waiting
    }
    for signal in waiting { signal.yield() }
  }

  /// On the store's writer, which must not wait.
  private func receive(_ rows: [Denial]) {
    let waiting = state.withLock { state in
      take(rows, &state)
      state.news.add(rows)
      return state.news.waiting
    }
    for row in rows { counters[row.subject.number - 1].add() }
    for signal in waiting { signal.yield() }
  }

  private func take(_ rows: [Denial], _ state: inout State) {
    for row in rows where !insert(row) {
      isWhole.store(false, ordering: .releasing)
      state.lackingUntil = max(state.lackingUntil ?? 0, row.expiresAt)
    }
  }

  /// False when there is no room. A key that is revoked is gone from the ring: what it signed is nobody's token.
  private func insert(_ row: Denial) -> Bool {
    switch row.subject {
    case .session(let id, let validFrom):
      table.insert(.session, id, validFrom: validFrom ?? 0, expiresAt: row.expiresAt)
    case .token(let id): table.insert(.token, id, validFrom: 0, expiresAt: row.expiresAt)
    case .key: true
    }
  }

  /// Forgets what expired before `before`. A shard at a time, lest the store's writer waits for all of them.
  package func removeExpired(before: Int64) {
    for shard in 0..<DenialTable.shards {
      state.withLock { _ in table.removeExpired(ofShard: shard, before: before) }
    }
    state.withLock { state in
      guard let lacking = state.lackingUntil, lacking < before else { return }
      state.lackingUntil = nil
      if state.isFollowing { isWhole.store(true, ordering: .releasing) }
    }
  }
}

extension Denylist {
  /// The last row that memory has; 0 before the first.
  package var latest: Int64 { state.withLock { $0.news.latest } }

  /// Gives `take` every row after `sequence`, of every process, in order and each once, until the task is cancelled or
  /// `take` throws. The store's writer only signals: however slow `take` is, it delays nobody else.
  package func follow(
    after sequence: Int64, limit: Int = 256, _ take: ([Denial]) async throws -> Void
  ) async rethrows {
    let (number, signals) = state.withLock { $0.news.join() }
    defer { state.withLock { $0.news.leave(number) } }
    var (last, signal) = (sequence, signals.makeAsyncIterator())
    while !Task.isCancelled {
      guard let rows = try? await rows(after: last, limit: limit) else {
        // The store is busy or closing, and nothing tells when it answers again.
        try? await Task.sleep(for: .seconds(1))
        continue
      }
      if let row = rows.last {
        last = row.sequence
        try await take(rows)
      } else if await signal.next() == nil {
        return
      }
    }
  }

  /// Calls `body` whenever there may be something new, and once at first, until the task is cancelled.
  package func watch(_ body: () -> Void) async {
    let (number, signals) = state.withLock { $0.news.join() }
    defer { state.withLock { $0.news.leave(number) } }
    body()
    for await _ in signals { body() }
  }

  /// The rows after `sequence`; nil when memory doesn't reach back so far.
  package func recent(after sequence: Int64) -> [Denial]? {
    state.withLock { $0.news.rows(after: sequence, limit: .max) }
  }

  /// From memory where it reaches back so far.
  private func rows(after sequence: Int64, limit: Int) async throws(StoreError) -> [Denial] {
    if let rows = state.withLock({ $0.news.rows(after: sequence, limit: limit) }) { return rows }
    return try await store.denials(after: sequence, limit: limit)
  }
}
