// base64url without padding (RFC 7515 2), strictly: no padding, no white space, no other alphabet, and the unused bits
// of the last character zero, so that each value has exactly one text and a changed character never goes unseen.

/// base64url, encoded and decoded.
package enum Base64URL {
  /// The number of characters for that many bytes.
  package static func encodedSize(_ count: Int) -> Int { (count * 4 + 2) / 3 }

  /// Appends the text of `bytes` to `output`.
  package static func encode(_ bytes: UnsafeRawBufferPointer, into output: inout [UInt8]) {
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: encodedSize(bytes.count)))
    output.withUnsafeMutableBufferPointer { write(bytes, into: $0, from: start) }
  }

  /// Appends the text of `bytes` to `output`.
  package static func encode(_ bytes: [UInt8], into output: inout [UInt8]) {
    bytes.withUnsafeBytes { encode($0, into: &output) }
  }

  /// The text of `bytes`.
  package static func encode(_ bytes: [UInt8]) -> String { bytes.withUnsafeBytes { encode($0) } }

  /// The text of `bytes`.
  package static func encode(_ bytes: UnsafeRawBufferPointer) -> String {
    var output: [UInt8] = []
    encode(bytes, into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<UInt8>, from: Int)
  {
    var target = from
    var index = 0
    alphabet.withUTF8Buffer { alphabet in
      while index + 3 <= bytes.count {
        let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
        output[target] = alphabet[Int(group >> 18)]
        output[target + 1] = alphabet[Int(group >> 12 & 63)]
        output[target + 2] = alphabet[Int(group >> 6 & 63)]
        output[target + 3] = alphabet[Int(group & 63)]
        index += 3
        target += 4
      }
      guard index < bytes.count else { return }
      let isPair = index + 1 < bytes.count
      let group = UInt32(bytes[index]) << 16 | (isPair ? UInt32(bytes[index + 1]) << 8 : 0)
      output[target] = alphabet[Int(group >> 18)]
      output[target + 1] = alphabet[Int(group >> 12 & 63)]
      if isPair { output[target + 2] = alphabet[Int(group >> 6 & 63)] }
    }
  }

  /// Decodes `text` to the end of `output`; throws `invalidBase64URL`, then with `output` in an unspecified state.
  package static func decode(_ text: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(JOSEError) {
    guard text.count % 4 != 1 else { throw .invalidBase64URL }
    output.reserveCapacity(output.count + text.count * 3 / 4)
    var group: UInt32 = 0
    var bits = 0
    var invalid: UInt8 = 0
    for character in text {
      let value = values[Int(character)]
      invalid |= value & 0x80
      group = group << 6 | UInt32(value & 63)
      bits += 6
      if bits >= 8 {
        bits -= 8
        output.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
      }
    }
    // What is left of the last character must be zero (RFC 4648 3.5).
    guard invalid == 0, group & (1 << UInt32(bits) - 1) == 0 else { throw .invalidBase64URL }
  }

  /// The bytes of `text`.
  package static func decode(_ text: String) throws(JOSEError) -> [UInt8] {
    let text = Array(text.utf8)
    return try text.withUnsafeBufferPointer { buffer throws(JOSEError) in
      try decode(UnsafeRawBufferPointer(buffer))
    }
  }

  /// The bytes of `text`.
  package static func decode(_ text: UnsafeRawBufferPointer) throws(JOSEError) -> [UInt8] {
    var output: [UInt8] = []
    try decode(text, into: &output)
    return output
  }

  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

  /// The value of each character; 0x80 for those outside of the alphabet.
  private static let values: [UInt8] = {
    var values = [UInt8](repeating: 0x80, count: 256)
    alphabet.withUTF8Buffer { for (value, character) in $0.enumerated() { values[Int(character)] = UInt8(value) } }
    return values
  }()
}
