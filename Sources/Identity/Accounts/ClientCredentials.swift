// What a request shows to prove which client sends it. Nothing of it has been checked.

package import OpenSSL
package import Storage

/// A client's credentials as a request has them.
package struct ClientCredentials: Sendable {
  /// What is to prove it.
  package enum Proof: Sendable {
    case secret(String, by: ClientAuthentication.Method)
    /// A JWT (RFC 7523 section 2.2).
    case assertion(String)
    /// At most the connection's certificate.
    case certificate(verified: VerifiedCertificate?, presented: PresentedCertificate?)
  }

  /// Nil where the assertion alone says who sends it.
  package let clientID: String?
  package let proof: Proof

  package init(clientID: String?, proof: Proof) { (self.clientID, self.proof) = (clientID, proof) }
}
