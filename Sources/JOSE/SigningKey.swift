// A private signature key and its public JWK. Its contents leave by methods whose names say so.

package import OpenSSL

/// A private signature key, for exactly one algorithm.
package final class SigningKey: Sendable, CustomStringConvertible, CustomReflectable {
  package let publicJWK: PublicJWK
  let privateKey: PrivateKey

  /// The name which tokens signed by it bear: the RFC 7638 thumbprint unless a JWK says otherwise.
  package var kid: String { publicJWK.kid }
  package var algorithm: SignatureAlgorithm { publicJWK.algorithm }
  package var description: String { "SigningKey(\(algorithm.rawValue))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Throws `unsupportedKey` when the key is not for that algorithm, `weakKey`, `invalidKey`.
  package init(_ key: PrivateKey, algorithm: SignatureAlgorithm, kid: String? = nil) throws(JOSEError) {
    privateKey = key
    publicJWK = try PublicJWK(key: key.publicKey, algorithm: algorithm, kid: kid)
  }

  /// A new random key; RSA takes a good part of a second. Throws `unavailableAlgorithm` for ML-DSA without OpenSSL 3.5.
  package static func generate(_ algorithm: SignatureAlgorithm) throws(JOSEError) -> SigningKey {
    guard algorithm.isAvailable else { throw .unavailableAlgorithm }
    let key: PrivateKey
    do { key = try PrivateKey.generate(algorithm.keyKind) } catch { throw .cryptographyFailed }
    return try SigningKey(key, algorithm: algorithm)
  }

  /// Reads what `pkcs8` gave. Throws `unavailableAlgorithm`, `invalidKey`, `unsupportedKey`, `weakKey`.
  package convenience init(pkcs8: [UInt8], algorithm: SignatureAlgorithm) throws(JOSEError) {
    guard algorithm.isAvailable else { throw .unavailableAlgorithm }
    let key: PrivateKey
    do { key = try PrivateKey(pkcs8: pkcs8) } catch { throw .invalidKey }
    try self.init(key, algorithm: algorithm)
  }

  /// The private key as PKCS#8 in DER, unencrypted; the caller wipes it.
  package var pkcs8: [UInt8] {
    get throws(JOSEError) {
      do { return try privateKey.pkcs8() } catch { throw .cryptographyFailed }
    }
  }
}
