// A compact JWE cut at its four periods. Ranges into the caller's bytes; nothing is decoded yet.

/// The five parts of a compact serialization (RFC 7516 3.1).
struct EncryptedParts {
  /// The largest token that any caller may ask to have looked at, in bytes.
  static let largest = 64 << 20

  /// As it stands in the token, which is also the associated data (RFC 7516 5.1, step 14).
  let header: UnsafeRawBufferPointer
  let encryptedKey: UnsafeRawBufferPointer
  let nonce: UnsafeRawBufferPointer
  let ciphertext: UnsafeRawBufferPointer
  let tag: UnsafeRawBufferPointer

  /// Throws `tooLarge`, also for a header that alone is too large, and `malformed`.
  init(_ token: UnsafeRawBufferPointer, largest: Int) throws(JOSEError) {
    guard token.count <= min(largest, Self.largest) else { throw .tooLarge }
    var parts: [UnsafeRawBufferPointer] = []
    var start = 0
    for index in token.indices where token[index] == UInt8(ascii: ".") {
      guard parts.count < 4 else { throw .malformed }
      parts.append(UnsafeRawBufferPointer(rebasing: token[start..<index]))
      start = index + 1
    }
    guard parts.count == 4 else { throw .malformed }
    (header, encryptedKey, nonce, ciphertext) = (parts[0], parts[1], parts[2], parts[3])
    tag = UnsafeRawBufferPointer(rebasing: token[start...])
    guard header.count <= Base64URL.encodedSize(EncryptedHeader.largest) else { throw .tooLarge }
  }
}
