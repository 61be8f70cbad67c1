// A feed without a network: it plays what a test says to whoever subscribes, and notes where each has left off.

import Threads

@testable import SignetVerifier

/// What a verifier subscribes to.
final class FakeFeed: RevocationSource {
  private struct State {
    var problem: FetchProblem?
    /// What is sent as soon as somebody subscribes.
    var greeting = "event: ready\nid: 1-0\ndata: {}\n\n"
    var take: (@Sendable ([UInt8]) -> Bool)?
    var end: CheckedContinuation<Void, Never>?
    var positions: [String?] = []
  }

  private let state = Monitor(State())

  /// Where each subscription began.
  var positions: [String?] { state.withLock { $0.positions } }
  var isConnected: Bool { state.withLock { $0.end != nil } }

  /// Greets with other events from now on.
  func greet(_ text: String) { state.withLock { $0.greeting = text } }

  /// Whoever subscribes gets this, and who has subscribed is dropped.
  func goDown(_ problem: FetchProblem = FetchProblem(.unreachable, "it is down")) {
    state.withLock { $0.problem = problem }
    drop()
  }

  func comeBack() { state.withLock { $0.problem = nil } }

  /// Ends the connection.
  func drop() {
    state.withLock { state in
      defer { (state.end, state.take) = (nil, nil) }
      return state.end
    }?.resume()
  }

  /// Sends events to the subscriber.
  func send(_ text: String) {
    let take = state.withLock { $0.take }
    if take?(Array(text.utf8)) == false { drop() }
  }

  /// Sends one event.
  func send(_ name: String, _ data: String, id: String) { send("id: \(id)\nevent: \(name)\ndata: \(data)\n\n") }

  func stream(
    after lastEventID: String?, _ take: @escaping @Sendable ([UInt8]) -> Bool
  ) async throws(FetchProblem) {
    let (problem, greeting) = state.withLock { state in
      state.positions.append(lastEventID)
      return (state.problem, state.greeting)
    }
    if let problem { throw problem }
    guard greeting.isEmpty || take(Array(greeting.utf8)) else { return }
    await withTaskCancellationHandler {
      await withCheckedContinuation { end in
        let isOver = state.withLock { state in
          if Task.isCancelled || state.problem != nil { return true }
          (state.end, state.take) = (end, take)
          return false
        }
        if isOver { end.resume() }
      }
    } onCancel: {
      drop()
    }
  }
}
