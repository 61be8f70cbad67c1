// TLS 1.3 beside nginx with the same certificate and the same suites: requests on connections that are kept, and full
// handshakes. Both servers run at once but are loaded in turns, since what a machine has to give changes with time.

import Foundation

extension Case {
  static let tls = Case(name: "tls", about: "TLS 1.3: the JWK Set, and full handshakes, beside nginx") { machine in
    let folder = try TemporaryFolder()
    let certificate = try Certificate(in: folder)
    let server = try SignetServer(settings: certificate.settings)
    let path = "/.well-known/jwks.json"
    let size = try HTTP.send(server.port, path).body.count
    let nginx = try await Nginx(bytes: size, certificate: certificate, processes: machine.cores)
    let (mine, theirs) = try turns(
      { try Wrk.run(server.secureURL + path, seconds: 4).rate },
      { try nginx.map { try Wrk.run($0.url, seconds: 4).rate } })
    let last = try Wrk.run(server.secureURL + path, seconds: 4)
    let (myHandshakes, theirHandshakes) = try turns(
      { try handshakes(server.securePort, machine) }, { try nginx.map { try handshakes($0.port, machine) } })
    return [
      against("JWK Set, TLS 1.3", mine, theirs, "nginx, TLS 1.3, a file of \(size) bytes/s"),
      Figure(name: "JWK Set, TLS 1.3, failed", value: Double(last.failed), unit: "", target: .atMost(0)),
      Figure(name: "JWK Set, TLS 1.3, p99", value: last.percentile99, unit: "ms"),
      against("full TLS 1.3 handshakes", myHandshakes, theirHandshakes, "nginx, the same certificate/s"),
    ]
  }

  /// Each three times, one after the other; the medians.
  private static func turns(
    _ first: () throws -> Double, _ second: () throws -> Double?
  ) rethrows -> (Double, Double?) {
    var (firsts, seconds): ([Double], [Double]) = ([], [])
    for _ in 0..<3 {
      firsts.append(try first())
      if let value = try second() { seconds.append(value) }
    }
    return (firsts.sorted()[1], seconds.isEmpty ? nil : seconds.sorted()[1])
  }

  private static func against(_ name: String, _ value: Double, _ other: Double?, _ limit: String) -> Figure {
    Figure(
      name: name, value: value, unit: "/s", target: other.map { .atLeast(($0 * 0.9).rounded(.up)) } ?? .none,
      limit: other.map { Figure.Limit(name: limit, value: $0) })
  }

  /// Full handshakes a second, by as many clients as there are cores and one more, so that the server always has some.
  private static func handshakes(_ port: UInt16, _ machine: Machine) throws -> Double {
    let clients = machine.cores + 1
    let words = ["xargs", "-P", String(clients), "-I", "{}", "openssl", "s_time", "-new", "-tls1_3", "-time", "4"]
    let clock = ContinuousClock()
    let start = clock.now
    let output = try Command.output(
      words + ["-connect", "127.0.0.1:\(port)"], input: String(repeating: "-\n", count: clients))
    let seconds = Machine.seconds(start.duration(to: clock.now))
    // "4711 connections in 5 real seconds, …": whole seconds only, so the time is taken here.
    let lines = output.split(separator: "\n").filter { $0.contains("real seconds") }
    let count = lines.compactMap { $0.split(separator: " ").first.flatMap { Double($0) } }.reduce(0, +)
    guard count > 0 else { throw Failure("openssl s_time printed no figures: \(output)") }
    return count / seconds
  }
}
