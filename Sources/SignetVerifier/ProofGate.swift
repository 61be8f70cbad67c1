// The verifier's checker of DPoP proofs. A ProofChecker belongs to one thread at a time, so a free one is taken for each
// proof and given back; the memory of used proofs is one for all.

import JOSE
import OpenSSL
import Proofs
import Threads

/// Checks proofs for any thread.
final class ProofGate: Sendable {
  /// Free checkers that are kept.
  private static let mostIdle = 64

  /// `@unchecked Sendable`: whoever took it out of `idle` is the only one who has it.
  private struct Lane: @unchecked Sendable {
    let checker: ProofChecker
  }

  private let time: any TimeSource
  private let replays: Replays
  private let nonceKey: [UInt8]
  private let idle = Monitor<[Lane]>([])

  init(_ options: ProofOptions, _ time: any TimeSource) {
    self.time = time
    // The clock gives whole seconds: what was used in the present one may have been so before the start.
    replays = Replays(now: (time.now + 1) * 1000, capacity: options.mostRemembered)
    nonceKey = options.nonceKey ?? Random.bytes(32)
  }

  /// Checks a proof for the token that came with it.
  /// - Returns: the nonce that the client is to use from now on, when it used an older one.
  func check(
    _ proof: String, of token: String, boundTo thumbprint: String, _ shown: ProofOfPossession
  ) throws(VerificationError) -> String? {
    let now = time.now * 1000
    let lane = try lane()
    defer { idle.withLock { if $0.count < Self.mostIdle { $0.append(lane) } } }
    let request = ProofRequest(
      method: shown.method, uri: shown.url, accessToken: token, boundTo: try? Base64URL.decode(thumbprint), now: now)
    do { return try lane.checker.check(proof, request).nextNonce } catch {
      switch error {
      case .needsNonce: throw .nonceRequired(lane.checker.nonces.nonce(now: now))
      case .full: throw .proofsUnavailable
      default: throw .invalidProof(error.description)
      }
    }
  }

  private func lane() throws(VerificationError) -> Lane {
    if let free = idle.withLock({ $0.popLast() }) { return free }
    do {
      return Lane(checker: ProofChecker(replays, try ProofNonces(keys: [nonceKey], for: replays)))
    } catch {
      throw .cryptographyFailed
    }
  }

  /// `x5t#S256` of a certificate (RFC 8705 section 3.1).
  static func thumbprint(_ certificate: [UInt8]) -> String { Base64URL.encode(Digest.sha256(certificate)) }
}
