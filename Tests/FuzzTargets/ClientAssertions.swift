// JWTs by which clients prove themselves. The bytes are tried as a whole token, and as the claims of one that is signed here,
// so that what comes behind the signature is reached too.

#if DEBUG || FUZZING
@testable import Identity
import JOSE
import JSON

extension FuzzTarget {
  /// A client assertion, or its claims.
  static let assertion = FuzzTarget(name: "assertion", longest: 1024) { bytes in
    let (client, issuer, now) = ("orders", "https://login.example.com", Int64(1_700_000_000_000))
    let key = try clientKey.get()
    let keys = try TokenVerifier(keys: [key.publicJWK], size: ClientAssertion.size)
    func read(_ compact: String, from client: String = client, issuer: String = issuer) -> ClientAssertion? {
      try? ClientAssertion(compact, from: client, by: keys, issuer: issuer, now: now)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    _ = ClientAssertion.claimedClient(text)
    try check(read(text) == nil, "forged: \(shown(bytes))")

    var token: [UInt8] = []
    try TokenSigner(key: key, type: "JWT").sign(payload: Array(bytes), into: &token)
    let compact = String(decoding: token, as: UTF8.self)
    guard let assertion = read(compact) else { return }
    let claims = try JSONValue.parse(Array(bytes))
    try check(ClientAssertion.claimedClient(compact) == client, "another client would be looked for")
    try check(claims["iss"]?.string == client && claims["sub"]?.string == client, "another client's")
    let audiences = claims["aud"]?.array ?? [claims["aud"] ?? .null]
    try check(audiences.map(\.string) == [issuer], "for somebody else too")
    try check((1...256).contains(claims["jti"]?.string?.utf8.count ?? 0), "without an id")
    // It is remembered for at least as long as it is taken, and not for ever.
    let most = now + ClientAssertion.longest + 2 * ClientAssertion.leeway + 1000
    try check(now < assertion.until && assertion.until <= most, "remembered until \(assertion.until)")
    try check(read(compact, from: "billing") == nil && read(compact, issuer: issuer + "/") == nil, "taken elsewhere")
  }

  private static let clientKey = Result { try SigningKey.generate(.eddsa) }
}
#endif
