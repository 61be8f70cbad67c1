// The device token: `sgd_`, and sealed (see SealedToken.swift)
//
//   user id 16 | device id 16
//
// It tells that a login from this device succeeded before, so that a flood of strangers' attempts can't shut its owner
// out. It is never a factor: a password is needed all the same.

import OpenSSL
import Storage

/// Writes and reads device tokens; confined to one thread.
final class DeviceTokenCodec {
  private let sealed: SealedToken

  init(_ ring: KeyRing) throws(OpenSSLError) {
    sealed = try SealedToken(ring, .deviceToken, prefix: "sgd_", contentLength: 32)
  }

  /// A token for a new device of this user.
  func make(for user: UniqueID) -> String {
    sealed.write { content in
      append(user.high, to: &content)
      append(user.low, to: &content)
      content += Random.bytes(16)
    }
  }

  /// Whether `text` was made for this user.
  func isGood(_ text: String, for user: UniqueID) -> Bool {
    guard let content = sealed.parse(text) else { return false }
    return UniqueID(high: word(content, 0), low: word(content, 8)) == user
  }
}
