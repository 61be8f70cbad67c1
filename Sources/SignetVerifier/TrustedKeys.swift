// The keys of one good answer, and verifiers for them. A TokenVerifier belongs to one thread at a time, so a free one is
// taken for each token and given back: a lock held for a few instructions, where an actor would cost a change of threads.

import JOSE
import JSON
import Threads

/// Keys that tokens are verified with; they never change.
final class TrustedKeys: Sendable {
  /// More keys than any issuer needs; each costs memory in each verifier.
  static let most = 256
  /// Free verifiers that are kept: as many as verify at the same moment, and no more of a burst.
  private static let mostIdle = 64

  /// The text which the keys were read from.
  let document: [UInt8]
  let keys: [PublicJWK]
  private let largestToken: Int
  private let idle: Monitor<[Lane]>

  /// `@unchecked Sendable`: whoever took it out of `idle` is the only one who has it.
  private struct Lane: @unchecked Sendable {
    let verifier: TokenVerifier
  }

  /// Reads a JWK Set. Keys for other purposes or of unknown kinds are passed over (RFC 7517 5); a malformed or weak one
  /// refuses the whole.
  init(document: [UInt8], largestToken: Int) throws(KeySetProblem) {
    let set: JWKSet
    do {
      set = try JWKSet(try JSONValue.parse(document))
    } catch {
      // Both errors name a cause and a place, never a piece of the text.
      throw KeySetProblem(.notAKeySet, "this is not a good JWK Set: \(error)")
    }
    guard !set.keys.isEmpty else {
      throw KeySetProblem(.noUsableKey, "the JWK Set holds no signature key that this verifier knows")
    }
    guard set.keys.count <= Self.most else {
      throw KeySetProblem(.tooLarge, "the JWK Set holds more than \(Self.most) keys")
    }
    (self.document, keys, self.largestToken) = (document, set.keys, largestToken)
    do {
      // Now, so that keys which can't verify are refused with the set.
      idle = Monitor([Lane(verifier: try TokenVerifier(keys: set.keys, size: largestToken))])
    } catch {
      throw KeySetProblem(.notAKeySet, "the keys of the JWK Set can't be used: \(error)")
    }
  }

  /// Checks everything of a token but its claims.
  func verify(_ token: UnsafeRawBufferPointer) throws(JOSEError) -> VerifiedToken {
    let lane: Lane
    if let free = idle.withLock({ $0.popLast() }) {
      lane = free
    } else {
      lane = Lane(verifier: try TokenVerifier(keys: keys, size: largestToken))
    }
    defer { idle.withLock { if $0.count < Self.mostIdle { $0.append(lane) } } }
    return try unsafe lane.verifier.verify(compact: token, type: "at+jwt")
  }
}
