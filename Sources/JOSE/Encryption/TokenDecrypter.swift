// Decrypts compact JWE with known keys. The key decides the algorithm and the header must agree, as with TokenVerifier.
//
// What a stranger can see for himself (the header, sizes, the ephemeral key) is refused with its reason. From the
// encrypted key on, there is one refusal, `decryptionFailed`: a bad encrypted key is replaced by a random one and the
// content then fails to open (RFC 7516 11.5), after the same steps as with a good key and bad content.

import JSON
import OpenSSL

/// Decrypts tokens with a fixed set of keys, on one thread.
package final class TokenDecrypter {
  /// The largest token it looks at, in bytes, unless told otherwise: a signed token of 16 KiB, encrypted.
  package static let defaultSize = 24 << 10

  /// What the largest RSA key gives, 8192 bits, in base64url.
  private static let largestEncryptedKey = Base64URL.encodedSize(1024)

  /// Keys by kid; where a JWK has none, by thumbprint, or not at all when it is symmetric.
  private let named: [[UInt8]: DecryptionKey]
  private let keys: [DecryptionKey]
  private let size: Int

  /// A key without a name is found by its thumbprint, or alone. Throws `duplicateKeyID`, since a kid must mean one key,
  /// and `missingKeyID` for a nameless symmetric key among several, which nothing could ask for.
  package init(keys: [DecryptionKey], size: Int = defaultSize) throws(JOSEError) {
    var named: [[UInt8]: DecryptionKey] = [:]
    for key in keys {
      guard let kid = key.kid ?? (key.algorithm.isSymmetric ? nil : key.encryptionKey.thumbprint) else {
        guard keys.count == 1 else { throw .missingKeyID }
        continue
      }
      guard named.updateValue(key, forKey: Array(kid.utf8)) == nil else { throw .duplicateKeyID }
    }
    self.named = named
    self.keys = keys
    self.size = size
  }

  /// Decrypts a token.
  package func decrypt(compact: UnsafeRawBufferPointer) throws(JOSEError) -> DecryptedToken {
    let parts = try EncryptedParts(compact, largest: size)
    let header = try EncryptedHeader(try Base64URL.decode(parts.header))
    let key = try find(header)
    let algorithm = try algorithm(header, key)
    let content = try content(header, key)
    let encrypted = try EncryptedContent(parts, content)
    let bytes = try contentKey(parts, header, key, algorithm, content)
    return DecryptedToken(
      kid: key.kid, algorithm: algorithm, content: content, type: header.type, contentType: header.contentType,
      plaintext: try encrypted.open(with: bytes))
  }

  /// Decrypts a token.
  package func decrypt(compact: [UInt8]) throws(JOSEError) -> DecryptedToken {
    try compact.withBytes { compact throws(JOSEError) in try decrypt(compact: compact) }
  }

  private func find(_ header: EncryptedHeader) throws(JOSEError) -> DecryptionKey {
    guard let kid = header.kid else {
      guard keys.count == 1, let key = keys.first else { throw .missingKeyID }
      return key
    }
    guard let key = named[Array(kid.utf8)] else { throw .unknownKey }
    return key
  }

  private func algorithm(
    _ header: EncryptedHeader, _ key: DecryptionKey
  ) throws(JOSEError) -> KeyManagementAlgorithm {
    guard let algorithm = KeyManagementAlgorithm(rawValue: header.algorithm),
      algorithm == key.terms.algorithm || algorithm == key.terms.alternative
    else { throw .algorithmMismatch }
    return algorithm
  }

  private func content(_ header: EncryptedHeader, _ key: DecryptionKey) throws(JOSEError) -> ContentEncryption {
    guard let content = ContentEncryption(rawValue: header.content), key.terms.contents.contains(content) else {
      throw .encryptionMismatch
    }
    return content
  }

  /// The content encryption key (RFC 7516 5.2, steps 7 to 11); a random one when the encrypted key is bad.
  private func contentKey(
    _ parts: EncryptedParts, _ header: EncryptedHeader, _ key: DecryptionKey, _ algorithm: KeyManagementAlgorithm,
    _ content: ContentEncryption
  ) throws(JOSEError) -> SecretBytes {
    guard parts.encryptedKey.isEmpty != algorithm.hasEncryptedKey else { throw .encryptedKeyMismatch }
    guard parts.encryptedKey.count <= Self.largestEncryptedKey else { throw .decryptionFailed }
    let encrypted = try Base64URL.decode(parts.encryptedKey)
    do {
      switch key.material {
      case .symmetric(let shared):
        if algorithm == .direct { return shared }
        return try AESKeyWrap.unwrapOrRandom(encrypted, with: shared, size: content.keySize)
      case .asymmetric(let own) where algorithm.isAgreement:
        let agreed = try agreedKey(header.value, own, algorithm, content)
        if algorithm == .ecdhES { return agreed }
        return try AESKeyWrap.unwrapOrRandom(encrypted, with: agreed, size: content.keySize)
      case .asymmetric(let own):
        return try RSAOAEP.decryptOrRandom(encrypted, with: own, size: content.keySize)
      }
    } catch let error as JOSEError {
      throw error
    } catch {
      throw .cryptographyFailed
    }
  }

  private func agreedKey(
    _ header: JSONValue, _ own: PrivateKey, _ algorithm: KeyManagementAlgorithm, _ content: ContentEncryption
  ) throws(JOSEError) -> SecretBytes {
    let info = try AgreementInfo(header)
    let peer = try EphemeralKey.read(header["epk"], kind: own.kind)
    let secret: SecretBytes
    // What fails here is the peer's point: of low order, for one.
    do { secret = try KeyAgreement.secret(of: own, with: peer) } catch { throw .invalidEphemeralKey }
    do { return try info.key(from: secret, algorithm, content) } catch { throw .cryptographyFailed }
  }
}

/// The parts after the encrypted key, decoded; their sizes are right.
private struct EncryptedContent {
  let content: ContentEncryption
  let header: UnsafeRawBufferPointer
  let nonce: [UInt8]
  let ciphertext: [UInt8]
  let tag: [UInt8]

  /// Throws `invalidContentSize` or `invalidBase64URL`.
  init(_ parts: EncryptedParts, _ content: ContentEncryption) throws(JOSEError) {
    guard parts.nonce.count == Base64URL.encodedSize(content.cipher.nonceSize),
      parts.tag.count == Base64URL.encodedSize(content.cipher.tagSize)
    else { throw .invalidContentSize }
    self.content = content
    header = parts.header
    nonce = try Base64URL.decode(parts.nonce)
    ciphertext = try Base64URL.decode(parts.ciphertext)
    tag = try Base64URL.decode(parts.tag)
  }

  func open(with key: SecretBytes) throws(JOSEError) -> [UInt8] {
    do {
      return try key.withBytes { key in
        try ciphertext.withBytes { ciphertext in
          try content.cipher.open(ciphertext, tag: tag, key: key, nonce: nonce, associatedData: header)
        }
      }
    } catch { throw .decryptionFailed }
  }
}
