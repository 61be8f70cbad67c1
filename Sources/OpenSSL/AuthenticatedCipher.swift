// Authenticated encryption with associated data, in the forms that JOSE's content encryption has (RFC 7518 5): GCM,
// which OpenSSL does whole, and CBC with HMAC, which AESCBCHMAC.swift puts together from OpenSSL's two.

import COpenSSL

/// A cipher that detects every change; safe from any thread.
package enum AuthenticatedCipher: Sendable {
  case aes128GCM, aes256GCM
  /// AES-128 in CBC mode with HMAC-SHA256 (RFC 7518 5.2.3).
  case aes128CBCHMACSHA256
  /// AES-256 in CBC mode with HMAC-SHA512 (RFC 7518 5.2.5).
  case aes256CBCHMACSHA512

  /// What sealing gives: as much ciphertext as plaintext with GCM, up to a block more with CBC; and the tag.
  package struct Sealed: Sendable {
    package let ciphertext: [UInt8]
    package let tag: [UInt8]
  }

  /// The exact size of a key in bytes.
  package var keySize: Int {
    switch self {
    case .aes128GCM: 16
    case .aes256GCM, .aes128CBCHMACSHA256: 32
    case .aes256CBCHMACSHA512: 64
    }
  }

  /// The exact size of a nonce (JOSE's initialization vector) in bytes.
  package var nonceSize: Int {
    switch self {
    case .aes128GCM, .aes256GCM: 12
    case .aes128CBCHMACSHA256, .aes256CBCHMACSHA512: 16
    }
  }

  /// The exact size of a tag in bytes.
  package var tagSize: Int {
    switch self {
    case .aes128GCM, .aes256GCM, .aes128CBCHMACSHA256: 16
    case .aes256CBCHMACSHA512: 32
    }
  }

  /// The size of the ciphertext for that many bytes of plaintext.
  package func ciphertextSize(_ plaintext: Int) -> Int {
    switch self {
    case .aes128GCM, .aes256GCM: plaintext
    case .aes128CBCHMACSHA256, .aes256CBCHMACSHA512: (plaintext / 16 + 1) * 16
    }
  }

  /// Encrypts. A nonce must never come twice with one key; a random one may be used for 2^32 messages (NIST SP 800-38D
  /// 8.3). Throws when key or nonce have another size than the cipher's.
  package func seal(
    _ plaintext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, nonce: [UInt8],
    associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> Sealed {
    try check(key, nonce)
    switch self {
    case .aes128GCM, .aes256GCM:
      return try AESGCM.seal(plaintext, algorithm, key: key, nonce: nonce, associatedData: associatedData)
    case .aes128CBCHMACSHA256, .aes256CBCHMACSHA512:
      return try cbc(key).seal(plaintext, nonce: nonce, associatedData: associatedData)
    }
  }

  /// Decrypts what `seal` made. Throws, without a byte of plaintext, when key, nonce, tag or associated data are not
  /// the same or of another size. The plaintext is the caller's to wipe.
  package func open(
    _ ciphertext: UnsafeRawBufferPointer, tag: [UInt8], key: UnsafeRawBufferPointer, nonce: [UInt8],
    associatedData: UnsafeRawBufferPointer
  ) throws(OpenSSLError) -> [UInt8] {
    try check(key, nonce)
    guard tag.count == tagSize else { throw OpenSSLError(call: "AuthenticatedCipher", reason: "a tag of another size") }
    switch self {
    case .aes128GCM, .aes256GCM:
      return try AESGCM.open(ciphertext, tag, algorithm, key: key, nonce: nonce, associatedData: associatedData)
    case .aes128CBCHMACSHA256, .aes256CBCHMACSHA512:
      return try cbc(key).open(ciphertext, tag: tag, nonce: nonce, associatedData: associatedData)
    }
  }

  private func check(_ key: UnsafeRawBufferPointer, _ nonce: [UInt8]) throws(OpenSSLError) {
    guard key.count == keySize, nonce.count == nonceSize else {
      throw OpenSSLError(call: "AuthenticatedCipher", reason: "a key or nonce of another size")
    }
  }

  private var algorithm: Algorithm {
    switch self {
    case .aes128GCM: Algorithms.aes128GCM
    case .aes256GCM: Algorithms.aes256GCM
    case .aes128CBCHMACSHA256: Algorithms.aes128CBC
    case .aes256CBCHMACSHA512: Algorithms.aes256CBC
    }
  }

  private func cbc(_ key: UnsafeRawBufferPointer) -> AESCBCHMAC {
    AESCBCHMAC(algorithm, self == .aes128CBCHMACSHA256 ? .sha256 : .sha512, key)
  }
}

extension Algorithms {
  static let aes128GCM = Algorithm(EVP_CIPHER_fetch(nil, "AES-128-GCM", nil))
  static let aes128CBC = Algorithm(EVP_CIPHER_fetch(nil, "AES-128-CBC", nil))
  static let aes256CBC = Algorithm(EVP_CIPHER_fetch(nil, "AES-256-CBC", nil))
}
