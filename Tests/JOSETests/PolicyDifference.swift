// Wycheproof's JWE cases which are valid and which Signet refuses, each with the reason. There are none the other way
// round: what a case says must be refused is refused.

/// Cases that are refused as a matter of policy.
struct PolicyDifference {
  let reason: String
  /// Numbers (`tcId`) by the name of the file they come from.
  let cases: [String: [Int64]]

  static let encryption: [PolicyDifference] = [
    PolicyDifference(
      reason: "RSA1_5: its padding betrays keys to whoever may try often enough (RFC 8725 3.2)",
      cases: ["json_web_encryption_test": [100, 101, 102, 103, 104, 105, 128]]),
    PolicyDifference(
      reason: "RSA-OAEP: with SHA-1; RSA-OAEP-256 is what there is instead",
      cases: ["json_web_encryption_test": [82, 83, 84, 85, 86, 87, 129]]),
    PolicyDifference(
      reason: "A128KW and A192KW, alone or with ECDH-ES: one size of wrapping key, the largest",
      cases: [
        "json_web_crypto_test": [67],
        "json_web_encryption_test": [34, 35, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 69, 70, 130, 134],
      ]),
    PolicyDifference(
      reason: "A128GCMKW, A192GCMKW and A256GCMKW: a second way of wrapping, with a nonce to get wrong",
      cases: ["json_web_encryption_test": [71, 72, 73, 74, 75, 133]]),
    PolicyDifference(
      reason: "A192GCM and A192CBC-HS384: nobody asks for the size in the middle",
      cases: ["json_web_encryption_test": [28, 31, 77, 80, 89, 92]]),
    PolicyDifference(
      reason: "zip: what inflates can be a bomb, and its size tells of what is inside (RFC 8725 3.6)",
      cases: ["json_web_encryption_test": [135]]),
  ]

  /// Why a case is refused; nil when it should not be.
  static func reason(_ file: String, _ number: Int64) -> String? {
    encryption.first { $0.cases[file]?.contains(number) == true }?.reason
  }
}
