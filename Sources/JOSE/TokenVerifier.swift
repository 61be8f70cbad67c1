// Verifies compact JWS against known public keys, on one thread (it is not Sendable): one OpenSSL context a key, kept.
//
// The key decides the algorithm, the header must agree (RFC 8725 3.1). Claims are another question: see `Claims.check`.

package import JSON
import OpenSSL

/// A token whose signature is good; nothing is said about its claims.
package struct VerifiedToken: Sendable {
  package let kid: String
  package let algorithm: SignatureAlgorithm
  package let payload: [UInt8]

  /// The payload as claims: an object, read strictly; throws `invalidPayload`.
  package var claims: JSONValue {
    get throws(JOSEError) { try Claims.parse(payload) }
  }
}

/// Verifies tokens with a fixed set of public keys, on one thread.
package final class TokenVerifier {
  /// The largest token it looks at, in bytes, unless told otherwise.
  package static let defaultSize = CompactParts.largest

  private struct Entry: VerifyingKey {
    let kid: String
    let algorithm: SignatureAlgorithm
    let verifier: Verifier

    var name: String? { kid }
    var signatureSize: Int { verifier.signatureSize }

    func isAlgorithm(_ name: String) -> Bool { SignatureAlgorithm(name: name) == algorithm }

    func isValid(_ signature: UnsafeRawBufferPointer, over input: UnsafeRawBufferPointer) -> Bool {
      verifier.isValid(signature, over: input)
    }
  }

  private var verifier: CompactVerifier<Entry>

  /// Throws `duplicateKeyID`, since a kid must mean one key.
  package init(keys: [PublicJWK], size: Int = defaultSize) throws(JOSEError) {
    var entries: [Entry] = []
    for key in keys {
      let verifier: Verifier
      do { verifier = try Verifier(key: key.key, scheme: key.algorithm.scheme) } catch { throw .cryptographyFailed }
      entries.append(Entry(kid: key.kid, algorithm: key.algorithm, verifier: verifier))
    }
    verifier = try CompactVerifier(entries, size: size)
  }

  /// Verifies a token whose `typ` must be `type` ("at+jwt"); nil takes any, for JWS that are not tokens of ours. A token
  /// that names no key is good only when there is exactly one.
  package func verify(
    compact: UnsafeRawBufferPointer, type: String?
  ) throws(JOSEError) -> VerifiedToken {
    let (key, payload) = try verifier.verify(compact, type: type)
    return VerifiedToken(kid: key.kid, algorithm: key.algorithm, payload: payload)
  }

  /// Verifies a token whose `typ` must be `type` ("at+jwt"); nil takes any, for JWS that are not tokens of ours.
  package func verify(compact: [UInt8], type: String?) throws(JOSEError) -> VerifiedToken {
    try compact.withUnsafeBufferPointer { compact throws(JOSEError) in
      try verify(compact: UnsafeRawBufferPointer(compact), type: type)
    }
  }
}
