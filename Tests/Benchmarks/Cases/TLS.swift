// TLS 1.3 beside nginx with the same certificate and the same suites: requests on connections that are kept, and full
// handshakes.

import Counting
import Foundation

extension Case {
  static let tls = Case(name: "tls", about: "TLS 1.3: the JWK Set, and full handshakes, beside nginx") { machine in
    let folder = try TemporaryFolder()
    let certificate = try Certificate(in: folder)
    let server = try SignetServer(settings: certificate.settings)
    let path = "/.well-known/jwks.json"
    let size = try HTTPConnection.send(server.port, path).body.count
    let nginx = try await Nginx(bytes: size, certificate: certificate, processes: machine.cores)
    let requests = try Turns(
      { try Wrk.run(server.secureURL + path, seconds: 4).rate },
      { try nginx.map { try Wrk.run($0.url, seconds: 4).rate } })
    let last = try Wrk.run(server.secureURL + path, seconds: 4)
    let handshakes = try Turns(
      { try shakeHands(server.securePort, machine) }, { try nginx.map { try shakeHands($0.port, machine) } })
    return [
      requests.figure("JWK Set, TLS 1.3", beside: "nginx, TLS 1.3, a file of \(size) bytes/s", atLeast: 0.9),
      Figure(name: "JWK Set, TLS 1.3, failed", value: Double(last.failed), unit: "", target: .atMost(0)),
      Figure(name: "JWK Set, TLS 1.3, p99", value: last.percentile99, unit: "ms"),
      handshakes.figure("full TLS 1.3 handshakes", beside: "nginx, the same certificate/s", atLeast: 0.9),
    ]
  }

  /// Full handshakes a second, by as many clients as there are cores and one more, so that the server always has some.
  private static func shakeHands(_ port: UInt16, _ machine: Machine) throws -> Double {
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
