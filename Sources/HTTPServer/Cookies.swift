// The `Cookie` field (RFC 6265 4.2.1), read as browsers write it.
//
// Lenient, because one page of the same site may set a cookie that breaks the grammar: such a pair is passed over and
// spoils no other. Nothing is decoded; quotation marks belong to the value. Names have regard to case (RFC 6265 5.4).

/// Finds cookies in a cookie-string.
enum Cookies {
  /// The values of the first cookies of that name, as they came.
  ///
  /// Of two with one name browsers send the one with the longer path first (RFC 6265 5.4).
  static func values(
    named name: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, most: Int
  ) -> [UnsafeRawBufferPointer] {
    guard !name.isEmpty else { return [] }
    var found: [UnsafeRawBufferPointer] = []
    var start = 0
    while start < text.count, found.count < most {
      let end = text[start...].firstIndex(of: UInt8(ascii: ";")) ?? text.count
      let pair = text[start..<end]
      if let equals = pair.firstIndex(of: UInt8(ascii: "=")),
        UnsafeRawBufferPointer(rebasing: text[start..<equals]).trimmed.elementsEqual(name)
      {
        found.append(UnsafeRawBufferPointer(rebasing: text[(equals + 1)..<end]).trimmed)
      }
      start = end + 1
    }
    return found
  }
}
