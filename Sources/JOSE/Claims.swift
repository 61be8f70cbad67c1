// The registered claims that decide whether a good token is good here and now (RFC 7519 4.1, RFC 9068 4).
// Time comes in as an argument, in whole seconds since 1970.

package import JSON

/// Checks of a verified token's claims.
package enum Claims {
  /// A payload as claims: an object, read strictly; throws `invalidPayload`.
  package static func parse(_ payload: [UInt8]) throws(JOSEError) -> JSONValue {
    guard let value = try? JSONValue.parse(payload), value.object != nil else { throw .invalidPayload }
    return value
  }

  /// Throws the first reason against the token: claims of the wrong form, another issuer or audience, or the time.
  /// - Parameters:
  ///   - audience: whom it must be for; nil: anybody.
  ///   - leeway: the seconds which the clocks may differ.
  package static func check(
    payload: JSONValue, issuer: String, audience: String?, now: Int64, leeway: Int64 = 30
  ) throws(JOSEError) {
    guard payload.object != nil else { throw .invalidPayload }
    try checkIssuer(payload, issuer)
    if let audience { try checkAudience(payload, audience) }
    try checkTimes(payload, Double(now), Double(leeway))
  }

  private static func checkIssuer(_ payload: JSONValue, _ issuer: String) throws(JOSEError) {
    guard let claim = payload["iss"] else { throw .missingClaim }
    guard let value = claim.string else { throw .invalidClaim }
    guard value.utf8.elementsEqual(issuer.utf8) else { throw .issuerMismatch }
  }

  /// RFC 7519 4.1.3: one string, or an array of them.
  private static func checkAudience(_ payload: JSONValue, _ audience: String) throws(JOSEError) {
    guard let claim = payload["aud"] else { throw .missingClaim }
    var isMeant = false
    for value in claim.array ?? [claim] {
      guard let value = value.string else { throw .invalidClaim }
      if value.utf8.elementsEqual(audience.utf8) { isMeant = true }
    }
    guard isMeant else { throw .audienceMismatch }
  }

  private static func checkTimes(_ payload: JSONValue, _ now: Double, _ leeway: Double) throws(JOSEError) {
    guard let expiry = try time(payload, "exp") else { throw .missingClaim }
    guard now < expiry + leeway else { throw .expired }
    if let start = try time(payload, "nbf"), now < start - leeway { throw .notYetValid }
    if let issued = try time(payload, "iat"), now < issued - leeway { throw .issuedInFuture }
  }

  /// A NumericDate, which may have a fraction (RFC 7519 2).
  private static func time(_ payload: JSONValue, _ name: String) throws(JOSEError) -> Double? {
    guard let claim = payload[name] else { return nil }
    guard let time = claim.number else { throw .invalidClaim }
    return time
  }
}
