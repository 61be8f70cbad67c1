// A JWK Set (RFC 7517 5): what Signet publishes, and what a verifier reads.

package import JSON

/// Public keys with distinct kids.
package struct JWKSet: Sendable {
  /// The most keys of a set, and its most bytes as text: issuers publish some three; checking one costs up to 0.3 ms.
  package static let mostKeys = 100
  package static let largest = 256 << 10

  package let keys: [PublicJWK]
  /// Why members of the set that was read were passed over, in their order.
  package let skipped: [JOSEError]

  /// Throws `duplicateKeyID`.
  package init(_ keys: [PublicJWK]) throws(JOSEError) { try self.init(keys, skipped: []) }

  private init(_ keys: [PublicJWK], skipped: [JOSEError]) throws(JOSEError) {
    var kids: Set<[UInt8]> = []
    for key in keys where !kids.insert(Array(key.kid.utf8)).inserted { throw .duplicateKeyID }
    self.keys = keys
    self.skipped = skipped
  }

  /// Reads a set from its text. Throws as the other does; `tooManyKeys` above `largest`, `invalidKey` when it is not JSON.
  package init(parsing text: [UInt8]) throws(JOSEError) {
    guard text.count <= Self.largest else { throw .tooManyKeys }
    let value: JSONValue
    do { value = try JSONValue.parse(text) } catch { throw .invalidKey }
    try self.init(value)
  }

  /// Reads a set. Keys which are not for us, malformed or weak are skipped (RFC 7517 5): one issuer's odd key must not
  /// shut out the good ones. Throws `duplicateKeyID` for a repeated kid among those kept, since a kid must mean one
  /// key, `tooManyKeys` above `mostKeys`, and `invalidKey` when it is no set.
  package init(_ value: JSONValue) throws(JOSEError) {
    var keys: [PublicJWK] = []
    var skipped: [JOSEError] = []
    for member in try Self.members(of: value) {
      do { keys.append(try PublicJWK(member)) } catch { skipped.append(error) }
    }
    try self.init(keys, skipped: skipped)
  }

  /// The JWKs of a set, unread. Throws `tooManyKeys`, `invalidKey`.
  package static func members(of value: JSONValue) throws(JOSEError) -> [JSONValue] {
    guard let members = value["keys"]?.array else { throw .invalidKey }
    guard members.count <= mostKeys else { throw .tooManyKeys }
    return members
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
