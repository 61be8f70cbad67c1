// Proof of possession where tokens are issued and where they are used (RFC 9449, RFC 8705).
//
// A refusal here looks at nothing but the request and the token's claims, so it changes no session and counts as no reuse.

import JOSE
import OpenSSL
import Proofs
import Storage
import Telemetry

extension Issuer {
  /// What a request for tokens has proved (RFC 9449 section 5); its proof is used up by it.
  package func proven(_ evidence: Evidence) throws(Refusal) -> Proven {
    var proven = Proven()
    proven.certificate = evidence.certificate?.thumbprint
    if let proof = evidence.proof {
      let result = try check(proof, evidence, token: nil, boundTo: nil)
      (proven.key, proven.nextNonce) = (result.thumbprint, result.nextNonce)
    }
    return proven
  }

  /// Refuses a request with an access token whose key it hasn't proved (RFC 9449 section 7, RFC 8705 section 3).
  /// - Parameters:
  ///   - confirmation: what the token is bound to.
  ///   - isDPoP: whether the token came by the scheme `DPoP`.
  /// - Returns: the nonce that the client is to use from now on, when it used an older one.
  package func checkPossession(
    of token: String, boundTo confirmation: Confirmation?, isDPoP: Bool, _ evidence: Evidence
  ) throws(Refusal) -> String? {
    switch (confirmation, isDPoP) {
    case (.jkt(let thumbprint), true):
      guard let proof = evidence.proof else {
        throw Refusal(.invalidDPoPProof("the request has no DPoP proof"), cause: "dpop_missing")
      }
      return try check(proof, evidence, token: token, boundTo: thumbprint).nextNonce
    case (.jkt, false): throw Refusal(.invalidBoundToken, cause: "bound_token_as_bearer")
    case (_, true): throw Refusal(.invalidBoundToken, cause: "unbound_token_as_dpop")
    case (.x5t(let thumbprint), false):
      guard evidence.certificate?.thumbprint == thumbprint else {
        throw Refusal(.invalidToken, cause: evidence.certificate == nil ? "certificate_missing" : "other_certificate")
      }
      return nil
    case (nil, false): return nil
    }
  }

  /// What tokens for `client` are to be bound to, after what its request has proved.
  func confirmation(for client: ClientRecord, _ proven: Proven) throws(Refusal) -> Confirmation? {
    if client.requiresDPoP, proven.key == nil {
      throw Refusal(
        .invalidDPoPProof("the client's tokens are bound to a key; send a DPoP proof"), cause: "dpop_missing")
    }
    if client.requiresMTLS, proven.certificate == nil {
      let why = "the client's tokens are bound to a certificate; show one in the TLS handshake"
      throw Refusal(.invalidRequest(why), cause: "certificate_missing")
    }
    guard !client.requiresDPoP else { return proven.key.map(Confirmation.jkt) }
    guard client.requiresMTLS else { return proven.key.map(Confirmation.jkt) }
    // A client that sends a proof takes nothing but a token bound by it (RFC 9449 section 5).
    guard proven.key == nil else {
      throw Refusal(
        .invalidDPoPProof("the client's tokens are bound to its certificate; send no DPoP proof"),
        cause: "dpop_unwanted")
    }
    return proven.certificate.map(Confirmation.x5t)
  }

  private func check(
    _ proof: String, _ evidence: Evidence, token: String?, boundTo thumbprint: [UInt8]?
  ) throws(Refusal) -> ProofChecker.Proven {
    let now = moment().now
    func check(_ origin: String) throws(ProofRefusal) -> ProofChecker.Proven {
      let request = ProofRequest(
        method: evidence.method, uri: origin + evidence.path, accessToken: token, boundTo: thumbprint, now: now)
      return try contexts.proofs.check(proof, request)
    }
    do throws(ProofRefusal) {
      let proven: ProofChecker.Proven
      do throws(ProofRefusal) { proven = try check(policy.issuer) } catch {
        // Nothing of the proof was used up, and its signature not looked at.
        guard error == .uri, let origin = evidence.origin else { throw error }
        proven = try check(origin)
      }
      proofCounts.good.add()
      return proven
    } catch {
      proofCounts.count(error)
      throw Refusal(error, nonce: contexts.proofs.nonces.nonce(now: now))
    }
  }
}

extension Refusal {
  /// What a refused proof means to a client.
  init(_ refusal: ProofRefusal, nonce: String) {
    switch refusal {
    case .needsNonce: self.init(.useDPoPNonce(nonce), cause: "dpop_nonce")
    case .full: self.init(.temporarilyUnavailable(retryAfter: 1), cause: "dpop_full")
    default: self.init(.invalidDPoPProof(refusal.description), cause: "dpop_\(refusal.word)")
    }
  }
}

extension KeyRing {
  /// What checks proofs on one thread.
  func proofChecker(_ replays: Replays) throws -> ProofChecker {
    let keys = secrets[.proofNonce, default: [:]].sorted { $0.key > $1.key }.map(\.value)
    return ProofChecker(replays, try ProofNonces(keys: keys, for: replays))
  }
}

/// One loop's counters of proofs.
final class ProofCounts {
  let good: Counter
  private let refused: Counter
  private let replayed: Counter
  private let nonce: Counter
  private let full: Counter

  init(_ metrics: Metrics) {
    func counter(_ outcome: String) -> Counter {
      metrics.counter("signet_dpop_proofs_total", "DPoP proofs, by outcome.", labels: [("outcome", outcome)])
    }
    (good, refused, replayed) = (counter("good"), counter("refused"), counter("replayed"))
    (nonce, full) = (counter("nonce_demanded"), counter("memory_full"))
  }

  func count(_ refusal: ProofRefusal) {
    switch refusal {
    case .replayed: replayed.add()
    case .needsNonce: nonce.add()
    case .full: full.add()
    default: refused.add()
    }
  }
}

/// The names of the algorithms that proofs may be signed by (RFC 9449 section 5.1).
package enum ProofAlgorithms {
  package static let names = ProofChecker.algorithms.map(\.rawValue)
}
