// Compact JWE. Random bytes never have a good tag, so the bytes are used in three ways: as a token, which nothing may
// trap on; as the header of a token whose tag is good, where a plain list of rules says whether it may be accepted; and
// as a text, which comes back from every algorithm, and no longer once a byte of its token has changed.

#if DEBUG || FUZZING
@testable import JOSE
import JSON
import OpenSSL

extension FuzzTarget {
  /// A compact JWE, or a header, or a plaintext.
  static let jwe = FuzzTarget(name: "jwe", longest: 2048) { bytes in
    let bytes = Array(bytes)
    let keys = try EncryptionKeys.all.get()
    try EncryptedTokens.asToken(bytes, keys)
    if bytes.first == UInt8(ascii: "{") {
      try EncryptedTokens.asHeader(bytes, keys)
    } else {
      try EncryptedTokens.asText(bytes, keys)
    }
  }
}

/// Keys that are always the same, so that a find can be repeated.
struct EncryptionKeys: Sendable {
  let keys: [DecryptionKey]
  let shared: DecryptionKey
  let sharedBytes = [UInt8](repeating: 7, count: 32)

  static let all: Result<EncryptionKeys, any Error> = Result { try EncryptionKeys() }

  private init() throws {
    let text = Base64URL.encode(sharedBytes)
    shared = try Self.key(#"{"kty":"oct","alg":"dir","kid":"dir","k":"\#(text)"}"#)
    // RFC 7515 A.3 and RFC 7748 6.1.
    keys = [
      shared, try Self.key(#"{"kty":"oct","alg":"A256KW","kid":"kw","k":"\#(text)"}"#),
      try Self.key(
        """
        {"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","kid":"ec",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}
        """),
      try Self.key(
        """
        {"kty":"OKP","crv":"X25519","x":"3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08","kid":"okp",\
        "d":"XasIfmJKikt54X-Lg4AO5m87sSkmGLb9HC-LJ_-I4Os","alg":"ECDH-ES+A256KW"}
        """),
    ]
  }

  private static func key(_ text: String) throws -> DecryptionKey {
    try DecryptionKey(try JSONValue.parse(Array(text.utf8)))
  }
}

enum EncryptedTokens {
  /// Whatever it is: nothing traps, and what can be taken apart has one text only.
  static func asToken(_ bytes: [UInt8], _ keys: EncryptionKeys) throws {
    let inspected = try? UnverifiedToken(compact: bytes)
    for decrypter in [try TokenDecrypter(keys: keys.keys)] + (try keys.keys.map { try TokenDecrypter(keys: [$0]) }) {
      guard let token = try? decrypter.decrypt(compact: bytes) else { continue }
      try check(inspected?.isEncrypted == true, "decrypted, yet not to be inspected")
      try check(inspected?.header["alg"]?.string == token.algorithm.rawValue, "another algorithm than the header's")
      let parts = bytes.divided(by: UInt8(ascii: "."))
      try check(parts.count == 5, "a token of \(parts.count) parts")
      for part in parts {
        let decoded = try part.withBytes { part throws(JOSEError) in try Base64URL.decode(part) }
        try check(Array(Base64URL.encode(decoded).utf8) == part, "a part that has another text")
      }
    }
  }

  /// A token under this header, as good as it can be.
  static func asHeader(_ header: [UInt8], _ keys: EncryptionKeys) throws {
    var token: [UInt8] = []
    Base64URL.encode(header, into: &token)
    let nonce = [UInt8](repeating: 1, count: 12)
    let sealed = try keys.sharedBytes.withBytes { key throws(OpenSSLError) in
      try token.withBytes { associated throws(OpenSSLError) in
        try AuthenticatedCipher.aes256GCM.seal(associated, key: key, nonce: nonce, associatedData: associated)
      }
    }
    let text = token
    for part in [[], nonce, sealed.ciphertext, sealed.tag] {
      token.append(UInt8(ascii: "."))
      Base64URL.encode(part, into: &token)
    }
    let decrypted = try? TokenDecrypter(keys: [keys.shared]).decrypt(compact: token)
    try check((decrypted != nil) == isGood(header), "\(decrypted == nil ? "refused" : "accepted"): \(shown(header))")
    try check(decrypted?.plaintext == text || decrypted == nil, "another plaintext")
  }

  /// The rules for a header, said plainly.
  private static func isGood(_ header: [UInt8]) -> Bool {
    guard let value = try? JSONValue.parse(header, depth: 8), value.object != nil else { return false }
    for name in ["zip", "crit", "b64", "jwk", "jku", "x5u", "x5c"] where value[name] != nil { return false }
    for name in ["typ", "cty"] where value[name] != nil && value[name]?.string == nil { return false }
    guard value["kid"] == nil || value["kid"] == .string("dir") else { return false }
    return value["alg"] == .string("dir")
      && [.string("A256GCM")].contains(value["enc"] ?? .null)
  }

  /// Encrypted and decrypted by every key, then changed at a place that the text chooses.
  static func asText(_ text: [UInt8], _ keys: EncryptionKeys) throws {
    for key in keys.keys {
      for content in key.encryptionKey.contents {
        var token: [UInt8] = []
        try TokenEncrypter(key: key.encryptionKey, content: content).encrypt(text, into: &token)
        let decrypter = try TokenDecrypter(keys: keys.keys)
        let decrypted = try decrypter.decrypt(compact: token)
        try check(decrypted.plaintext == text, "\(key): another text came back")
        try check(decrypted.content == content && decrypted.kid == key.kid, "\(key): another header came back")
        let place = text.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % token.count
        token[place] ^= 1
        try check((try? decrypter.decrypt(compact: token)) == nil, "\(key): taken with byte \(place) changed")
      }
    }
  }
}
#endif
