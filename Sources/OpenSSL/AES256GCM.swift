// AES-256-GCM for wrapping keys at rest. The nonce is 96 random bits, so one key may seal 2^32 messages
// (NIST SP 800-38D 8.3), which a server's keys never come near. Rare, so each call makes its own context.

import COpenSSL

/// Authenticated encryption with a key of 32 bytes; safe from any thread.
package enum AES256GCM {
  package static let keySize = 32
  package static let nonceSize = 12
  package static let tagSize = 16

  /// Encrypts: nonce, ciphertext and tag in one array. `associatedData` is bound to it and must be given to `open`.
  package static func seal(
    _ plaintext: [UInt8], key: [UInt8], associatedData: [UInt8]
  ) throws(OpenSSLError) -> [UInt8] {
    let context = try Context(key)
    let nonce = Random.bytes(nonceSize)
    let pointer = context.pointer
    try OpenSSLError.check(
      EVP_EncryptInit_ex2(pointer, Algorithms.aes256GCM.pointer, key, nonce, nil), "EVP_EncryptInit_ex2")
    var size: Int32 = 0
    try OpenSSLError.check(
      EVP_EncryptUpdate(pointer, nil, &size, associatedData, Int32(associatedData.count)), "EVP_EncryptUpdate")
    var ciphertext = [UInt8](repeating: 0, count: plaintext.count)
    try OpenSSLError.check(
      EVP_EncryptUpdate(pointer, &ciphertext, &size, plaintext, Int32(plaintext.count)), "EVP_EncryptUpdate")
    var tag = [UInt8](repeating: 0, count: tagSize)
    try OpenSSLError.check(EVP_EncryptFinal_ex(pointer, &tag, &size), "EVP_EncryptFinal_ex")
    try OpenSSLError.check(
      EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(tagSize), &tag), "EVP_CIPHER_CTX_ctrl")
    return nonce + ciphertext + tag
  }

  /// Decrypts what `seal` made; throws when key, associated data or a single bit are not the same. The plaintext is
  /// the caller's to wipe.
  package static func open(
    _ sealed: [UInt8], key: [UInt8], associatedData: [UInt8]
  ) throws(OpenSSLError) -> [UInt8] {
    guard sealed.count >= nonceSize + tagSize else {
      throw OpenSSLError(call: "AES256GCM.open", reason: "shorter than nonce and tag")
    }
    let context = try Context(key)
    let nonce = Array(sealed[..<nonceSize])
    let ciphertext = Array(sealed[nonceSize..<(sealed.count - tagSize)])
    var tag = Array(sealed[(sealed.count - tagSize)...])
    let pointer = context.pointer
    try OpenSSLError.check(
      EVP_DecryptInit_ex2(pointer, Algorithms.aes256GCM.pointer, key, nonce, nil), "EVP_DecryptInit_ex2")
    try OpenSSLError.check(
      EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tagSize), &tag), "EVP_CIPHER_CTX_ctrl")
    var size: Int32 = 0
    try OpenSSLError.check(
      EVP_DecryptUpdate(pointer, nil, &size, associatedData, Int32(associatedData.count)), "EVP_DecryptUpdate")
    var plaintext = [UInt8](repeating: 0, count: ciphertext.count)
    try OpenSSLError.check(
      EVP_DecryptUpdate(pointer, &plaintext, &size, ciphertext, Int32(ciphertext.count)), "EVP_DecryptUpdate")
    guard EVP_DecryptFinal_ex(pointer, &tag, &size) == 1 else {
      wipe(&plaintext)
      ERR_clear_error()
      throw OpenSSLError(call: "EVP_DecryptFinal_ex", reason: "the tag does not match")
    }
    return plaintext
  }

  /// A cipher context which is freed, and thereby wiped, with its owner.
  private final class Context {
    let pointer: OpaquePointer

    init(_ key: [UInt8]) throws(OpenSSLError) {
      guard key.count == keySize else { throw OpenSSLError(call: "AES256GCM", reason: "a key that is not 32 bytes") }
      pointer = try OpenSSLError.unwrap(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
    }

    deinit { EVP_CIPHER_CTX_free(pointer) }
  }
}
