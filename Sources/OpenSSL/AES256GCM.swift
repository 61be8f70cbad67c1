// AES-256-GCM for wrapping keys at rest. The nonce is 96 random bits, so one key may seal 2^32 messages
// (NIST SP 800-38D 8.3), which a server's keys never come near.

/// Authenticated encryption with a key of 32 bytes; safe from any thread.
package enum AES256GCM {
  package static let keySize = 32
  package static let nonceSize = 12
  package static let tagSize = 16

  /// Encrypts: nonce, ciphertext and tag in one array. `associatedData` is bound to it and must be given to `open`.
  package static func seal(
    _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8]
  ) throws(OpenSSLError) -> [UInt8] {
    let nonce = Random.bytes(nonceSize)
    let sealed = try withBytes(plaintext, key, associatedData) {
      plaintext, key, associatedData throws(OpenSSLError) in
      try AuthenticatedCipher.aes256GCM.seal(plaintext, key: key, nonce: nonce, associatedData: associatedData)
    }
    return nonce + sealed.ciphertext + sealed.tag
  }

  /// Decrypts what `seal` made; throws when key, associated data or a single bit are not the same. The plaintext is
  /// the caller's to wipe.
  package static func open(
    _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8]
  ) throws(OpenSSLError) -> [UInt8] {
    guard sealed.count >= nonceSize + tagSize else {
      throw OpenSSLError(call: "AES256GCM.open", reason: "shorter than nonce and tag")
    }
    let nonce = Array(sealed[..<nonceSize])
    let tag = Array(sealed[(sealed.count - tagSize)...])
    return try withBytes(sealed, key, associatedData) { sealed, key, associatedData throws(OpenSSLError) in
      let ciphertext = UnsafeRawBufferPointer(rebasing: sealed[nonceSize..<(sealed.count - tagSize)])
      return try AuthenticatedCipher.aes256GCM.open(
        ciphertext, tag: tag, key: key, nonce: nonce, associatedData: associatedData)
    }
  }

  private static func withBytes<Value>(
    _ one: [UInt8], _ two: [UInt8], _ three: [UInt8],
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(OpenSSLError) -> Value
  ) throws(OpenSSLError) -> Value {
    try one.withBytes { one throws(OpenSSLError) in
      try two.withBytes { two throws(OpenSSLError) in
        try three.withBytes { three throws(OpenSSLError) in try body(one, two, three) }
      }
    }
  }
}
