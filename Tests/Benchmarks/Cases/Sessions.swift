// Refresh with many sessions in the store, and the bytes that one takes. Those that are refreshed lie spread over all the
// others, since identifiers are random.

extension Case {
  static let sessions = Case(name: "sessions", about: "refresh with 1,000 and 100,000 sessions in the store") { _ in
    try sessions(1000) + sessions(100_000)
  }

  static let millions = Case(name: "millions", about: "refresh with 5,000,000 sessions in the store") { _ in
    try sessions(5_000_000)
  }

  /// Refreshes in a store with so many sessions; then the bare process does on the same database.
  private static func sessions(_ count: Int) throws -> [Figure] {
    let known = min(count, 2000)
    let store = try FilledStore(tokens: known, others: count - known)
    let server = try store.serve()
    let load = try Wrk.run(server.url, seconds: 8, script: RefreshLoad.script(store.tokens))
    let bare = try Bare(after: server).rate(seconds: 5)
    let name = "\(Figure.text(Double(count))) sessions in the store"
    let each = Figure(name: "\(name), each", value: store.bytesEach, unit: "bytes", target: .atMost(300))
    return load.figures(
      "refresh, \(name)", atLeast: (bare * 0.6).rounded(.up), p99: 15,
      limit: Figure.Limit(name: "read, sign, UPDATE and answer alone, there/s", value: bare))
      // Of few sessions most of the bytes are pages that aren't full yet.
      + (count < 100_000 ? [] : [each])
  }
}
