// Encrypted tokens with any header, put together here from OpenSSL's parts alone: what TokenEncrypter would never
// write.

import JOSE
import JSON
import OpenSSL

enum SampleEncryption {
  /// Each algorithm with each kind of key that it takes.
  static let keys: [(KeyManagementAlgorithm, KeyKind?)] = [
    (.rsaOAEP256, nil), (.ecdhES, .p256), (.ecdhES, .p384), (.ecdhES, .p521), (.ecdhES, .x25519),
    (.ecdhESA256KW, .p256), (.ecdhESA256KW, .p384), (.ecdhESA256KW, .p521), (.ecdhESA256KW, .x25519), (.direct, nil),
    (.a256KW, nil),
  ]

  /// A token under that header, whose content is encrypted with `key` by that cipher.
  static func token(
    header: String, encryptedKey: [UInt8] = [], key: SecretBytes, cipher: AuthenticatedCipher = .aes256GCM,
    text: [UInt8] = Array("text".utf8)
  ) throws -> [UInt8] {
    var token: [UInt8] = []
    Base64URL.encode(Array(header.utf8), into: &token)
    let nonce = Random.bytes(cipher.nonceSize)
    let sealed = try key.withBytes { key in
      try token.withBytes { header in
        try text.withBytes { try cipher.seal($0, key: key, nonce: nonce, associatedData: header) }
      }
    }
    for part in [encryptedKey, nonce, sealed.ciphertext, sealed.tag] {
      token.append(UInt8(ascii: "."))
      Base64URL.encode(part, into: &token)
    }
    return token
  }

  /// A token cut at its periods.
  static func parts(_ token: [UInt8]) -> [[UInt8]] {
    token.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map { Array($0) }
  }

  /// The token with one part replaced.
  static func replacing(_ index: Int, of token: [UInt8], with text: String) -> [UInt8] {
    var parts = parts(token)
    parts[index] = Array(text.utf8)
    return Array(parts.joined(separator: [UInt8(ascii: ".")]))
  }

  /// The token with one part replaced by bytes in base64url.
  static func replacing(_ index: Int, of token: [UInt8], with bytes: [UInt8]) -> [UInt8] {
    replacing(index, of: token, with: Base64URL.encode(bytes))
  }
}

/// A token for that key.
func encrypt(
  _ text: [UInt8], to key: EncryptionKey, _ content: ContentEncryption, contentType: String? = nil
) throws -> [UInt8] {
  var output: [UInt8] = []
  try TokenEncrypter(key: key, content: content, contentType: contentType).encrypt(text, into: &output)
  return output
}
