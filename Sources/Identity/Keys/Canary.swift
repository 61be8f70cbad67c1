// A token signed by a key that isn't in use yet, for a rehearsal: an operator shows it to the services' verifiers before the
// key takes over. It says nothing of anybody and is good for nothing: no subject, an audience of its own, a type of its own,
// a minute's life.

import JOSE
import JSON
import OpenSSL
package import Storage

extension UnlockedKeys {
  /// The `aud` of canary tokens.
  package static let canaryAudience = "urn:signet:canary"
  /// Their `typ` (RFC 8725 section 3.11): no endpoint of Signet takes it.
  package static let canaryType = "canary+jwt"
  /// Seconds that they live.
  package static let canaryLifetime: Int64 = 60

  /// A canary token of a key.
  /// - Parameter now: milliseconds since 1970.
  package func canary(_ key: KeyRecord, issuer: String, now: Int64) throws(KeyRingError) -> String {
    let signing = try signingKey(key)
    var json = JSONWriter()
    json.beginObject()
    json.member("iss", issuer)
    json.member("aud", Self.canaryAudience)
    json.member("exp", now / 1000 + Self.canaryLifetime)
    json.member("iat", now / 1000)
    json.member("jti", Base64URL.encode(Random.bytes(16)))
    json.endObject()
    var compact: [UInt8] = []
    do {
      try TokenSigner(key: signing, type: Self.canaryType).sign(payload: json.bytes, into: &compact)
    } catch {
      throw .cryptography("\(error)")
    }
    return String(decoding: compact, as: UTF8.self)
  }
}
