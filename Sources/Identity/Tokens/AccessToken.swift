// The access token: a JWT of RFC 9068, written from a session's row in the form that its client has.
//
// Everything in it follows from the row, the user, the generation and the client's form, so that a lost answer can be
// given again: `iat` is when the generation was made, and `jti` a MAC over what the token is about. The generation stands
// in the `jti` in clear, because a bearer check asks whether that generation is still good.

import JOSE
import JSON
import OpenSSL
import Storage

/// Writes access tokens; confined to one thread, as the MAC's context is.
final class AccessTokenWriter {
  private let mac: HMACSHA256
  private let references: ReferenceTokenCodec
  private let claims: AccessTokenClaims
  private var json = JSONWriter()
  /// What the MAC of a `jti` is over, the MAC, the `jti` as bytes and as text, a token on its way into an encrypted one.
  private var message: [UInt8] = []
  private var tag: [UInt8]
  private var jti = [UInt8](repeating: 0, count: 16)
  private var identifier: [UInt8] = []
  private var signed: [UInt8] = []

  init(_ ring: KeyRing, _ references: ReferenceTokenCodec, issuer: String) throws {
    self.references = references
    mac = try HMACSHA256(key: ring.newest(.accessTokenID).key)
    tag = [UInt8](repeating: 0, count: mac.tagSize)
    claims = AccessTokenClaims(issuer: issuer)
  }

  /// Appends the token to `output`: in compact form, signed, and encrypted where the client has it so; or as a reference.
  func write(
    _ content: AccessTokenContent, as client: ClientContext, into output: inout [UInt8]
  ) throws(AccessTokenError) {
    try writeClaims(content, client)
    try finish(client, into: &output)
  }

  /// Appends the token of a client that acts for itself.
  func write(
    _ content: ServiceTokenContent, as client: ClientContext, into output: inout [UInt8]
  ) throws(AccessTokenError) {
    json.reset()
    jti.withUnsafeMutableBytes { Random.fill($0) }
    identifier.removeAll(keepingCapacity: true)
    Base64URL.encode(jti, into: &identifier)
    claims.write(content, identifier: identifier, into: &json)
    try checkSize(client)
    try finish(client, into: &output)
  }

  /// Makes the token of the claims that were written.
  private func finish(_ client: ClientContext, into output: inout [UInt8]) throws(AccessTokenError) {
    do throws(JOSEError) {
      if client.form.isReference { return try references.write(json.bytes, into: &output) }
      guard let encrypter = client.encrypter else {
        try client.signer.sign(payload: json.bytes, into: &output)
        return
      }
      signed.removeAll(keepingCapacity: true)
      try client.signer.sign(payload: json.bytes, into: &signed)
      try signed.withUnsafeBufferPointer { (signed) throws(JOSEError) in
        try encrypter.encrypt(UnsafeRawBufferPointer(signed), into: &output)
      }
    } catch {
      throw .failed(error)
    }
  }

  /// The `jti` of the token that was written last.
  var latest: UniqueID { UniqueID(high: word(jti, 0), low: word(jti, 8)) }

  /// Throws what `write` would of the token's size, at none of the cost of a signature.
  func check(_ content: AccessTokenContent, as client: ClientContext) throws(AccessTokenError) {
    try writeClaims(content, client)
  }

  private func writeClaims(_ content: AccessTokenContent, _ client: ClientContext) throws(AccessTokenError) {
    json.reset()
    writeIdentifier(content, client.form)
    claims.write(content, identifier: identifier, client.form, into: &json)
    try checkSize(client)
  }

  private func checkSize(_ client: ClientContext) throws(AccessTokenError) {
    guard let limit = client.form.limit else { return }
    let size = client.size(claims: json.bytes.count)
    if size > limit { throw .tooLarge(size, limit: limit) }
  }

  private func writeIdentifier(_ content: AccessTokenContent, _ form: TokenForm) {
    message.removeAll(keepingCapacity: true)
    append(content.session.generation, to: &message)
    append(content.session.id.high, to: &message)
    append(content.session.id.low, to: &message)
    append(content.issuedAt, to: &message)
    append(content.user.claimsVersion, to: &message)
    // No scope begins with the zero that a time does.
    if form.changedAt != 0 { append(form.changedAt, to: &message) }
    message += content.scope.utf8
    message.withUnsafeBytes { message in tag.withUnsafeMutableBytes { mac.tag(message, into: $0) } }
    for index in 0..<4 { jti[index] = message[index] }
    for index in 4..<16 { jti[index] = tag[index - 4] }
    identifier.removeAll(keepingCapacity: true)
    Base64URL.encode(jti, into: &identifier)
  }
}

/// Why there is no access token.
enum AccessTokenError: Error, Equatable {
  /// Its size in bytes once signed, and what the client's tokens may have.
  case tooLarge(Int, limit: Int)
  case failed(JOSEError)
}

/// What every access token has in common.
enum AccessToken {
  /// RFC 9068 section 2.1.
  static let type = "at+jwt"

  /// A `jti` of ours; nil for anything else.
  static func identifier(_ jti: String) -> UniqueID? {
    guard let bytes = try? Base64URL.decode(jti), bytes.count == 16 else { return nil }
    return UniqueID(high: word(bytes, 0), low: word(bytes, 8))
  }

  /// A `jti` as it stands in tokens.
  static func text(of jti: UniqueID) -> String {
    var bytes: [UInt8] = []
    append(jti.high, to: &bytes)
    append(jti.low, to: &bytes)
    return Base64URL.encode(bytes)
  }

  /// The generation that the `jti` of a session's token names.
  static func generation(of jti: UniqueID) -> UInt32 { UInt32(truncatingIfNeeded: jti.high >> 32) }
}
