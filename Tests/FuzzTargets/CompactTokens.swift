// Compact JWS. The bytes are tried as a whole token, which is good only if it is one of those that were signed here; then
// as the header of a token that is signed here, so that what comes behind the signature is reached too.

#if DEBUG || FUZZING
import JOSE
import JSON
import OpenSSL

extension FuzzTarget {
  /// A compact JWS, or its header.
  static let jws = FuzzTarget(name: "jws", longest: 1024) { bytes in
    let keys = try TokenKeys()
    try checkToken(bytes, keys)
    // Beyond that size a signed token is refused for it, whatever the header says.
    if bytes.count <= 1024 { try checkHeader(bytes, keys) }
  }

  private static func checkToken(_ bytes: UnsafeRawBufferPointer, _ keys: TokenKeys) throws {
    let verified: [UInt8]
    if let token = try? TokenVerifier(keys: keys.published).verify(compact: bytes, type: nil) {
      verified = token.payload
    } else if let token = try? MACVerifier(keys: [keys.mac]).verify(compact: bytes, type: nil) {
      verified = token.payload
    } else {
      return
    }
    let parts = Array(bytes).divided(by: UInt8(ascii: "."))
    try check(parts.count == 3 && !parts.contains { $0.contains(UInt8(ascii: "=")) }, "another form than three parts")
    // Nobody can sign by these keys but this file and RFC 7515 and 8037.
    try check(TokenKeys.payloads.contains { Array($0) == verified }, "a forged payload: \(shown(verified))")
    for part in parts { try check(Base64URL.encode(try decode(part)).utf8.elementsEqual(part), "two texts for a part") }
    let inspected = try UnverifiedToken(compact: Array(bytes))
    try check(inspected.payload == verified, "inspected otherwise")
  }

  /// A header decides nothing but which key is asked.
  private static func checkHeader(_ header: UnsafeRawBufferPointer, _ keys: TokenKeys) throws {
    var token: [UInt8] = []
    Base64URL.encode(header, into: &token)
    token += Array(".e30")
    let tag = keys.context.tag(token)
    token.append(UInt8(ascii: "."))
    Base64URL.encode(tag, into: &token)
    let verified = try? MACVerifier(keys: [keys.mac]).verify(compact: token, type: nil)
    try check((verified != nil) == isGood(header), "\(verified == nil ? "refused" : "taken"): \(shown(header))")
    let asToken = try? MACVerifier(keys: [keys.mac]).verify(compact: token, type: "at+jwt")
    try check(asToken == nil || verified != nil, "taken for a type only")
    try check(
      (try? TokenVerifier(keys: keys.published).verify(compact: token, type: nil)) == nil, "a MAC for a signature")
  }

  /// The rules for headers, said plainly.
  private static func isGood(_ header: UnsafeRawBufferPointer) -> Bool {
    guard let value = try? JSONValue.parse(header, depth: 8), let members = value.object else { return false }
    let texts = members.reduce(into: [String: String?]()) { $0.updateValue($1.value.string, forKey: $1.name) }
    let refused: Set<String> = ["crit", "b64", "jwk", "jku", "x5u", "x5c"]
    return texts["alg"] == "HS256" && (texts["kid"] ?? "mac") == "mac" && (texts["typ"] ?? "") != nil
      && refused.isDisjoint(with: texts.keys)
  }

  private static func decode(_ part: [UInt8]) throws -> [UInt8] {
    try part.withUnsafeBytes { try Base64URL.decode($0) }
  }
}

/// The keys for which the seeds were signed.
private struct TokenKeys {
  let published: [PublicJWK]
  let mac: MACKey
  let context: HMAC

  /// The payloads of the seeds that are good.
  static let payloads: [[UInt8]] = [
    Array("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"),
    Array("Example of Ed25519 signing"), Array("{}"),
  ]

  init() throws {
    published = [
      // RFC 7515 A.3.1 and RFC 8037 A.2.
      try Self.key(
        """
        {"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",\
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """),
      try Self.key(
        #"{"kty":"OKP","crv":"Ed25519","kid":"okp","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#),
    ]
    let bytes = [UInt8](repeating: 0x6b, count: 32)
    mac = try MACKey(bytes: bytes, algorithm: .hs256, kid: "mac")
    context = try HMAC(key: bytes)
  }

  private static func key(_ text: String) throws -> PublicJWK { try PublicJWK(JSONValue.parse(Array(text.utf8))) }
}
#endif
