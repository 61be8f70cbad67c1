// The strict reader: a cursor over borrowed bytes, from which values are pulled.
//
// Why our own: a parser which lets the last of two equal members win can be made to disagree with whoever checked the
// first, so duplicates are an error here, as are invalid UTF-8, lone surrogates and rounded integers.
// Recursion ends at `depth`, which the caller chooses, never the input. The bytes must outlive the reader: it is made
// and dropped inside one call. It does not decide what a member means.

/// A cursor over a JSON text.
@safe package struct JSONReader {
  let bytes: UnsafeRawBufferPointer
  var offset = 0
  private var remainingDepth: Int

  /// Starts at the first byte of a text of at most `size` bytes, of which at most `depth` levels will be entered.
  package init(
    _ bytes: UnsafeRawBufferPointer, depth: Int = 32, size: Int = JSONValue.defaultSize
  ) throws(JSONError) {
    guard bytes.count <= size else { throw JSONError(cause: .tooLarge, offset: size) }
    unsafe self.bytes = bytes
    remainingDepth = min(depth, Self.deepest)
  }

  /// The deepest nesting that any caller may ask for: some 100 KiB of stack.
  private static let deepest = 256

  /// Takes the value at the cursor.
  package mutating func value() throws(JSONError) -> JSONValue {
    switch try first() {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["): return .array(try array())
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  /// Checks that nothing but white space follows.
  package mutating func finish() throws(JSONError) {
    skipSpace()
    guard unsafe offset == bytes.count else { throw error(.trailingBytes) }
  }

  private mutating func object() throws(JSONError) -> [JSONMember] {
    var members: [JSONMember] = []
    var names = MemberNames()
    try enter()
    while let name = try memberName(isFirst: members.isEmpty, &names) {
      members.append(JSONMember(name, try value()))
    }
    remainingDepth += 1
    return members
  }

  private mutating func array() throws(JSONError) -> [JSONValue] {
    var elements: [JSONValue] = []
    try enter()
    while try !ends(with: UInt8(ascii: "]"), isFirst: elements.isEmpty) { elements.append(try value()) }
    remainingDepth += 1
    return elements
  }

  /// Steps over the opening bracket at the cursor.
  mutating func enter() throws(JSONError) {
    guard remainingDepth > 0 else { throw error(.tooDeep) }
    remainingDepth -= 1
    offset += 1
  }

  /// Takes the next member's name and colon, or nil and the closing brace.
  mutating func memberName(isFirst: Bool, _ names: inout MemberNames) throws(JSONError) -> String? {
    if try ends(with: UInt8(ascii: "}"), isFirst: isFirst) { return nil }
    guard try first() == UInt8(ascii: "\"") else { throw error(.unexpectedByte) }
    let start = offset
    let name = try string()
    // RFC 7515 4, RFC 7519 4: names must be unique; a parser may refuse, and this one does.
    guard names.insert(name) else { throw JSONError(cause: .duplicateMember, offset: start) }
    guard try first() == UInt8(ascii: ":") else { throw error(.unexpectedByte) }
    offset += 1
    return name
  }

  /// Whether `closing` comes next (and is taken); if not, takes the comma that must stand before all but the first.
  private mutating func ends(with closing: UInt8, isFirst: Bool) throws(JSONError) -> Bool {
    let byte = try first()
    if byte == closing {
      offset += 1
      return true
    }
    if isFirst { return false }
    guard byte == UInt8(ascii: ",") else { throw error(.unexpectedByte) }
    offset += 1
    return false
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard let byte = peek() else { throw error(.unexpectedEnd) }
      guard unsafe byte == word.utf8Start[index] else { throw error(.unexpectedByte) }
      offset += 1
    }
    return value
  }

  /// The first byte that is not white space; the cursor stays at it.
  mutating func first() throws(JSONError) -> UInt8 {
    skipSpace()
    guard let byte = peek() else { throw error(.unexpectedEnd) }
    return byte
  }

  private mutating func skipSpace() {
    while let byte = peek(), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { offset += 1 }
  }

  /// The byte at the cursor, nil at the end.
  func peek() -> UInt8? {
    unsafe offset < bytes.count ? bytes[offset] : nil
  }

  func error(_ cause: JSONError.Cause) -> JSONError { JSONError(cause: cause, offset: offset) }
}
