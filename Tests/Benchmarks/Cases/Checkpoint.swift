// The longest pause of refreshes while a large log is moved into the database: a reader holds the log back until it is over
// the 64 MiB at which the writer moves it by itself, then lets go while refreshes run.

import Foundation
import SQLite
import Threads

extension Case {
  static let checkpoint = Case(name: "checkpoint", about: "the longest refresh while a log of 64 MiB is checkpointed") {
    _ in
    let store = try FilledStore(tokens: 5000, others: 100_000)
    let server = try store.serve()
    let half = store.tokens.count / 2
    let before = try Wrk.run(server.url, seconds: 10, script: RefreshLoad.script(Array(store.tokens[..<half])))
    let (database, log) = (server.database, server.database + "-wal")
    let largest = Monitor(0.0)
    let reader = Thread(name: "reader") {
      let bytes = try? hold(database) { try size(of: log) }
      largest.withLock { $0 = bytes ?? 0 }
    }
    let load = try Wrk.run(server.url, seconds: 10, script: RefreshLoad.script(Array(store.tokens[half...])))
    reader.join()
    return [
      Figure(
        name: "log that is checkpointed", value: largest.withLock { $0 } / 1_048_576, unit: "MiB", target: .atLeast(64)),
      Figure(name: "longest refresh without it", value: before.longest, unit: "ms"),
      Figure(name: "longest refresh meanwhile", value: load.longest, unit: "ms", target: .atMost(50)),
      Figure(name: "refreshes meanwhile, failed", value: Double(load.failed), unit: "", target: .atMost(0)),
    ]
  }

  /// Reads the database at one point in time until the log is large enough, for five seconds at most.
  /// - Returns: what `size` was at the end.
  private static func hold(_ database: String, size: () throws -> Double) throws -> Double {
    let connection = try Connection(path: database, access: .readOnly)
    try connection.execute("BEGIN")
    _ = try connection.statement("SELECT count(*) FROM meta").first { row in row.integer(0) }
    let (clock, nobody) = (ContinuousClock(), Monitor(()))
    let start = clock.now
    while try size() < 68_000_000, start.duration(to: clock.now) < .seconds(5) {
      _ = nobody.wait(milliseconds: 10) { _ in nil as Bool? }
    }
    try connection.execute("COMMIT")
    return try size()
  }

  private static func size(of file: String) throws -> Double {
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    return (attributes[.size] as? NSNumber)?.doubleValue ?? 0
  }
}
