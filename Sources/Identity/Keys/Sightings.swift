// Fetches of the JWK Set, on their way from the event loops that see them to the store.
//
// A loop hands one in only when it is new to it or over a minute old. What strangers can make the store write is bounded here:
// so many at a time, so few of them from one party, taken every other second.

package import Storage
import Threads

/// A bounded heap of fetches; for every thread.
package final class Sightings: Sendable {
  /// Fetches that wait to be written.
  package static let limit = 32
  /// Of these, how many of one address prefix.
  package static let limitPerPrefix = 4
  /// Milliseconds between two takings.
  package static let interval: Int64 = 2000
  /// For how long a loop doesn't tell of the same party again, in milliseconds.
  package static let silence = 60_000

  private let state = Monitor<[VerifierSighting]>([])

  package init() {}

  /// Adds a fetch; false when there is no room for it.
  package func add(_ address: String, prefix: UInt64, userAgent: String?, at now: Int64) -> Bool {
    let prefix = Int64(bitPattern: prefix)
    return state.withLock { waiting in
      guard waiting.count < Self.limit, waiting.count(where: { $0.prefix == prefix }) < Self.limitPerPrefix else {
        return false
      }
      let agent = Label.text(userAgent ?? "", limit: VerifierSighting.userAgentLimit)
      waiting.append(VerifierSighting(address: address, prefix: prefix, userAgent: agent, at: now))
      return true
    }
  }

  /// Takes what waits.
  package func take() -> [VerifierSighting] {
    state.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
