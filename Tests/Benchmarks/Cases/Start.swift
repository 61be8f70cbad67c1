// From the start of the process to the first 200: with an empty folder once, then with its database and keys in place.

import Counting

extension Case {
  static let start = Case(name: "start", about: "start of the process to the first 200") { _ in
    let folder = try TemporaryFolder()
    func once() throws -> Double {
      let clock = ContinuousClock()
      let begin = clock.now
      let server = try SignetServer(on: folder)
      guard try HTTPConnection.send(server.port, "/.well-known/jwks.json").status == 200 else {
        throw Failure("the first answer")
      }
      let took = Machine.seconds(begin.duration(to: clock.now)) * 1000
      server.stop()
      return took
    }
    let first = try once()
    let later = try (0..<15).map { _ in try once() }.sorted()
    return [
      Figure(name: "start to first 200", value: later[later.count / 2], unit: "ms", target: .atMost(13)),
      Figure(name: "start to first 200, slowest of 15", value: later[later.count - 1], unit: "ms", target: .atMost(50)),
      Figure(name: "start on an empty folder to first 200", value: first, unit: "ms"),
    ]
  }
}
