// Tokens that were encrypted to the service after they were signed (RFC 7519 section 5.2, "nested"): taken out of their
// envelope first, and then checked like any other.

import JOSE
import JSON

/// The service's decryption keys.
struct Envelope: Sendable {
  private let keys: [DecryptionKey]
  private let largest: Int
  private let isOptional: Bool

  /// Reads a private JWK, or a set of them.
  init(keys text: [UInt8], largestToken: Int, isOptional: Bool) throws(VerifierSetupError) {
    do {
      let value = try JSONValue.parse(text)
      let members = value["keys"] == nil ? [value] : try JWKSet.members(of: value)
      let keys = try members.map { try DecryptionKey($0) }
      guard !keys.isEmpty else { throw JOSEError.invalidKey }
      // That no two have the same name is found out here.
      _ = try TokenDecrypter(keys: keys)
      self.keys = keys
    } catch {
      // Both kinds of errors name a cause, never a piece of the text.
      throw VerifierSetupError("decryptionKeys holds no good private JWK or JWK Set: \(error)")
    }
    // What encrypting adds: the encoding once more, a header, a key.
    largest = largestToken * 4 / 3 + (4 << 10)
    self.isOptional = isOptional
  }

  /// RFC 7516 7.1: five parts, where a signed token has three.
  static func isEncrypted(_ token: String) -> Bool { token.utf8.count { $0 == UInt8(ascii: ".") } == 4 }

  /// The signed token inside of an encrypted one.
  func open(_ token: String) throws(VerificationError) -> String {
    guard token.utf8.count <= largest else { throw .tooLarge }
    guard Self.isEncrypted(token) else {
      guard isOptional else { throw .notEncrypted }
      return token
    }
    let opened: DecryptedToken
    do {
      opened = try TokenDecrypter(keys: keys, size: largest).decrypt(compact: Array(token.utf8))
    } catch .cryptographyFailed {
      throw .cryptographyFailed
    } catch {
      throw .undecryptable
    }
    guard opened.isNested else { throw .malformed }
    return String(decoding: opened.plaintext, as: UTF8.self)
  }
}
