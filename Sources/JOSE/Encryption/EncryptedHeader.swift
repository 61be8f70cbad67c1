// The header of a JWE, and the rules it must keep before its key is looked up. As with a JWS it only names a key; it
// never brings one, points to one or chooses how to decrypt.

import JSON

/// What a header that keeps the rules says.
struct EncryptedHeader {
  /// The largest header that is parsed, in bytes of JSON: what ours need is under 400; `apu` and `apv` have bounds of
  /// their own.
  static let largest = 4 << 10

  let value: JSONValue
  let algorithm: String
  let content: String
  let kid: String?
  let type: String?
  let contentType: String?

  /// Checks the decoded header of a token.
  init(_ json: [UInt8]) throws(JOSEError) {
    guard let header = try? JSONValue.parse(json, depth: 8, size: Self.largest), header.object != nil else {
      throw .invalidHeader
    }
    for (name, error) in TokenHeader.refused where header[name] != nil { throw error }
    // RFC 8725 3.6: what inflates can be a bomb, and how well it deflated tells of what is inside.
    guard header["zip"] == nil else { throw .compressed }
    value = header
    guard let algorithm = try Self.text(header, "alg") else { throw .missingAlgorithm }
    guard let content = try Self.text(header, "enc") else { throw .missingEncryption }
    self.algorithm = algorithm
    self.content = content
    kid = try Self.text(header, "kid")
    type = try Self.text(header, "typ")
    contentType = try Self.text(header, "cty")
  }

  private static func text(_ header: JSONValue, _ name: String) throws(JOSEError) -> String? {
    guard let member = header[name] else { return nil }
    guard let text = member.string else { throw .invalidHeader }
    return text
  }
}
