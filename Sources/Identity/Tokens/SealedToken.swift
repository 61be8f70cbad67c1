// The form that refresh tokens and device tokens share: a prefix, and base64url of
//
//   version 1 | MAC key id 1 | content | tag 16
//
// The tag (HMAC-SHA-256, truncated to 128 bits) covers all before it, so a forged token is refused without a look at the
// store. Only the one spelling that is written is read. Confined to one thread, as its MAC contexts are.

import JOSE
import OpenSSL

/// Writes and reads the tokens of one purpose.
final class SealedToken {
  private static let version: UInt8 = 1
  private static let tagLength = 16
  private let prefix: String
  private let contentLength: Int
  private let newest: UInt8
  private let macs: [UInt8: HMACSHA256]

  /// - Parameter contentLength: in bytes; a token with any other length isn't one.
  init(_ ring: KeyRing, _ purpose: Purpose, prefix: String, contentLength: Int) throws(OpenSSLError) {
    self.prefix = prefix
    self.contentLength = contentLength
    newest = ring.newest(purpose).id
    macs = try ring.macs(purpose)
  }

  /// The token that says `content`, under the newest key.
  func write(_ content: [UInt8]) -> String {
    var bytes = [Self.version, newest] + content
    bytes += tag(bytes, key: newest) ?? []
    return prefix + Base64URL.encode(bytes)
  }

  /// What a token says; nil unless it is canonical and its tag is good.
  func parse(_ text: String) -> [UInt8]? {
    let length = 2 + contentLength + Self.tagLength
    // Before anything is decoded: a stranger chooses the length.
    guard text.utf8.count == prefix.utf8.count + Base64URL.encodedSize(length), text.hasPrefix(prefix) else {
      return nil
    }
    guard let bytes = try? Base64URL.decode(String(text.dropFirst(prefix.count))), bytes.count == length else {
      return nil
    }
    let signed = Array(bytes.dropLast(Self.tagLength))
    guard bytes[0] == Self.version, let expected = tag(signed, key: bytes[1]) else { return nil }
    guard constantTimeEqual(expected, Array(bytes.suffix(Self.tagLength))) else { return nil }
    return Array(signed.dropFirst(2))
  }

  private func tag(_ bytes: [UInt8], key: UInt8) -> [UInt8]? {
    macs[key].map { Array($0.tag(bytes).prefix(Self.tagLength)) }
  }
}

/// Appends an integer in network order.
func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
}

/// Reads an integer in network order.
func word<Word: FixedWidthInteger>(_ bytes: [UInt8], _ offset: Int) -> Word {
  bytes[offset..<offset + MemoryLayout<Word>.size].reduce(0) { $0 << 8 | Word(truncatingIfNeeded: $1) }
}
