// The process's one place where the feed's streams meet the denylist: who listens on which loop, how many listen at all,
// and how far the denylist has come.
//
// Loops without a stream aren't told of anything.

package import Identity
import Storage
package import Telemetry
import Threads

/// What all streams of the feed of revocations share.
package final class FeedHub: Sendable {
  /// Streams at a time: each holds a connection and up to 64 KiB.
  package static let streams = 1000
  /// Streams of one client at a time: one for each of its processes, with some to spare while they are replaced.
  package static let streamsOfClient = 250

  /// Names a loop's listener.
  typealias Listener = Int

  private struct State {
    /// The last row of the denylist that was published; nil before the denylist has been read.
    var latest: Int64?
    var listeners: [Listener: @Sendable ([Denial]) -> Void] = [:]
    var listenersMade = 0
    var byClient: [String: Int] = [:]
    var streams = 0
  }

  private let state = Monitor(State())

  package init(_ metrics: Metrics) {
    metrics.gauge("signet_revocation_streams", "Streams of the feed of revocations") { [state] in
      Double(state.withLock { $0.streams })
    }
  }

  /// Tells every loop that listens of what is denied from now on, until the task is cancelled.
  /// - Parameter denylist: one whose rows at start have been read.
  package func serve(_ denylist: Denylist) async {
    let latest = denylist.latest
    state.withLock { $0.latest = latest }
    await denylist.follow(after: latest) { publish($0) }
  }

  /// - Parameter denials: rows that are durable, in order and each once.
  private func publish(_ denials: [Denial]) {
    guard let last = denials.last else { return }
    let listeners = state.withLock { state in
      state.latest = last.sequence
      return Array(state.listeners.values)
    }
    for listener in listeners { listener(denials) }
  }

  /// Whether it is known what was denied before this process began.
  var hasBegun: Bool { state.withLock { $0.latest != nil } }

  /// Has a listener told of all that is published from now on.
  /// - Returns: its name, and the last row that it isn't told of.
  func listen(_ listener: @escaping @Sendable ([Denial]) -> Void) -> (Listener, after: Int64) {
    state.withLock { state in
      state.listenersMade += 1
      state.listeners[state.listenersMade] = listener
      return (state.listenersMade, state.latest ?? 0)
    }
  }

  func ignore(_ listener: Listener) { state.withLock { $0.listeners[listener] = nil } }

  /// Counts one more stream of a client; false when there is no room for it.
  func enter(_ client: String) -> Bool {
    state.withLock { state in
      let ofClient = state.byClient[client, default: 0]
      guard state.latest != nil, state.streams < Self.streams, ofClient < Self.streamsOfClient else { return false }
      state.streams += 1
      state.byClient[client] = ofClient + 1
      return true
    }
  }

  func leave(_ client: String) {
    state.withLock { state in
      let ofClient = state.byClient[client, default: 1] - 1
      state.streams -= 1
      state.byClient[client] = ofClient > 0 ? ofClient : nil
    }
  }
}
