// A token taken apart without its signature being looked at, for people to read (`signet token inspect`).
// Nothing may be decided by it; hence a type of its own that no check accepts.

package import JSON

/// The contents of a token that anybody may have made.
package struct UnverifiedToken: Sendable {
  package let header: JSONValue
  package let payload: [UInt8]
  package let signature: [UInt8]

  /// The payload as claims, nil when it is not an object.
  package var claims: JSONValue? {
    guard let value = try? JSONValue.parse(payload), value.object != nil else { return nil }
    return value
  }

  /// Takes a compact JWS of at most 16 KiB apart; the header must be a valid JSON object.
  package init(compact: [UInt8]) throws(JOSEError) {
    self = try compact.withUnsafeBufferPointer { buffer throws(JOSEError) in
      try UnverifiedToken(CompactParts(UnsafeRawBufferPointer(buffer), largest: CompactParts.largest))
    }
  }

  private init(_ parts: CompactParts) throws(JOSEError) {
    guard let header = try? JSONValue.parse(try Base64URL.decode(parts.header)), header.object != nil else {
      throw .invalidHeader
    }
    self.header = header
    payload = try Base64URL.decode(parts.payload)
    signature = try Base64URL.decode(parts.signature)
  }
}
