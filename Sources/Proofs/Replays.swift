// The memory of used proofs, as all threads of a process share it: a proof that one event loop took is known to the others.
//
// In shares, each under a lock of its own for a few hundred instructions: so threads seldom meet, and the growth of a share
// holds nobody for long.

import OpenSSL
import Synchronization
import Threads

/// The proofs that this process has taken.
package final class Replays: Sendable {
  /// The most proofs that it holds: what two fast cores can verify in the time for which proofs are remembered, twice.
  /// Full it has some 40 MB; it grows with use and shrinks after it.
  package static let capacity = 1 << 21
  private static let shares = 64

  /// Since when it remembers, in milliseconds since 1970.
  package let startedAt: Int64
  /// So that nobody can know which proofs fall together.
  private let salt = Random.bytes(16)
  private let memories: [Monitor<ReplayMemory>]
  /// Of all shares.
  private let forgottenBefore = Atomic<Int64>(.min)
  private let forgottenNonce = Atomic<Int64>(.min)

  /// - Parameter now: milliseconds since 1970.
  package init(now: Int64, capacity: Int = Replays.capacity) {
    startedAt = now
    let share = max(1, capacity / Self.shares)
    memories = (0..<Self.shares).map { _ in
      Monitor(ReplayMemory(capacity: share, lifetime: ProofChecker.oldest))
    }
  }

  /// Notes a proof, which is one for its key, method and URI: nobody else's `jti` matters (RFC 9449 section 11.1).
  /// - Parameter nonce: the time of its nonce; nil without one.
  func note(
    _ proof: Proof, _ request: ProofRequest, thumbprint: [UInt8], nonce: Int64?
  ) -> ReplayMemory.Finding {
    var message = salt + thumbprint
    // A method has no zero, and so none of these is another's beginning.
    message += Array(proof.method.utf8) + [0]
    // In its one form: what was sent may differ each time, by a query.
    message += Digest.sha256(RequestURI.normalized(proof.uri) ?? [])
    message += proof.identifier.utf8
    let digest = Digest.sha256(message)
    // 64 bits: of two million proofs, two meet once in ten million times, and then the second is refused.
    let id = digest[..<8].reduce(0) { $0 << 8 | UInt64($1) }
    return memories[Int(digest[8]) % Self.shares].withLock { memory in
      let finding = memory.note(id, createdAt: proof.createdAt, nonce: nonce, now: request.now)
      // In this order: whoever sees the first sees the second too.
      forgottenNonce.max(memory.forgotten.nonce, ordering: .relaxed)
      forgottenBefore.max(memory.forgotten.createdBefore, ordering: .releasing)
      return finding
    }
  }

  /// The earliest time of a nonce which tells that no proof with it was forgotten, where a proof's own time can't: after the clock
  /// was set back to a time whose proofs were. Else nil.
  func firstNonce(now: Int64) -> Int64? {
    guard now - ProofChecker.oldest < forgottenBefore.load(ordering: .acquiring) else { return nil }
    return forgottenNonce.load(ordering: .relaxed) &+ 1
  }
}
