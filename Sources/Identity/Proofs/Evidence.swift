// What a request shows of the keys its sender holds, and what of that is proved.

package import OpenSSL

/// What came with a request, as it came.
package struct Evidence: Sendable {
  /// The request's method.
  package let method: String
  /// The request's path, without query.
  package let path: String
  /// The origin that the request was sent to, where that may be another than the issuer's: a proof may name either.
  package var origin: String?
  /// The field `DPoP`.
  package let proof: String?
  /// The certificate that the client showed, whoever signed it: binding needs a key and no name (RFC 8705 section 3).
  package let certificate: PresentedCertificate?

  /// Nothing.
  package static let none = Evidence(method: "", path: "")

  package init(method: String, path: String, proof: String? = nil, certificate: PresentedCertificate? = nil) {
    self.method = method
    self.path = path
    self.proof = proof
    self.certificate = certificate
  }
}

/// The keys of which a request has proved possession.
package struct Proven: Sendable {
  /// The thumbprint of the key of its DPoP proof, 32 bytes.
  package var key: [UInt8]?
  /// The thumbprint of its certificate, 32 bytes.
  package var certificate: [UInt8]?
  /// The nonce that the client is to use from now on, when it used an older one.
  package var nextNonce: String?

  /// No key at all.
  package init() {}

  /// What a session can be bound to by it: a key that somebody took the trouble to prove comes before the connection's.
  var confirmation: Confirmation? { key.map(Confirmation.jkt) ?? certificate.map(Confirmation.x5t) }
}
