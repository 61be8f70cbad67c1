// Numbers, by the grammar of RFC 8259 6. Whole ones stay whole: a rounded identifier or date would be another one.

extension JSONReader {
  /// Takes the number at the cursor.
  mutating func number() throws(JSONError) -> JSONValue {
    let start = offset
    let isNegative = take(UInt8(ascii: "-"))
    if !isNegative, let byte = peek(), !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      throw error(.unexpectedByte)
    }
    let isZero = take(UInt8(ascii: "0"))
    if !isZero { try digits() }
    if isZero, let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
      throw error(.invalidNumber)
    }
    let wholeEnd = offset
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    let text = unsafe String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<offset]), as: UTF8.self)
    if offset == wholeEnd, !(isNegative && isZero) {
      guard let integer = Int64(text) else { throw JSONError(cause: .numberOutOfRange, offset: start) }
      return .integer(integer)
    }
    guard let number = Double(text), number.isFinite else { throw JSONError(cause: .numberOutOfRange, offset: start) }
    return .number(number)
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek() == byte else { return false }
    offset += 1
    return true
  }

  /// Takes one digit or more.
  private mutating func digits() throws(JSONError) {
    let start = offset
    while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { offset += 1 }
    guard offset > start else { throw error(peek() == nil ? .unexpectedEnd : .invalidNumber) }
  }
}
