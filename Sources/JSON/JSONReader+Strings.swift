// Strings: taken in one piece when nothing is escaped, which is nearly always, and assembled byte by byte otherwise.

extension JSONReader {
  /// Takes the string at the cursor, its opening quote first.
  mutating func string() throws(JSONError) -> String {
    let start = offset
    offset += 1
    while let byte = peek() {
      if byte == UInt8(ascii: "\"") {
        let text = try unsafe validated(bytes[(start + 1)..<offset], start)
        offset += 1
        return text
      }
      if byte == UInt8(ascii: "\\") { return try escapedString(start) }
      guard byte >= 0x20 else { throw error(.controlCharacter) }
      offset += 1
    }
    throw error(.unexpectedEnd)
  }

  private func validated(_ text: Slice<UnsafeRawBufferPointer>, _ start: Int) throws(JSONError) -> String {
    guard let string = unsafe String(validating: UnsafeRawBufferPointer(rebasing: text), as: UTF8.self) else {
      throw JSONError(cause: .invalidUTF8, offset: start)
    }
    return string
  }

  /// Goes on from the first backslash of the string that began at `start`.
  private mutating func escapedString(_ start: Int) throws(JSONError) -> String {
    var text = unsafe Array(bytes[(start + 1)..<offset])
    while let byte = peek() {
      switch byte {
      case UInt8(ascii: "\""):
        offset += 1
        guard let string = String(validating: text, as: UTF8.self) else {
          throw JSONError(cause: .invalidUTF8, offset: start)
        }
        return string
      case UInt8(ascii: "\\"):
        try escape(into: &text)
      case 0..<0x20:
        throw error(.controlCharacter)
      default:
        text.append(byte)
        offset += 1
      }
    }
    throw error(.unexpectedEnd)
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    offset += 1
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      offset += 1
      text.append(contentsOf: String(try scalar()).utf8)
      return
    default: throw error(.invalidEscape)
    }
    offset += 1
  }

  /// The code point of one `\u` escape, or of two which form a surrogate pair (RFC 8259 7).
  private mutating func scalar() throws(JSONError) -> Character {
    let start = offset - 2
    let high = try hexadecimal()
    if let scalar = Unicode.Scalar(high) { return Character(scalar) }
    guard high < 0xDC00, peek() == UInt8(ascii: "\\") else { throw JSONError(cause: .loneSurrogate, offset: start) }
    offset += 1
    guard peek() == UInt8(ascii: "u") else { throw JSONError(cause: .loneSurrogate, offset: start) }
    offset += 1
    let low = try hexadecimal()
    guard (0xDC00...0xDFFF).contains(low) else { throw JSONError(cause: .loneSurrogate, offset: start) }
    let pair = 0x10000 + (UInt32(high) - 0xD800) << 10 + (UInt32(low) - 0xDC00)
    guard let scalar = Unicode.Scalar(pair) else { throw JSONError(cause: .loneSurrogate, offset: start) }
    return Character(scalar)
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek() else { throw error(.unexpectedEnd) }
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(byte - UInt8(ascii: "A") + 10)
      default: throw error(.invalidEscape)
      }
      offset += 1
    }
    return unit
  }
}
