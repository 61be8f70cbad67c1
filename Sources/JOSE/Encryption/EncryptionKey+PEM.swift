// Keys for encryption as PEM, in and out. PEM names neither algorithm nor kid: a key that came so has no kid, and its
// kind's algorithm unless the caller says another.

import OpenSSL

extension EncryptionKey {
  /// Reads a public key in PEM (see `PublicKey`). Throws `unsupportedKey` when the key is not for the algorithm,
  /// `weakKey`, or `invalidKey`.
  package init(pem: String, algorithm: KeyManagementAlgorithm? = nil) throws(JOSEError) {
    let key: PublicKey
    do { key = try PublicKey(pem: pem) } catch { throw .invalidKey }
    try self.init(key: key, algorithm: algorithm)
  }

  /// The key as a PEM `PUBLIC KEY`, with its final newline; throws `noPublicKey` for a symmetric key.
  package var pem: String {
    get throws(JOSEError) {
      guard case .asymmetric(let key, _) = material else { throw .noPublicKey }
      do { return try key.pem() } catch { throw .cryptographyFailed }
    }
  }
}

extension DecryptionKey {
  /// Reads a private key in PEM: PKCS#8, encrypted with PBES2 or not, SEC 1 or PKCS#1 (see `PrivateKey`). Throws
  /// `unsupportedKey` when the key is not for the algorithm, `weakKey`, and `invalidKey` also for a wrong passphrase.
  package init(
    pem: String, passphrase: [UInt8]? = nil, algorithm: KeyManagementAlgorithm? = nil
  ) throws(JOSEError) {
    let key: PrivateKey
    do { key = try PrivateKey(pem: pem, passphrase: passphrase) } catch { throw .invalidKey }
    try self.init(key, algorithm: algorithm)
  }

  /// The private key as a PEM `ENCRYPTED PRIVATE KEY`: PBES2 with AES-256-CBC and 600,000 rounds of PBKDF2, which takes
  /// a quarter of a second. How strong the passphrase must be is the caller's to say. Throws `unsupportedKey` for a
  /// symmetric key, which has no PEM, and `cryptographyFailed`, also for an empty passphrase.
  package func encryptedPEM(passphrase: [UInt8]) throws(JOSEError) -> String {
    guard case .asymmetric(let key) = material else { throw .unsupportedKey }
    do { return try key.encryptedPEM(passphrase: passphrase) } catch { throw .cryptographyFailed }
  }
}
