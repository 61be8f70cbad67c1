// Verifies compact JWS made with a MAC, on one thread (it is not Sendable). What it finds good is a type of its own:
// whoever verifies such a token could have made it, so no endpoint may take one for an issuer's.

package import JSON
import OpenSSL

/// A token whose MAC is good; nothing is said about its claims, nor about who of the key's holders made it.
package struct AuthenticatedToken: Sendable {
  /// The key's name, nil when it has none.
  package let kid: String?
  package let algorithm: MACAlgorithm
  package let payload: [UInt8]

  /// The payload as claims: an object, read strictly; throws `invalidPayload`.
  package var claims: JSONValue {
    get throws(JOSEError) { try Claims.parse(payload) }
  }
}

/// Verifies tokens with a fixed set of MAC keys, on one thread.
package final class MACVerifier {
  private struct Entry: VerifyingKey {
    let name: String?
    let algorithm: MACAlgorithm
    let context: HMAC

    var signatureSize: Int { context.tagSize }

    func isAlgorithm(_ name: String) -> Bool { MACAlgorithm(name: name) == algorithm }

    func isValid(_ signature: UnsafeRawBufferPointer, over input: UnsafeRawBufferPointer) -> Bool {
      signature.count == signatureSize && context.isTag(signature, of: input)
    }
  }

  private var verifier: CompactVerifier<Entry>

  /// Throws `wrongKeyUse` for a key that may not verify, `duplicateKeyID`, and `missingKeyID` for a key without a name
  /// among several.
  package init(keys: [MACKey], size: Int = TokenVerifier.defaultSize) throws(JOSEError) {
    var entries: [Entry] = []
    for key in keys {
      guard key.verifies else { throw .wrongKeyUse }
      entries.append(Entry(name: key.kid, algorithm: key.algorithm, context: try key.context()))
    }
    verifier = try CompactVerifier(entries, size: size)
  }

  /// Verifies a token whose `typ` must be `type`; nil takes any. A token that names no key is good only when there is
  /// exactly one.
  package func verify(
    compact: UnsafeRawBufferPointer, type: String?
  ) throws(JOSEError) -> AuthenticatedToken {
    let (key, payload) = try verifier.verify(compact, type: type)
    return AuthenticatedToken(kid: key.name, algorithm: key.algorithm, payload: payload)
  }

  /// Verifies a token whose `typ` must be `type`; nil takes any.
  package func verify(compact: [UInt8], type: String?) throws(JOSEError) -> AuthenticatedToken {
    try compact.withUnsafeBufferPointer { compact throws(JOSEError) in
      try verify(compact: UnsafeRawBufferPointer(compact), type: type)
    }
  }
}
