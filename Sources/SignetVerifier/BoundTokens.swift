// Tokens that are bound to a key or a certificate: whoever presents one has to show that it is theirs (RFC 9449 section 7,
// RFC 8705 section 3).

import JOSE
import JSON

/// What an access token is bound to (`cnf`, RFC 7800).
public enum Confirmation: Sendable, Equatable {
  /// A key that the client proves by DPoP; its RFC 7638 thumbprint in base64url.
  case key(thumbprint: String)
  /// The client's certificate; the SHA-256 over its DER form in base64url.
  case certificate(thumbprint: String)
}

/// What a request shows besides its token.
public struct ProofOfPossession: Sendable {
  /// The request's method, such as `GET`.
  public var method: String
  /// The request's URL as its client sees it, such as `https://api.example.com/orders/7`; query and fragment don't matter.
  ///
  /// Build it from the service's own configured origin, never from `Host` or `Forwarded` as a client may have written them.
  public var url: String
  /// The value of the field `DPoP`; nil without one. A request with two such fields is to be refused with 400.
  public var dpop: String?
  /// The client's certificate in DER form, from the service's own TLS handshake or a proxy that it trusts; nil without one.
  public var certificate: [UInt8]?

  /// What a request shows.
  public init(method: String, url: String, dpop: String? = nil, certificate: [UInt8]? = nil) {
    self.method = method
    self.url = url
    self.dpop = dpop
    self.certificate = certificate
  }
}

/// How DPoP proofs are checked.
public struct ProofOptions: Sendable {
  /// A secret of at least 32 random bytes by which nonces are made; nil: one of this process.
  ///
  /// Instances of a service that share it take each other's nonces, so a client needs no second attempt when a load
  /// balancer sends it elsewhere. Restart an instance whose clock was set back by more than some seconds: until that has caught
  /// up, the instance takes later nonces than the others do.
  public var nonceKey: [UInt8]?

  /// The most used proofs that are remembered, 1,048,576; at least 1024, at most 16,777,216.
  ///
  /// Each is remembered for a minute, so that is 17,000 requests a second. When there is no room, a proof is refused with
  /// ``VerificationError/proofsUnavailable``; nothing is forgotten before its time.
  public var mostRemembered = 1 << 20

  /// The defaults.
  public init() {}
}

extension SignetVerifier {
  /// Checks the token in a request's `Authorization` field with what proves that the client may use it: a DPoP proof (scheme
  /// `DPoP`), its certificate, or for a token that is bound to nothing neither (scheme `Bearer`).
  ///
  /// A proof is good once. Answer ``AccessToken/dpopNonce`` as `DPoP-Nonce` when there is one.
  /// - Parameters:
  ///   - field: the field's value, `DPoP …` or `Bearer …`; nil when the request has none.
  ///   - shown: what else the request shows.
  /// - Throws: why the request isn't taken, or that this can't be found out.
  public func verify(
    authorization field: String?, _ shown: ProofOfPossession
  ) async throws(VerificationError) -> AccessToken {
    guard let field else { throw .missingToken }
    if let text = Self.token(in: field, scheme: "bearer") {
      let token = try await verified(text)
      switch token.confirmation {
      case nil: return token
      case .key: throw .boundToken
      case .certificate(let thumbprint):
        guard let certificate = shown.certificate else { throw .boundToken }
        guard ProofGate.thumbprint(certificate) == thumbprint else { throw .wrongCertificate }
        return token
      }
    }
    guard let text = Self.token(in: field, scheme: "dpop") else { throw .missingToken }
    var token = try await verified(text)
    guard case .key(let thumbprint) = token.confirmation else { throw .unboundToken }
    guard let proof = shown.dpop else { throw .invalidProof("the request has no DPoP proof") }
    token.dpopNonce = try proofs.check(proof, of: text, boundTo: thumbprint, shown)
    return token
  }
}

extension Confirmation {
  /// What the claim says; throws `invalidClaim` for a method that isn't known here, which nobody would ask a proof of.
  init?(claim: JSONValue?) throws(VerificationError) {
    guard let claim else { return nil }
    guard let members = claim.object, members.count == 1, let member = members.first, let text = member.value.string,
      (try? Base64URL.decode(text))?.count == 32
    else { throw .invalidClaim("cnf") }
    switch member.name {
    case "jkt": self = .key(thumbprint: text)
    case "x5t#S256": self = .certificate(thumbprint: text)
    default: throw .invalidClaim("cnf")
    }
  }
}
