// Why a token or a key was refused, by cause. Causes are for logs and metrics; none carries a piece of the token.

/// A refused token, key or claim.
package enum JOSEError: String, Error, Equatable, Sendable, CaseIterable, CustomStringConvertible {
  case tooLarge = "the token is larger than allowed"
  case malformed = "the token is not three parts separated by periods"
  case invalidBase64URL = "a part is not canonical base64url"
  case invalidHeader = "the header is not a valid JSON object"
  case invalidPayload = "the payload is not a valid JSON object"
  case missingAlgorithm = "the header names no algorithm"
  case algorithmMismatch = "the header's algorithm is not the key's"
  case missingKeyID = "the header names no key"
  case unknownKey = "no key has this kid"
  case typeMismatch = "the token is of another type"
  case criticalHeader = "the header demands an extension"
  case keyInHeader = "the header brings its own key"
  case invalidSignature = "the signature is wrong"
  case missingClaim = "a required claim is missing"
  case invalidClaim = "a claim has the wrong form"
  case issuerMismatch = "the token is from another issuer"
  case audienceMismatch = "the token is for another audience"
  case expired = "the token has expired"
  case notYetValid = "the token is not valid yet"
  case issuedInFuture = "the token was issued in the future"
  case invalidKey = "the key is malformed"
  case unsupportedKey = "the key is of a kind or for an algorithm that is not supported"
  case unavailableAlgorithm = "the OpenSSL on this machine does not have the algorithm: ML-DSA needs 3.5 or later"
  case weakKey = "the key is too weak"
  case wrongKeyUse = "the key is for another use"
  case duplicateKeyID = "two keys have the same kid"
  case tooManyKeys = "the key set has more keys or bytes than allowed"
  case cryptographyFailed = "the cryptographic library failed"

  package var description: String { rawValue }
}
