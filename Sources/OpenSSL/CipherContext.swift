// One message through one symmetric cipher. A new context for each, since each message comes with a key of its own.

import COpenSSL

/// A cipher with key and nonce set, for one message; freed, and thereby wiped, with its owner.
final class CipherContext {
  enum Direction: Int32 {
    case encrypting = 1
    case decrypting = 0
  }

  private let pointer: OpaquePointer

  /// Throws when the key is not of the cipher's size. A nonce must have the size that the caller has checked.
  init(
    _ cipher: Algorithm, _ direction: Direction, key: UnsafeRawBufferPointer, nonce: [UInt8]?
  ) throws(OpenSSLError) {
    pointer = try OpenSSLError.unwrap(EVP_CIPHER_CTX_new(), "EVP_CIPHER_CTX_new")
    guard key.count == EVP_CIPHER_get_key_length(cipher.pointer) else {
      throw OpenSSLError(call: "EVP_CipherInit_ex2", reason: "a key that is not of the cipher's size")
    }
    precondition(nonce == nil || nonce?.count == Int(EVP_CIPHER_get_iv_length(cipher.pointer)))
    // Key wrapping asks for consent, because it isn't for messages.
    EVP_CIPHER_CTX_set_flags(pointer, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW)
    let start = key.baseAddress?.assumingMemoryBound(to: UInt8.self)
    try OpenSSLError.check(
      EVP_CipherInit_ex2(pointer, cipher.pointer, start, nonce, direction.rawValue, nil), "EVP_CipherInit_ex2")
  }

  deinit { EVP_CIPHER_CTX_free(pointer) }

  /// Binds data that is not encrypted (GCM).
  func bind(_ associatedData: UnsafeRawBufferPointer) throws(OpenSSLError) {
    // To OpenSSL, no address at all means something else.
    guard !associatedData.isEmpty else { return }
    try update(associatedData, into: nil)
  }

  /// Writes what comes out, at most a block more than goes in, and returns its size.
  @discardableResult
  func update(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer?) throws(OpenSSLError) -> Int {
    guard let count = Int32(exactly: input.count), count < Int32.max - 64 else {
      throw OpenSSLError(call: "EVP_CipherUpdate", reason: "a text of 2 GiB or more")
    }
    guard count > 0 else { return 0 }
    let (result, size) = update(input, count, output)
    try OpenSSLError.check(result, "EVP_CipherUpdate")
    return size
  }

  /// The same for what must not show whether it went well: without an error to make, -1 as the size when it didn't.
  func updateQuietly(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawPointer) -> Int {
    let (result, size) = update(input, Int32(clamping: input.count), output)
    ERR_clear_error()
    return result == 1 ? size : -1
  }

  private func update(
    _ input: UnsafeRawBufferPointer, _ count: Int32, _ output: UnsafeMutableRawPointer?
  ) -> (result: Int32, size: Int) {
    var size: Int32 = 0
    let result = EVP_CipherUpdate(
      pointer, output?.assumingMemoryBound(to: UInt8.self), &size,
      input.baseAddress?.assumingMemoryBound(to: UInt8.self), count)
    return (result, Int(size))
  }

  /// Writes what was held back, less than a block or a block of padding, and returns its size. Throws when tag or
  /// padding are not good.
  func finish(into output: UnsafeMutableRawPointer) throws(OpenSSLError) -> Int {
    var size: Int32 = 0
    try OpenSSLError.check(
      EVP_CipherFinal_ex(pointer, output.assumingMemoryBound(to: UInt8.self), &size), "EVP_CipherFinal_ex")
    return Int(size)
  }

  /// The tag of what was encrypted (GCM), after `finish`.
  func tag(size: Int) throws(OpenSSLError) -> [UInt8] {
    var tag = [UInt8](repeating: 0, count: size)
    try OpenSSLError.check(
      EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_GET_TAG, Int32(size), &tag), "EVP_CIPHER_CTX_ctrl")
    return tag
  }

  /// Sets the tag that what is decrypted must have (GCM), before `finish`.
  func expect(tag: [UInt8]) throws(OpenSSLError) {
    var tag = tag
    try OpenSSLError.check(
      EVP_CIPHER_CTX_ctrl(pointer, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), &tag), "EVP_CIPHER_CTX_ctrl")
  }
}
