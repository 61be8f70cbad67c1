// The JWK Set, which every verifier fetches, beside nginx with a static file of its size: on all cores, and each on one
// thread, where neither depends on how connections are spread.

import Counting

extension Case {
  static let jwks = Case(name: "jwks", about: "GET /.well-known/jwks.json, beside nginx with a file") { machine in
    let all = try await beside(machine.cores)
    let one = try await beside(1)
    return [
      all.turns.figure("JWK Set", beside: "nginx, a file of \(all.size) bytes/s", atLeast: 1.2),
      Figure(name: "JWK Set, failed", value: Double(all.load.failed), unit: "", target: .atMost(0)),
      Figure(name: "JWK Set, p50", value: all.load.median, unit: "ms"),
      Figure(name: "JWK Set, p99", value: all.load.percentile99, unit: "ms"),
      one.turns.figure("JWK Set, one thread", beside: "nginx, the same, one process/s", atLeast: 1.2),
    ]
  }

  private static func beside(_ threads: Int) async throws -> (turns: Turns, load: Wrk, size: Int) {
    let server = try SignetServer(settings: ["SIGNET_SERVER_LOOPS": "\(threads)"])
    let path = "/.well-known/jwks.json"
    let size = try HTTPConnection.send(server.port, path).body.count
    let nginx = try await Nginx(bytes: size, processes: threads)
    let turns = try Turns(
      { try Wrk.run(server.url + path, seconds: 4).rate }, { try nginx.map { try Wrk.run($0.url, seconds: 4).rate } })
    return (turns, try Wrk.run(server.url + path, seconds: 4), size)
  }
}
