// A million denied sessions: how soon the server answers, how soon it knows them all by itself, what memory they take and
// what requests cost beside them.

import Counting
import Foundation

extension Case {
  static let denylist = Case(name: "denylist", about: "start, memory, /v1/me and refresh, 1,000,000 denied") { _ in
    let count = 1_000_000
    let settings = SignetServer.cheapHashing.merging(["SIGNET_ADMIN_LISTEN": "127.0.0.1:0"]) { $1 }
    let folder = try TemporaryFolder()
    let empty = try SignetServer(on: folder, settings: settings)
    try empty.addUser()
    _ = try empty.logIn(1)
    let before = try empty.residentMegabytes()
    empty.stop()
    try StoreFile(path: empty.database).addDenials(count)

    let clock = ContinuousClock()
    let begin = clock.now
    let server = try SignetServer(on: folder, settings: settings)
    let token = try server.logIn(1).first?.access ?? ""
    let answered = Machine.seconds(begin.duration(to: clock.now))
    try server.waitUntilWhole()
    let whole = Machine.seconds(begin.duration(to: clock.now))
    let script = #"wrk.headers["Authorization"] = "Bearer \#(token)""#
    let me = try Wrk.run(server.url + "/v1/me", seconds: 5, script: script)
    let refresh = try RefreshLoad.run(server, seconds: 5)
    return [
      Figure(
        name: "start to the first login, \(Figure.text(Double(count))) denied", value: answered * 1000, unit: "ms"),
      Figure(name: "start until memory has all of them", value: whole * 1000, unit: "ms"),
      Figure(name: "resident memory without them", value: before, unit: "MB"),
      Figure(
        name: "resident memory with them, at most", value: try server.largestMegabytes(), unit: "MB",
        target: .atMost(100)),
    ] + me.figures("/v1/me beside them") + refresh.figures("refresh beside them")
  }
}

extension SignetServer {
  /// Waits until memory has every denied session; the operators' listener tells.
  func waitUntilWhole() throws {
    let deadline = Date().addingTimeInterval(60)
    while Date() < deadline {
      let metrics = String(decoding: try HTTPConnection.send(operators, "/metrics").body, as: UTF8.self)
      if metrics.contains("signet_denylist_whole 1\n") { return }
      // The operators' listener has no answer that waits, and what is measured takes some hundred of these.
      usleep(1000)
    }
    throw Failure("the denylist isn't read")
  }
}
