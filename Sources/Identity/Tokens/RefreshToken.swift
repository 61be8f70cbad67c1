// The refresh token's form: `sgr_` and 42 bytes in base64url.
//
//   version 1 | MAC key id 1 | store epoch 4 | session id 16 | generation 4 | tag 16
//
// The tag (HMAC-SHA-256, truncated to 128 bits) covers all before it, so a forged token is refused without a look at
// the store, and a stolen database holds nothing that can be presented. 42 bytes are 56 characters without spare bits:
// every token has exactly one spelling. The prefix lets secret scanners find leaked ones.

import JOSE
import OpenSSL
package import Storage

/// What a refresh token says.
package struct RefreshToken: Sendable, Equatable {
  package let epoch: UInt32
  package let session: UniqueID
  package let generation: UInt32

  package init(epoch: UInt32, session: UniqueID, generation: UInt32) {
    self.epoch = epoch
    self.session = session
    self.generation = generation
  }

  /// What every refresh token begins with.
  package static let prefix = "sgr_"
  static let version: UInt8 = 1
  static let tagLength = 16
  static let length = 42
}

/// Writes and reads refresh tokens; confined to one thread, as its MAC contexts are.
final class RefreshTokenCodec {
  private let newest: UInt8
  private let macs: [UInt8: HMACSHA256]

  init(_ ring: KeyRing) throws(OpenSSLError) {
    newest = ring.newest(.refreshToken).id
    macs = try ring.macs(.refreshToken)
  }

  func write(_ token: RefreshToken) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(RefreshToken.length)
    bytes.append(RefreshToken.version)
    bytes.append(newest)
    append(token.epoch, to: &bytes)
    append(token.session.high, to: &bytes)
    append(token.session.low, to: &bytes)
    append(token.generation, to: &bytes)
    bytes += tag(bytes, key: newest) ?? []
    return RefreshToken.prefix + Base64URL.encode(bytes)
  }

  /// Reads a token; nil unless it is canonical and its tag is good.
  func parse(_ text: String) -> RefreshToken? {
    guard text.utf8.count == 60, text.hasPrefix(RefreshToken.prefix) else { return nil }
    guard let bytes = try? Base64URL.decode(String(text.dropFirst(4))), bytes.count == RefreshToken.length else {
      return nil
    }
    let signed = Array(bytes.dropLast(RefreshToken.tagLength))
    guard bytes[0] == RefreshToken.version, let expected = tag(signed, key: bytes[1]) else { return nil }
    guard constantTimeEqual(expected, Array(bytes.suffix(RefreshToken.tagLength))) else { return nil }
    return RefreshToken(
      epoch: word(bytes, 2), session: UniqueID(high: word(bytes, 6), low: word(bytes, 14)), generation: word(bytes, 22))
  }

  private func tag(_ bytes: [UInt8], key: UInt8) -> [UInt8]? {
    macs[key].map { Array($0.tag(bytes).prefix(RefreshToken.tagLength)) }
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
