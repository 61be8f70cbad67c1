// The public key that a client registered, for tokens that nobody but its services shall read.
//
// By value, and its public members alone: nothing else of what an operator's file may hold comes into the store.

import JOSE
package import JSON

/// A client's public encryption key on its way into the store, and out of it.
package struct ClientEncryptionKey: Sendable {
  let key: EncryptionKey

  /// Bytes that a key's JSON may have; an RSA key of 8192 bits has 1,400.
  private static let limit = 8192
  /// Bytes that a kid may have; it stands in every token.
  private static let kidLimit = 128
  /// What a private or symmetric key has (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2, RFC 9964).
  private static let privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"]

  /// Takes a JWK that an operator brings. The algorithm that it is for, also where it names none, is fixed with it.
  package init(registering jwk: JSONValue) throws(TokenFormError) {
    if jwk["kty"]?.string == "oct" {
      throw .encryptionKey("it is symmetric, so whoever encrypts could read too; give the public JWK of a key pair")
    }
    guard !Self.privateMembers.contains(where: { jwk[$0] != nil }) else {
      throw .encryptionKey("it is private; give its public members alone, and keep the others where tokens are read")
    }
    do throws(JOSEError) {
      key = try EncryptionKey(jwk, algorithm: try EncryptionKey(jwk).algorithm)
    } catch {
      throw .encryptionKey("\(error)")
    }
    if let kid = key.kid {
      guard (1...Self.kidLimit).contains(kid.utf8.count), kid.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw .encryptionKey("its kid isn't 1 to \(Self.kidLimit) bytes of visible ASCII")
      }
    }
  }

  /// The key that a row holds.
  init(stored text: String) throws(TokenFormError) {
    do {
      key = try EncryptionKey(try JSONValue.parse(Array(text.utf8), depth: 4, size: Self.limit))
    } catch {
      throw .encryptionKey("\(error)")
    }
    if key.algorithm.isSymmetric { throw .encryptionKey("it is symmetric") }
  }

  /// The JSON to keep: public members, `alg`, and `kid` and `enc` where the JWK has them.
  package var text: String {
    get throws(TokenFormError) {
      var json = JSONWriter()
      do { try key.write(into: &json) } catch { throw .encryptionKey("\(error)") }
      return String(decoding: json.bytes, as: UTF8.self)
    }
  }

  /// The content encryption to use where nobody names one: A256GCM, unless the key is for another.
  package var usualContent: String {
    (key.contents.contains(.a256GCM) ? .a256GCM : key.contents.first ?? .a256GCM).rawValue
  }
}
