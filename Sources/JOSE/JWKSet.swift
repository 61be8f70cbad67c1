// A JWK Set (RFC 7517 5): what Signet publishes, and what a verifier reads.

package import JSON

/// Public keys with distinct kids.
package struct JWKSet: Sendable {
  package let keys: [PublicJWK]

  /// Throws `duplicateKeyID`.
  package init(_ keys: [PublicJWK]) throws(JOSEError) {
    var kids: Set<[UInt8]> = []
    for key in keys where !kids.insert(Array(key.kid.utf8)).inserted { throw .duplicateKeyID }
    self.keys = keys
  }

  /// Reads a set. Keys that are not for us (type, curve, algorithm, use) are skipped, as RFC 7517 5 asks; a malformed
  /// or weak one, or a repeated kid among those kept, is refused.
  package init(_ value: JSONValue) throws(JOSEError) {
    guard let members = value["keys"]?.array else { throw .invalidKey }
    var keys: [PublicJWK] = []
    for member in members {
      do {
        keys.append(try PublicJWK(member))
      } catch .unsupportedKey, .wrongKeyUse {
        continue
      }
    }
    try self.init(keys)
  }

  /// The key of that kid, nil when there is none.
  package func find(kid: String) -> PublicJWK? {
    keys.first { $0.kid.utf8.elementsEqual(kid.utf8) }
  }

  /// Writes `{"keys":[…]}`.
  package func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.name("keys")
    writer.beginArray()
    for key in keys { key.write(into: &writer) }
    writer.endArray()
    writer.endObject()
  }
}
