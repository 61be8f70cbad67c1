// A JWK that came from elsewhere: each member is checked before OpenSSL sees it, and private members are passed over.

package import JSON
import OpenSSL

extension PublicJWK {
  /// Reads a JWK for signatures, public or private, keeping its public part. Throws `unsupportedKey` for a type, curve
  /// or algorithm that is not ours, `wrongKeyUse` for an encryption key, `weakKey`, or `invalidKey`.
  package init(_ value: JSONValue) throws(JOSEError) {
    let members = try JWKMembers(value, for: .verify)
    let parameters = try members.publicParameters()
    let key: PublicKey
    do { key = try PublicKey(parameters) } catch { throw .invalidKey }
    self.init(key, parameters, try members.signatureAlgorithm(key.kind), members.kid)
  }
}

extension JWKMembers {
  /// The algorithm that `alg` names, or the kind's own without one; throws `unsupportedKey` when it is not for the kind.
  func signatureAlgorithm(_ kind: KeyKind) throws(JOSEError) -> SignatureAlgorithm {
    let algorithm = alg.map { SignatureAlgorithm(name: $0) } ?? SignatureAlgorithm(default: kind)
    guard let algorithm, algorithm.accepts(kind) else { throw .unsupportedKey }
    return algorithm
  }
}
