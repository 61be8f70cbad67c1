// What verifying a compact JWS consists of, whoever's key it is: size, form, header, key, type, signature, payload, in
// that order, so that the cheap reasons come first and nothing is believed before the signature has been found good.

import JSON
import OpenSSL

/// A key by which a compact JWS may have been made.
protocol VerifyingKey {
  /// The name by which headers ask for it; nil when it has none.
  var name: String? { get }
  /// The bytes which its signatures have.
  var signatureSize: Int { get }
  /// Whether a header's `alg` is the key's.
  func isAlgorithm(_ name: String) -> Bool
  /// Whether `signature`, of `signatureSize` bytes, is the key's over `input`.
  func isValid(_ signature: UnsafeRawBufferPointer, over input: UnsafeRawBufferPointer) -> Bool
}

/// Verifies with a fixed set of keys, on one thread.
struct CompactVerifier<Key: VerifyingKey> {
  private let named: [String: Key]
  /// The key, when there is exactly one; a header need not name it.
  private let only: Key?
  private let size: Int
  private var scratch: [UInt8] = []
  /// The last header that was good: an issuer's tokens have the same one until its key changes.
  private var known: (text: [UInt8], header: TokenHeader, key: Key)?
  /// The largest header that is remembered, in bytes of base64url.
  private static var rememberedSize: Int { 1 << 10 }

  /// Throws `duplicateKeyID`, since a kid must mean one key.
  init(_ keys: [Key], size: Int) throws(JOSEError) {
    var named: [String: Key] = [:]
    for key in keys {
      guard let name = key.name else {
        // Nothing could ask for it.
        guard keys.count == 1 else { throw .missingKeyID }
        continue
      }
      guard named.updateValue(key, forKey: name) == nil else { throw .duplicateKeyID }
    }
    self.named = named
    only = keys.count == 1 ? keys.first : nil
    self.size = size
  }

  /// The key and the payload of a token whose `typ` must be `type`; nil takes any.
  mutating func verify(
    _ compact: UnsafeRawBufferPointer, type: String?
  ) throws(JOSEError) -> (key: Key, payload: [UInt8]) {
    let parts = try CompactParts(compact, largest: size)
    let (header, key) = try read(parts.header)
    // RFC 8725 3.11: a token made for another purpose must not pass for this one.
    if let type, !header.isType(type) { throw .typeMismatch }
    try checkSignature(parts, key)
    remember(parts.header, header, key)
    return (key, try Base64URL.decode(parts.payload))
  }

  private mutating func read(_ text: UnsafeRawBufferPointer) throws(JOSEError) -> (TokenHeader, Key) {
    if let known, known.text.elementsEqual(text) { return (known.header, known.key) }
    scratch.removeAll(keepingCapacity: true)
    try Base64URL.decode(text, into: &scratch)
    let header = try TokenHeader(scratch)
    return (header, try find(header))
  }

  private mutating func remember(_ text: UnsafeRawBufferPointer, _ header: TokenHeader, _ key: Key) {
    guard text.count <= Self.rememberedSize, known?.text.elementsEqual(text) != true else { return }
    known = (Array(text), header, key)
  }

  private func find(_ header: TokenHeader) throws(JOSEError) -> Key {
    let key: Key
    if let kid = header.kid {
      // A dictionary compares by Unicode equivalence; a kid is the same bytes or another one.
      guard let found = named[kid], found.name?.utf8.elementsEqual(kid.utf8) == true else { throw .unknownKey }
      key = found
    } else {
      guard let only else { throw .missingKeyID }
      key = only
    }
    guard key.isAlgorithm(header.algorithm) else { throw .algorithmMismatch }
    return key
  }

  private mutating func checkSignature(_ parts: CompactParts, _ key: Key) throws(JOSEError) {
    guard parts.signature.count == Base64URL.encodedSize(key.signatureSize) else { throw .invalidSignature }
    scratch.removeAll(keepingCapacity: true)
    try Base64URL.decode(parts.signature, into: &scratch)
    guard scratch.withUnsafeBytes({ key.isValid($0, over: parts.signingInput) }) else { throw .invalidSignature }
  }
}
