// How a client proves who it is at the token endpoint and its neighbours, as the store keeps it.

/// A client's authentication. Which members stand there follows from the method.
package struct ClientAuthentication: Sendable, Equatable {
  /// The methods, by the names that RFC 8414 section 2 refers to.
  package enum Method: String, Sendable, CaseIterable {
    /// A public client: it has nothing to prove itself by.
    case none
    /// RFC 6749 section 2.3.1.
    case basic = "client_secret_basic"
    case post = "client_secret_post"
    /// RFC 7523 section 2.2.
    case privateKeyJWT = "private_key_jwt"
    /// RFC 8705 section 2.1: a certificate that an authority of ours has issued, known by its subject.
    case tlsClientAuth = "tls_client_auth"
    /// RFC 8705 section 2.2: a certificate known by its key.
    case selfSignedTLS = "self_signed_tls_client_auth"
  }

  /// A secret's digest: with 256 random bits there is nothing to guess, so SHA-256 is enough.
  package struct Secret: Sendable, Equatable {
    /// SHA-256.
    package let digest: [UInt8]
    /// Until when it is good, in milliseconds since 1970; nil: for good.
    package let until: Int64?

    package init(digest: [UInt8], until: Int64? = nil) { (self.digest, self.until) = (digest, until) }
  }

  package var method: Method
  package var secret: Secret?
  /// The secret before, for the time in which the client changes over.
  package var previousSecret: Secret?
  /// The client's public keys, a JWK Set's JSON (RFC 7517 section 5); never fetched from anywhere.
  package var jwks: String?
  /// What the certificate names: `dn:`, `dns:`, `uri:`, `ip:` or `email:` and the value (RFC 8705 section 2.1.2).
  package var tlsSubject: String?

  package init(
    method: Method = .none, secret: Secret? = nil, previousSecret: Secret? = nil, jwks: String? = nil,
    tlsSubject: String? = nil
  ) {
    self.method = method
    self.secret = secret
    self.previousSecret = previousSecret
    self.jwks = jwks
    self.tlsSubject = tlsSubject
  }
}
