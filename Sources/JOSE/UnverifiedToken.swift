// A token taken apart without its signature being looked at, for people to read (`signet token inspect`). Of an encrypted
// one only the header can be read.
// Nothing may be decided by it; hence a type of its own that no check accepts.

package import JSON
import OpenSSL

/// The contents of a token that anybody may have made.
package struct UnverifiedToken: Sendable {
  package let header: JSONValue
  /// Whether it is a JWE: then payload and signature are empty, as nothing but the header can be read.
  package let isEncrypted: Bool
  package let payload: [UInt8]
  package let signature: [UInt8]

  /// The payload as claims, nil when it is not an object.
  package var claims: JSONValue? {
    guard let value = try? JSONValue.parse(payload), value.object != nil else { return nil }
    return value
  }

  /// Takes a compact JWS of at most 16 KiB or a compact JWE of at most 24 KiB apart; the header must be a valid JSON
  /// object.
  package init(compact: [UInt8]) throws(JOSEError) {
    guard compact.count <= TokenDecrypter.defaultSize else { throw .tooLarge }
    let isEncrypted = compact.count { $0 == UInt8(ascii: ".") } == 4
    self = try compact.withBytes { compact throws(JOSEError) in
      isEncrypted
        ? try UnverifiedToken(EncryptedParts(compact, largest: TokenDecrypter.defaultSize))
        : try UnverifiedToken(CompactParts(compact, largest: CompactParts.largest))
    }
  }

  private init(_ parts: CompactParts) throws(JOSEError) {
    header = try Self.header(parts.header)
    isEncrypted = false
    payload = try Base64URL.decode(parts.payload)
    signature = try Base64URL.decode(parts.signature)
  }

  private init(_ parts: EncryptedParts) throws(JOSEError) {
    header = try Self.header(parts.header)
    isEncrypted = true
    (payload, signature) = ([], [])
  }

  private static func header(_ text: UnsafeRawBufferPointer) throws(JOSEError) -> JSONValue {
    guard let header = try? JSONValue.parse(try Base64URL.decode(text)), header.object != nil else {
      throw .invalidHeader
    }
    return header
  }
}
