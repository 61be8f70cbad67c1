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
    let start = output.count
    output.append(contentsOf: repeatElement(0, count: text.count * 3 / 4))
    let isValid = output.withUnsafeMutableBufferPointer { output in
      values.withUnsafeBufferPointer { read(text, $0, into: output, from: start) }
    }
    guard isValid else { throw .invalidBase64URL }
  }

  /// Whether the text was good, which is known at its end only: the loop has no way out in between.
  private static func read(
    _ text: UnsafeRawBufferPointer, _ values: UnsafeBufferPointer<UInt8>,
    into output: UnsafeMutableBufferPointer<UInt8>, from start: Int
  ) -> Bool {
    var target = start
    var index = 0
    var invalid: UInt8 = 0
    while index + 4 <= text.count {
      let (first, second) = (values[Int(text[index])], values[Int(text[index + 1])])
      let (third, fourth) = (values[Int(text[index + 2])], values[Int(text[index + 3])])
      invalid |= first | second | third | fourth
      output[target] = first << 2 | second >> 4
      output[target + 1] = second << 4 | third >> 2
      output[target + 2] = third << 6 | fourth
      index += 4
      target += 3
    }
    guard index < text.count else { return invalid & 0x80 == 0 }
    let (first, second) = (values[Int(text[index])], values[Int(text[index + 1])])
    let third = index + 2 < text.count ? values[Int(text[index + 2])] : 0
    invalid |= first | second | third
    output[target] = first << 2 | second >> 4
    guard index + 2 < text.count else { return invalid & 0x80 == 0 && second & 0x0F == 0 }
    output[target + 1] = second << 4 | third >> 2
    // What is left of the last character must be zero (RFC 4648 3.5).
    return invalid & 0x80 == 0 && third & 0x03 == 0
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
