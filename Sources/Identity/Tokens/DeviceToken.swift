// The device token: `sgd_` and 50 bytes in base64url. It tells that a login from this device succeeded before, so that
// a flood of strangers' attempts can't shut its owner out. It is never a factor: a password is needed all the same.
//
//   version 1 | MAC key id 1 | user id 16 | device id 16 | tag 16

import JOSE
import OpenSSL
import Storage

/// Writes and reads device tokens; confined to one thread.
final class DeviceTokenCodec {
  static let prefix = "sgd_"
  private static let version: UInt8 = 1
  private let newest: UInt8
  private let macs: [UInt8: HMACSHA256]

  init(_ ring: KeyRing) throws(OpenSSLError) {
    newest = ring.newest(.deviceToken).id
    macs = try ring.macs(.deviceToken)
  }

  /// A token for a new device of this user.
  func make(for user: UniqueID) -> String {
    var bytes: [UInt8] = [Self.version, newest]
    append(user.high, to: &bytes)
    append(user.low, to: &bytes)
    bytes += Random.bytes(16)
    bytes += tag(bytes, key: newest) ?? []
    return Self.prefix + Base64URL.encode(bytes)
  }

  /// Whether `text` was made for this user.
  func isGood(_ text: String, for user: UniqueID) -> Bool {
    guard text.utf8.count == 71, text.hasPrefix(Self.prefix) else { return false }
    guard let bytes = try? Base64URL.decode(String(text.dropFirst(4))), bytes.count == 50 else { return false }
    guard bytes[0] == Self.version, let expected = tag(Array(bytes.prefix(34)), key: bytes[1]) else { return false }
    guard constantTimeEqual(expected, Array(bytes.suffix(16))) else { return false }
    return UniqueID(high: word(bytes, 2), low: word(bytes, 10)) == user
  }

  private func tag(_ bytes: [UInt8], key: UInt8) -> [UInt8]? {
    macs[key].map { Array($0.tag(bytes).prefix(16)) }
  }
}
