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
  private let prefix: [UInt8]
  private let contentLength: Int
  private let newest: UInt8
  private let macs: [UInt8: HMACSHA256]
  /// A token as bytes and as text while it is written or read: with arrays made anew a refresh allocated 17 times.
  private var bytes: [UInt8] = []
  private var text: [UInt8] = []
  private var tag: [UInt8] = []

  /// - Parameter contentLength: in bytes; a token with any other length isn't one.
  init(_ ring: KeyRing, _ purpose: Purpose, prefix: String, contentLength: Int) throws(OpenSSLError) {
    self.prefix = Array(prefix.utf8)
    self.contentLength = contentLength
    newest = ring.newest(purpose).id
    macs = try ring.macs(purpose)
  }

  /// The token, under the newest key, that says what `append` puts in it.
  func write(_ append: (inout [UInt8]) -> Void) -> String {
    bytes.removeAll(keepingCapacity: true)
    bytes.append(Self.version)
    bytes.append(newest)
    append(&bytes)
    if let mac = macs[newest] {
      tag.removeAll(keepingCapacity: true)
      tag.append(contentsOf: repeatElement(0, count: mac.tagSize))
      bytes.withUnsafeBytes { message in tag.withUnsafeMutableBytes { mac.tag(message, into: $0) } }
      bytes.append(contentsOf: tag[..<Self.tagLength])
    }
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: prefix)
    Base64URL.encode(bytes, into: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// What a token says; nil unless it is canonical and its tag is good.
  func parse(_ text: String) -> ArraySlice<UInt8>? {
    let length = 2 + contentLength + Self.tagLength
    // Before anything is decoded: a stranger chooses the length.
    guard text.utf8.count == prefix.count + Base64URL.encodedSize(length), text.utf8.starts(with: prefix) else {
      return nil
    }
    var text = text
    bytes.removeAll(keepingCapacity: true)
    let isText = text.withUTF8 { text in
      let encoded = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(text)[prefix.count...])
      return (try? Base64URL.decode(encoded, into: &bytes)) != nil
    }
    guard isText, bytes.count == length, bytes[0] == Self.version, let mac = macs[bytes[1]] else { return nil }
    let signed = length - Self.tagLength
    let isGood = bytes.withUnsafeBytes { bytes in
      let message = UnsafeRawBufferPointer(rebasing: bytes[..<signed])
      return mac.isTag(UnsafeRawBufferPointer(rebasing: bytes[signed...]), of: message)
    }
    return isGood ? bytes[2..<signed] : nil
  }
}

/// Appends an integer in network order.
func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
}

/// Reads an integer in network order, `offset` bytes after the first.
func word<Word: FixedWidthInteger>(_ bytes: some RandomAccessCollection<UInt8>, _ offset: Int) -> Word {
  bytes.dropFirst(offset).prefix(MemoryLayout<Word>.size).reduce(0) { $0 << 8 | Word(truncatingIfNeeded: $1) }
}
