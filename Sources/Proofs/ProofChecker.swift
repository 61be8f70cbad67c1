// Whether a request has proved that it holds a key (RFC 9449 section 4.3): every check, the cheap ones first, then the one
// signature, and last whether the proof is new.

package import JOSE
import OpenSSL

/// Checks proofs, on one thread.
package final class ProofChecker {
  /// RFC 9449 section 4.2.
  package static let type = "dpop+jwt"
  /// The algorithms that are taken. A stranger chooses, and each of these verifies in 0.02 to 0.3 ms, where P-384 takes
  /// 0.8 ms and P-521 0.5 ms.
  package static let algorithms: [SignatureAlgorithm] = [.es256, .eddsa, .ps256, .rs256]
  /// The longest proof that is looked at, in bytes.
  package static let longest = 8 << 10
  /// How long ago a proof may have been made, in milliseconds.
  package static let oldest: Int64 = 60_000
  /// How far a client's clock may be ahead, in milliseconds; a proof from there needs a nonce.
  package static let ahead: Int64 = 15_000

  private let verifier = HeaderKeyVerifier(type: type, algorithms: algorithms, size: longest)
  private let replays: Replays
  /// The nonces that it takes.
  package let nonces: ProofNonces

  package init(_ replays: Replays, _ nonces: ProofNonces) { (self.replays, self.nonces) = (replays, nonces) }

  /// A proof that was good.
  package struct Proven: Sendable {
    /// The key's thumbprint (RFC 7638), 32 bytes.
    package let thumbprint: [UInt8]
    /// A newer nonce, when the proof's is no longer the one that is given (RFC 9449 section 8.2).
    package let nextNonce: String?
  }

  /// Checks the proof that came with a request; it is good once.
  package func check(_ compact: UnsafeRawBufferPointer, _ request: ProofRequest) throws(ProofRefusal) -> Proven {
    let token: HeaderKeyToken
    do { token = try verifier.read(compact) } catch { throw .malformed(error) }
    let proof = try Proof(token.payload)
    try Self.check(proof, request, token.thumbprint)
    let nonce = try checkTime(proof, request.now)
    do { try token.checkSignature() } catch { throw .malformed(error) }
    switch replays.note(proof, request, thumbprint: token.thumbprint, nonce: nonce) {
    case .new: break
    case .replayed: throw .replayed
    case .unknown: throw .needsNonce
    case .full: throw .full
    }
    return Proven(thumbprint: token.thumbprint, nextNonce: nonce.flatMap { nonces.next(after: $0, now: request.now) })
  }

  /// Checks the proof that came with a request; it is good once.
  package func check(_ compact: String, _ request: ProofRequest) throws(ProofRefusal) -> Proven {
    try Array(compact.utf8).withUnsafeBufferPointer { (bytes) throws(ProofRefusal) in
      try check(UnsafeRawBufferPointer(bytes), request)
    }
  }

  private static func check(_ proof: Proof, _ request: ProofRequest, _ thumbprint: [UInt8]) throws(ProofRefusal) {
    // RFC 9110 section 9.1: methods have regard to case.
    guard proof.method.utf8.elementsEqual(request.method.utf8) else { throw .method }
    guard proof.uri.utf8.elementsEqual(request.uri.utf8) || RequestURI.isSame(proof.uri, request.uri) else {
      throw .uri
    }
    if let accessToken = request.accessToken {
      let hash = Base64URL.encode(Digest.sha256(Array(accessToken.utf8)))
      guard let claim = proof.accessTokenHash, claim.utf8.elementsEqual(hash.utf8) else { throw .accessToken }
    }
    if let key = request.boundTo, key != thumbprint { throw .otherKey }
  }

  /// A nonce tells when a proof was made at the earliest. Without one its own word must do: then it must be neither from
  /// before the memory of used proofs began, nor from a time that is still to come, at which it could be used again after
  /// a restart that forgot it.
  /// - Returns: the time of the nonce.
  private func checkTime(_ proof: Proof, _ now: Int64) throws(ProofRefusal) -> Int64? {
    guard proof.createdAt >= now - Self.oldest else { throw .tooOld }
    guard proof.createdAt <= now + Self.ahead else { throw .fromTheFuture }
    if let nonce = proof.nonce {
      guard let time = nonces.time(of: nonce, now: now) else { throw .needsNonce }
      return time
    }
    guard proof.createdAt >= replays.startedAt, proof.createdAt <= now else { throw .needsNonce }
    return nil
  }
}
