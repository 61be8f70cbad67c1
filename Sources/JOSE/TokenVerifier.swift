// Verifies compact JWS against known keys, on one thread (it is not Sendable): one OpenSSL context a key, kept.
//
// The key decides the algorithm, the header must agree (RFC 8725 3.1). The payload is decoded only after the signature
// has been found good. Claims are another question: see `Claims.check`.

package import JSON
import OpenSSL

/// A token whose signature is good; nothing is said about its claims.
package struct VerifiedToken: Sendable {
  package let kid: String
  package let algorithm: SignatureAlgorithm
  package let payload: [UInt8]

  /// The payload as claims: an object, read strictly; throws `invalidPayload`.
  package var claims: JSONValue {
    get throws(JOSEError) {
      guard let value = try? JSONValue.parse(payload), value.object != nil else { throw .invalidPayload }
      return value
    }
  }
}

/// Verifies tokens with a fixed set of keys, on one thread.
package final class TokenVerifier {
  /// The largest token it looks at, in bytes, unless told otherwise.
  package static let defaultSize = CompactParts.largest

  private struct Entry {
    let kid: String
    let algorithm: SignatureAlgorithm
    let verifier: Verifier
  }

  private let entries: [String: Entry]
  private let size: Int
  private var scratch: [UInt8] = []

  /// Throws `duplicateKeyID`, since a kid must mean one key.
  package init(keys: [PublicJWK], size: Int = defaultSize) throws(JOSEError) {
    var entries: [String: Entry] = [:]
    for key in keys {
      let verifier: Verifier
      do { verifier = try Verifier(key: key.key, scheme: key.algorithm.scheme) } catch { throw .cryptographyFailed }
      let entry = Entry(kid: key.kid, algorithm: key.algorithm, verifier: verifier)
      guard entries.updateValue(entry, forKey: key.kid) == nil else { throw .duplicateKeyID }
    }
    self.entries = entries
    self.size = size
  }

  /// Verifies a token whose `typ` must be `type` ("at+jwt"); nil takes any, for JWS that are not tokens of ours.
  package func verify(
    compact: UnsafeRawBufferPointer, type: String?
  ) throws(JOSEError) -> VerifiedToken {
    let parts = try CompactParts(compact, largest: size)
    let header = try TokenHeader(try decode(parts.header))
    let entry = try find(header)
    // RFC 8725 3.11: a token made for another purpose must not pass for this one.
    if let type, !header.isType(type) { throw .typeMismatch }
    try checkSignature(parts, entry)
    let payload = try Base64URL.decode(parts.payload)
    return VerifiedToken(kid: entry.kid, algorithm: entry.algorithm, payload: payload)
  }

  /// Verifies a token whose `typ` must be `type` ("at+jwt"); nil takes any, for JWS that are not tokens of ours.
  package func verify(compact: [UInt8], type: String?) throws(JOSEError) -> VerifiedToken {
    try compact.withUnsafeBufferPointer { compact throws(JOSEError) in
      try verify(compact: UnsafeRawBufferPointer(compact), type: type)
    }
  }

  private func find(_ header: TokenHeader) throws(JOSEError) -> Entry {
    // A dictionary compares by Unicode equivalence; a kid is the same bytes or another one.
    guard let entry = entries[header.kid], entry.kid.utf8.elementsEqual(header.kid.utf8) else { throw .unknownKey }
    guard SignatureAlgorithm(name: header.algorithm) == entry.algorithm else { throw .algorithmMismatch }
    return entry
  }

  private func checkSignature(_ parts: CompactParts, _ entry: Entry) throws(JOSEError) {
    guard parts.signature.count == Base64URL.encodedSize(entry.verifier.signatureSize) else { throw .invalidSignature }
    let signature = try decode(parts.signature)
    let isValid = signature.withUnsafeBytes { entry.verifier.isValid($0, over: parts.signingInput) }
    guard isValid else { throw .invalidSignature }
  }

  /// Decodes into the buffer that is kept for it.
  private func decode(_ text: UnsafeRawBufferPointer) throws(JOSEError) -> [UInt8] {
    scratch.removeAll(keepingCapacity: true)
    try Base64URL.decode(text, into: &scratch)
    return scratch
  }
}
