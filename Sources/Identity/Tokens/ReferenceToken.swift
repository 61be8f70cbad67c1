// The reference token: an access token that only Signet can read, so that whoever gets one has to ask what it means and
// learns of its end at once. `sga_`, and base64url of
//
//   version 1 | key id 1 | nonce 12 | AES-256-GCM of the claims | tag 16
//
// The claims are those of the JWT that it stands for, so nothing is kept for it anywhere. The nonce is a MAC of the claims:
// the same claims give the same token, as a retry wants it, and other claims another nonce, whatever brought them about. (By the
// `jti` alone a changed lifetime would put two texts under one nonce, which breaks GCM.) Nonces of 96 bits that are as good as
// random may seal 2^32 texts with less than one chance in 2^32 of a second use (NIST SP 800-38D section 8.3).

import JOSE
import OpenSSL

/// Writes and reads reference tokens; confined to one thread.
final class ReferenceTokenCodec {
  static let prefix = "sga_"
  private static let version: UInt8 = 1
  private static let nonceSize = AES256GCM.nonceSize
  /// Bytes around the claims.
  private static let frame = 2 + AES256GCM.nonceSize + AES256GCM.tagSize

  /// What one key of the ring gives: a key for each of both uses.
  private struct Key {
    let cipher: [UInt8]
    let nonce: HMACSHA256

    init(_ secret: [UInt8]) throws(OpenSSLError) {
      let mac = try HMACSHA256(key: secret)
      cipher = mac.tag(Array("reference-token cipher".utf8))
      nonce = try HMACSHA256(key: mac.tag(Array("reference-token nonce".utf8)))
    }
  }

  private let newest: UInt8
  private let keys: [UInt8: Key]
  private var bytes: [UInt8] = []

  /// - Parameter secrets: the keys of the purpose, by id; the highest one seals.
  init(_ secrets: [UInt8: [UInt8]]) throws(OpenSSLError) {
    newest = secrets.keys.max() ?? 0
    var keys: [UInt8: Key] = [:]
    for (id, secret) in secrets { keys[id] = try Key(secret) }
    self.keys = keys
  }

  /// The bytes of a token with so many bytes of claims.
  static func size(claims: Int) -> Int { prefix.utf8.count + Base64URL.encodedSize(frame + claims) }

  /// Appends the token that says `claims` to `output`.
  func write(_ claims: [UInt8], into output: inout [UInt8]) throws(JOSEError) {
    guard let key = keys[newest] else { throw .unknownKey }
    let head = [Self.version, newest]
    let nonce = Array(key.nonce.tag(claims)[..<Self.nonceSize])
    let sealed: AuthenticatedCipher.Sealed
    do { sealed = try Self.seal(claims, key.cipher, nonce, head) } catch { throw .cryptographyFailed }
    bytes.removeAll(keepingCapacity: true)
    bytes += head
    bytes += nonce
    bytes += sealed.ciphertext
    bytes += sealed.tag
    output += Self.prefix.utf8
    Base64URL.encode(bytes, into: &output)
  }

  private static func seal(
    _ claims: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ head: [UInt8]
  ) throws(OpenSSLError) -> AuthenticatedCipher.Sealed {
    try claims.withBytes { claims throws(OpenSSLError) in
      try key.withBytes { key throws(OpenSSLError) in
        try head.withBytes { head throws(OpenSSLError) in
          try AuthenticatedCipher.aes256GCM.seal(claims, key: key, nonce: nonce, associatedData: head)
        }
      }
    }
  }

  /// Whether the text is to be taken for a reference token.
  static func isOne(_ text: UnsafeRawBufferPointer) -> Bool { text.starts(with: prefix.utf8) }

  /// The claims that a token says; nil unless it is canonical and was sealed here.
  func parse(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    // Before anything is decoded: a stranger chooses the length.
    guard text.count <= TokenVerifier.defaultSize, text.count >= Self.size(claims: 0), Self.isOne(text) else {
      return nil
    }
    bytes.removeAll(keepingCapacity: true)
    let encoded = UnsafeRawBufferPointer(rebasing: text[Self.prefix.utf8.count...])
    guard (try? Base64URL.decode(encoded, into: &bytes)) != nil, bytes.count >= Self.frame else { return nil }
    guard bytes[0] == Self.version, let key = keys[bytes[1]] else { return nil }
    let (start, end) = (2 + Self.nonceSize, bytes.count - AES256GCM.tagSize)
    let (nonce, tag) = (Array(bytes[2..<start]), Array(bytes[end...]))
    return bytes.withUnsafeBytes { bytes in
      key.cipher.withUnsafeBytes { cipher in
        try? AuthenticatedCipher.aes256GCM.open(
          UnsafeRawBufferPointer(rebasing: bytes[start..<end]), tag: tag, key: cipher, nonce: nonce,
          associatedData: UnsafeRawBufferPointer(rebasing: bytes[..<2]))
      }
    }
  }
}
