// The keys of one good answer, and verifiers for them. A TokenVerifier belongs to one thread at a time, so a free one is
// taken for each token and given back: a lock held for a few instructions, where an actor would cost a change of threads.

import JOSE
import Threads

/// Keys that tokens are verified with; they never change.
final class TrustedKeys: Sendable {
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

  /// Reads a JWK Set. Keys that can't be used are passed over (RFC 7517 5), but a set whose keys are all malformed or
  /// weak isn't one that says "there are no keys".
  init(document: [UInt8], largestToken: Int) throws(FetchProblem) {
    let set: JWKSet
    do { set = try JWKSet(parsing: document) } catch .tooManyKeys {
      throw FetchProblem(.tooLarge, "the JWK Set has more than \(JWKSet.mostKeys) keys or \(JWKSet.largest) bytes")
    } catch {
      throw FetchProblem(.notAKeySet, "this is not a good JWK Set: \(error)")
    }
    if set.keys.isEmpty {
      let foreign: Set<JOSEError> = [.unsupportedKey, .unavailableAlgorithm, .wrongKeyUse, .noPublicKey]
      if let bad = set.skipped.first(where: { !foreign.contains($0) }) {
        throw FetchProblem(.notAKeySet, "the JWK Set holds no good key: \(bad)")
      }
      throw FetchProblem(.noUsableKey, "the JWK Set holds no signature key that this verifier knows")
    }
    (self.document, keys, self.largestToken) = (document, set.keys, largestToken)
    do {
      // Now, so that keys which can't verify are refused with the set.
      idle = Monitor([Lane(verifier: try TokenVerifier(keys: set.keys, size: largestToken))])
    } catch {
      throw FetchProblem(.notAKeySet, "the keys of the JWK Set can't be used: \(error)")
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
