// The process's one place where the feed's streams meet the denylist: who listens on which loop, and how many listen at all.
//
// Loops without a stream aren't told of anything.

package import Identity
import Threads

/// What all streams of the feed of revocations share.
package final class FeedHub: Sendable {
  /// Streams at a time: each holds a connection and up to 64 KiB.
  package static let mostStreams = 1000
  /// Streams of one client at a time: one for each of its processes, with some to spare while they are replaced.
  package static let mostOfClient = 250

  /// Names a loop's listener.
  typealias Listener = Int

  private struct State {
    /// Nil before it has been read.
    var denylist: Denylist?
    var listeners: [Listener: @Sendable () -> Void] = [:]
    var listenersMade = 0
    var byClient: [String: Int] = [:]
    var streams = 0
  }

  private let state = Monitor(State())

  package init() {}

  /// How many streams there are.
  package var streams: Int { state.withLock { $0.streams } }

  /// Tells every loop that listens whenever there is something new in the denylist, until the task is cancelled.
  /// - Parameter denylist: one whose rows at start have been read.
  package func serve(_ denylist: Denylist) async {
    state.withLock { $0.denylist = denylist }
    await denylist.watch {
      for listener in state.withLock({ Array($0.listeners.values) }) { listener() }
    }
  }

  /// Whether it is known what was denied before this process began.
  var hasBegun: Bool { state.withLock { $0.denylist != nil } }

  /// Has a listener told whenever there is something new from now on.
  /// - Returns: its name, and where that is.
  func listen(_ listener: @escaping @Sendable () -> Void) -> (Listener, Denylist?) {
    state.withLock { state in
      state.listenersMade += 1
      state.listeners[state.listenersMade] = listener
      return (state.listenersMade, state.denylist)
    }
  }

  func ignore(_ listener: Listener) { state.withLock { $0.listeners[listener] = nil } }

  /// Counts one more stream of a client; false when there is no room for it.
  func enter(_ client: String) -> Bool {
    state.withLock { state in
      let ofClient = state.byClient[client, default: 0]
      guard state.denylist != nil, state.streams < Self.mostStreams, ofClient < Self.mostOfClient else { return false }
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
