// A million sessions that are over: what those who refresh notice of their removal, and how long it takes.

import Foundation

extension Case {
  static let expiry = Case(name: "expiry", about: "refresh while 1,000,000 expired sessions are removed") { _ in
    let count = 1_000_000
    let name = "refresh while \(Figure.text(Double(count))) expired sessions are removed"
    let without = try refreshing(FilledStore(tokens: 1000, others: count), sweeps: false)
    // Over for a hundred days, so that no time that an ended session may be kept for matters.
    let past = "created_at - 100 * 86400000"
    let with = try refreshing(
      FilledStore(
        tokens: 1000, others: count,
        changes: ["idle_deadline": past, "absolute_deadline": past, "created_at": "\(past) - 1"]), sweeps: true)
    return with.load.figures(name, p99: max(15, without.load.percentile99)) + [
      Figure(name: "refresh beside as many live ones, p99", value: without.load.percentile99, unit: "ms"),
      Figure(name: "expired sessions left after 10 s", value: Double(with.left), unit: ""),
      Figure(
        name: "all of them removed at this pace in at most",
        value: 10 * Double(count) / Double(max(1, count - with.left)),
        unit: "s"),
    ]
  }

  /// Refreshes, from when the first of the others' sessions is gone on, if any goes; and how many are left then.
  private static func refreshing(_ store: FilledStore, sweeps: Bool) throws -> (load: Wrk, left: Int) {
    let server = try store.serve()
    let file = StoreFile(path: server.database)
    let all = try file.othersSessions()
    // A server trusts its clock with deletions once it has run for five minutes: there is nothing to wait for but that.
    while sweeps, try file.othersSessions() == all { usleep(1_000_000) }
    let load = try Wrk.run(server.url, seconds: 10, script: RefreshLoad.script(store.tokens))
    return (load, try file.othersSessions())
  }
}
