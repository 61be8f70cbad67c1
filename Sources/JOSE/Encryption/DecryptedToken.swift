// What was inside of a JWE.

/// A token that was decrypted. With a symmetric key, whoever encrypted it held that key; with an asymmetric one it may
/// have been anybody, so that only a signature inside says who made it.
package struct DecryptedToken: Sendable {
  /// The key's name, nil when it has none.
  package let kid: String?
  package let algorithm: KeyManagementAlgorithm
  package let content: ContentEncryption
  /// The header's `typ` and `cty`, as they stand.
  package let type: String?
  package let contentType: String?
  /// The caller's to wipe, if it is secret.
  package var plaintext: [UInt8]

  /// Whether the plaintext is a signed or encrypted token in turn: `cty` is "JWT" (RFC 7519 5.2), which is written in
  /// capitals or not, with "application/" or not.
  package var isNested: Bool {
    contentType.map { TokenHeader.isSameType($0, "JWT") } ?? false
  }
}
