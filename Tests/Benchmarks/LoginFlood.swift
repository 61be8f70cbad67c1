// Logins at a steady rate, whatever becomes of them: what a flood of strangers is. wrk can't be used, since it waits for
// answers, and tells no latency of those that were refused alone.

import Counting
import Foundation
import Threads

/// What became of a flood.
struct LoginFlood {
  /// Logins answered, a second.
  let rate: Double
  let refused: Int
  /// Neither answered nor refused by 503.
  let failed: Int
  /// Milliseconds in which 99 of a hundred were refused.
  let refusal99: Double

  /// Sends so many logins a second while `body` runs.
  static func run<Result>(
    _ server: SignetServer, rate: Double, during body: () throws -> Result
  ) throws -> (flood: LoginFlood, result: Result) {
    let clients = FloodClients(port: server.port, rate: rate)
    // As many as may wait for a hash from one address, and some for those that are refused meanwhile.
    let threads = (0..<256).map { _ in Thread(name: "flood") { clients.serve() } }
    defer { for thread in threads { thread.join() } }
    let result = Swift.Result { try body() }
    let flood = clients.end()
    return (flood, try result.get())
  }
}

/// The flood's clients: threads that wait for an answer each, so that there is always one whose turn it is.
private final class FloodClients: Sendable {
  private struct State {
    var begun = 0
    var answered = 0
    var failed = 0
    var refusals: [Double] = []
    var isOver = false
  }

  private let state = Monitor(State())
  private let clock = ContinuousClock()
  private let start = ContinuousClock.now
  private let port: UInt16
  private let rate: Double

  init(port: UInt16, rate: Double) { (self.port, self.rate) = (port, rate) }

  /// A thread's body.
  func serve() {
    while waitForTurn() {
      let begin = clock.now
      let status = (try? HTTPConnection.send(port, "/v1/login", json: SignetServer.credentials))?.status
      count(status, milliseconds: Machine.seconds(begin.duration(to: clock.now)) * 1000)
    }
  }

  /// Ends the flood: what is answered later doesn't count.
  func end() -> LoginFlood {
    let seconds = Machine.seconds(start.duration(to: clock.now))
    defer { state.broadcast() }
    return state.withLock { state in
      state.isOver = true
      let refusals = state.refusals.sorted()
      return LoginFlood(
        rate: Double(state.answered) / seconds, refused: refusals.count, failed: state.failed,
        refusal99: refusals.isEmpty ? 0 : refusals[refusals.count * 99 / 100])
    }
  }

  /// Waits until the next login is due; false when the flood is over.
  private func waitForTurn() -> Bool {
    let number = state.withLock { state in
      state.begun += 1
      return state.begun
    }
    let due = start + .seconds(Double(number) / rate)
    let wait = max(0, Int(Machine.seconds(clock.now.duration(to: due)) * 1000))
    return state.wait(milliseconds: wait, until: { $0.isOver ? true : nil }) == nil
  }

  private func count(_ status: Int?, milliseconds: Double) {
    state.withLock { state in
      switch status {
      case 200: state.answered += 1
      case 503: state.refusals.append(milliseconds)
      default: state.failed += 1
      }
    }
  }
}
