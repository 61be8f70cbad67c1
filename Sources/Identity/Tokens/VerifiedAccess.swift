// An access token of ours that was found good: what it says, read once.
//
// Its claims stay as the text that was signed or sealed, which introspection hands on; what decides anything is a member.

import JOSE
import JSON
package import Storage

/// A good access token's claims (RFC 9068 section 2.2). A class, so that handing one on copies nothing.
package final class VerifiedAccess: Sendable {
  /// The claims as a JSON object without white space around it.
  package let claims: [UInt8]
  package let subject: String
  package let clientID: String
  package let audiences: [String]
  package let jti: String
  /// What the denylist is asked.
  package let deniable: DeniableToken
  /// Seconds since 1970.
  package let expiresAt: Int64
  /// Space-separated; empty for none.
  package let scope: String
  package let roles: [String]
  /// The key it is bound to (RFC 7800).
  package let confirmation: Confirmation?

  /// Reads the claims of a token that one of our keys has made.
  /// - Parameters:
  ///   - claims: their text.
  ///   - payload: the same, parsed.
  ///   - rolesClaim: the name by which a client's tokens have the roles, by its client_id.
  init(_ claims: [UInt8], _ payload: JSONValue, rolesClaim: (String) -> String?) throws(JOSEError) {
    // Introspection writes these two before the others.
    guard claims.first == UInt8(ascii: "{"), payload["active"] == nil, payload["token_type"] == nil else {
      throw .invalidClaim
    }
    self.claims = claims
    subject = try Self.text(payload, "sub")
    clientID = try Self.text(payload, "client_id")
    jti = try Self.text(payload, "jti")
    guard let id = AccessToken.identifier(jti) else { throw .invalidClaim }
    let session = try Self.session(payload)
    deniable = DeniableToken(
      session: session, generation: session == nil ? 0 : AccessToken.generation(of: id), id: id)
    expiresAt = try Self.seconds(payload, "exp")
    scope = payload["scope"] == nil ? "" : try Self.text(payload, "scope")
    audiences = try Self.texts(payload["aud"])
    let names = ["roles"] + [rolesClaim(clientID)].compactMap { $0 }.filter { $0 != "roles" }
    var roles: [String] = []
    for name in names where payload[name] != nil { roles += try Self.texts(payload[name]) }
    self.roles = roles
    confirmation = try Confirmation(claim: payload["cnf"])
  }

  /// Nil for a token that a client got for itself.
  package var session: UniqueID? { deniable.session }

  /// Whether it is for this audience.
  package func isFor(_ audience: String) -> Bool { audiences.contains { $0.utf8.elementsEqual(audience.utf8) } }

  private static func text(_ payload: JSONValue, _ name: String) throws(JOSEError) -> String {
    guard let claim = payload[name] else { throw .missingClaim }
    guard let text = claim.string else { throw .invalidClaim }
    return text
  }

  private static func seconds(_ payload: JSONValue, _ name: String) throws(JOSEError) -> Int64 {
    guard let claim = payload[name] else { throw .missingClaim }
    // A client may have written it, with its own MAC key; up to the year 9999, so that milliseconds fit too.
    guard let seconds = claim.integer, (0...253_402_300_799).contains(seconds) else { throw .invalidClaim }
    return seconds
  }

  /// One string, or an array of them.
  private static func texts(_ claim: JSONValue?) throws(JOSEError) -> [String] {
    guard let claim else { throw .missingClaim }
    var texts: [String] = []
    for value in claim.array ?? [claim] {
      guard let text = value.string else { throw .invalidClaim }
      texts.append(text)
    }
    return texts
  }

  private static func session(_ payload: JSONValue) throws(JOSEError) -> UniqueID? {
    guard let claim = payload["sid"] else { return nil }
    guard let session = claim.string.flatMap({ UniqueID($0) }) else { throw .invalidClaim }
    return session
  }
}

extension Confirmation {
  /// What the claim `cnf` says; nil without one.
  init?(claim: JSONValue?) throws(JOSEError) {
    guard let claim else { return nil }
    // A method of another name would be a key that nobody asks a proof of.
    guard let members = claim.object, members.count == 1, let member = members.first,
      let thumbprint = member.value.string.flatMap({ try? Base64URL.decode($0) }), thumbprint.count == 32
    else { throw .invalidClaim }
    switch member.name {
    case "jkt": self = .jkt(thumbprint)
    case "x5t#S256": self = .x5t(thumbprint)
    default: throw .invalidClaim
    }
  }
}
