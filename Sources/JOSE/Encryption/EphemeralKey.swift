// The sender's half of an agreement, which the header brings (`epk`, RFC 7518 4.6.1.1). It is the one key that a header
// may bring, and says nothing about who sent it.

import JSON
import OpenSSL

/// Reads a header's ephemeral key.
enum EphemeralKey {
  /// The key, which must be a public one on the curve of the recipient's own; a point elsewhere could be chosen so that
  /// answers betray the private key, bit by bit. Throws `invalidEphemeralKey`.
  static func read(_ value: JSONValue?, kind: KeyKind) throws(JOSEError) -> PublicKey {
    do {
      guard let value else { throw JOSEError.invalidEphemeralKey }
      for name in PrivateParameters.Name.allCases where value[name.rawValue] != nil {
        throw JOSEError.invalidEphemeralKey
      }
      let members = try JWKMembers(value, for: .encrypt)
      // Before OpenSSL is asked to make anything of it: an RSA key of 8192 bits, for one.
      guard members.kty == (kind == .x25519 ? "OKP" : "EC") else { throw JOSEError.invalidEphemeralKey }
      let key = try members.publicKey()
      guard key.kind == kind else { throw JOSEError.invalidEphemeralKey }
      return key
    } catch {
      throw .invalidEphemeralKey
    }
  }
}
