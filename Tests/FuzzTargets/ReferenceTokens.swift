// Reference tokens. The bytes are tried as a whole token, which is good only if it is the one that was sealed by this key; then
// as the claims of a token that is sealed here, so that what comes behind the tag is reached too.

#if DEBUG || FUZZING
@testable import Identity
import JOSE
import JSON
import OpenSSL

extension FuzzTarget {
  /// A reference token, or its claims.
  static let reference = FuzzTarget(name: "reference", longest: 1024) { bytes in
    let codec = try ReferenceTokenCodec([1: [UInt8](repeating: 0x6b, count: 32)])
    if let claims = codec.parse(bytes) {
      // Nobody can seal by this key but the seeds' author.
      try check(claims == Array(#"{"sub":"ada"}"#), "forged claims: \(shown(claims))")
      try check(try sealed(claims, codec) == Array(bytes), "two texts for one token")
    }
    let claims = Array(bytes)
    let token = try sealed(claims, codec)
    try check(token.count == ReferenceTokenCodec.size(claims: claims.count), "another size than was said")
    try check(token.withUnsafeBytes { codec.parse($0) } == claims, "not what was sealed")
    for index in [4, 5, 6, token.count / 2, token.count - 1] {
      var altered = token
      altered[index] = token[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
      try check(altered.withUnsafeBytes { codec.parse($0) } == nil, "taken though altered at \(index)")
    }
    try checkClaims(claims)
  }

  private static func sealed(_ claims: [UInt8], _ codec: ReferenceTokenCodec) throws -> [UInt8] {
    var token: [UInt8] = []
    try codec.write(claims, into: &token)
    return token
  }

  /// What is taken as claims can be told by introspection, and says what it is taken for.
  private static func checkClaims(_ claims: [UInt8]) throws {
    guard let payload = try? Claims.parse(claims), let access = try? VerifiedAccess(claims, payload, rolesClaim: { _ in nil })
    else { return }
    var told = Array(#"{"active":true,"token_type":"Bearer","#)
    told += claims.dropFirst()
    let value = try JSONValue.parse(told)
    try check(value["active"] == .bool(true) && value["sub"]?.string == access.subject, "told otherwise")
    try check(access.session == nil || value["sid"] != nil, "a session that nobody named")
    try check(access.confirmation == nil || value["cnf"] != nil, "bound by nothing")
  }
}
#endif
