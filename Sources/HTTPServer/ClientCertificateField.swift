// `Client-Cert` (RFC 9440): the certificate that a client showed to the proxy which ended its TLS.
//
// A Structured Fields byte sequence (RFC 8941 section 3.3.5): base64 between colons, and nothing else. It decides who may use
// a token, so it is read strictly: one value, no parameters, canonical base64, and a whole certificate inside.

import OpenSSL

/// Reads the field `Client-Cert`.
enum ClientCertificateField {
  /// The longest value that is looked at, in bytes: a certificate of some 12 KiB.
  static let longest = 16 << 10

  /// The certificate; nil when the value is no such field.
  static func certificate(_ value: UnsafeRawBufferPointer) -> PresentedCertificate? {
    let colon = UInt8(ascii: ":")
    guard (3...longest).contains(value.count), value.first == colon, value.last == colon else { return nil }
    guard let bytes = decode(UnsafeRawBufferPointer(rebasing: value[1..<(value.count - 1)])) else { return nil }
    return PresentedCertificate(forwarded: bytes)
  }

  /// RFC 4648 section 4, with padding and without spare bits.
  private static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count % 4 == 0 else { return nil }
    let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var (group, bits): (UInt32, Int) = (0, 0)
    for character in text.dropLast(padding) {
      guard let value = value(of: character) else { return nil }
      (group, bits) = (group << 6 | UInt32(value), bits + 6)
      guard bits >= 8 else { continue }
      bits -= 8
      bytes.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      group &= (1 << UInt32(bits)) - 1
    }
    return group == 0 ? bytes : nil
  }

  private static func value(of character: UInt8) -> UInt8? {
    switch character {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}
