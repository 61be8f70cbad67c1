// The strict reader: what is valid, what is refused and where.

import JSON
import Testing

@Suite struct JSONReaderTests {
  @Test(arguments: [
    ("null", JSONValue.null), (" true\n", .bool(true)), ("\t[ ]\r\n", .array([])), ("{}", .object([])),
    ("0", .integer(0)), ("-1", .integer(-1)), ("9223372036854775807", .integer(.max)),
    ("-9223372036854775808", .integer(.min)), ("1.5", .number(1.5)), ("1e2", .number(100)), ("-0", .number(-0.0)),
    ("1E-2", .number(0.01)), ("0.0", .number(0)), (#""""#, .string("")),
    (#""a\"\\\/\b\f\n\r\t""#, .string("a\"\\/\u{8}\u{c}\n\r\t")),
    (#""\u0041\u00e9\u20AC\ud83d\uDE00""#, .string("Aé€😀")), (#""\u0000""#, .string("\0")), ("\"é€😀\"", .string("é€😀")),
    (
      #"{"a":[1,{"b":null}],"c":"d"}"#,
      .object([
        JSONMember("a", .array([.integer(1), .object([JSONMember("b", .null)])])), JSONMember("c", .string("d")),
      ])
    ),
  ])
  func valid(text: String, value: JSONValue) throws {
    #expect(try JSONValue.parse(Array(text.utf8)) == value)
  }

  @Test(arguments: [
    ("", JSONError.Cause.unexpectedEnd, 0), (" ", .unexpectedEnd, 1), ("nul", .unexpectedEnd, 3),
    ("nulL", .unexpectedByte, 3), ("null null", .trailingBytes, 5), ("{} ]", .trailingBytes, 3),
    ("null\0", .trailingBytes, 4), ("\0", .unexpectedByte, 0), ("\u{FEFF}{}", .unexpectedByte, 0),
    ("[1,]", .unexpectedByte, 3), ("[,1]", .unexpectedByte, 1), ("[1 2]", .unexpectedByte, 3),
    ("{\"a\":1,}", .unexpectedByte, 7), ("{\"a\" 1}", .unexpectedByte, 5), ("{a:1}", .unexpectedByte, 1),
    ("{1:1}", .unexpectedByte, 1), ("{\"a\":}", .unexpectedByte, 5), ("{'a':1}", .unexpectedByte, 1),
    ("[1", .unexpectedEnd, 2), ("{\"a\":1", .unexpectedEnd, 6), ("\"a", .unexpectedEnd, 2),
    ("/**/1", .unexpectedByte, 0), ("NaN", .unexpectedByte, 0), ("Infinity", .unexpectedByte, 0),
    ("01", .invalidNumber, 1), ("-01", .invalidNumber, 2), ("-", .unexpectedEnd, 1), ("-a", .invalidNumber, 1),
    ("1.", .unexpectedEnd, 2), ("1.e1", .invalidNumber, 2), (".5", .unexpectedByte, 0), ("+1", .unexpectedByte, 0),
    ("1e", .unexpectedEnd, 2), ("1e+", .unexpectedEnd, 3), ("0x10", .trailingBytes, 1),
    ("9223372036854775808", .numberOutOfRange, 0), ("1e999", .numberOutOfRange, 0),
    (#""\x""#, .invalidEscape, 2), (#""\u12G4""#, .invalidEscape, 5), (#""\u12"#, .unexpectedEnd, 5),
    (#""\uD800""#, .loneSurrogate, 1), (#""\uDC00""#, .loneSurrogate, 1), (#""\uD800\u0041""#, .loneSurrogate, 1),
    (#""\uD800\n""#, .loneSurrogate, 1), ("\"a\nb\"", .controlCharacter, 2), ("\"\0\"", .controlCharacter, 1),
    (#""\n"# + "\u{1}\"", .controlCharacter, 3),
    (#"{"a":1,"a":2}"#, .duplicateMember, 7), (#"{"a":1,"\u0061":2}"#, .duplicateMember, 7),
    (#"[{"b":{"c":1,"c":1}}]"#, .duplicateMember, 13),
  ])
  func refused(text: String, cause: JSONError.Cause, offset: Int) {
    #expect(throws: JSONError(cause: cause, offset: offset)) { try JSONValue.parse(Array(text.utf8)) }
  }

  @Test(
    arguments: [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80]] as [[UInt8]])
  func invalidUTF8(bytes: [UInt8]) {
    for text in [[0x22] + bytes + [0x22], [0x22, 0x5C, 0x6E] + bytes + [0x22]] {
      #expect(throws: JSONError(cause: .invalidUTF8, offset: 0)) { try JSONValue.parse(text) }
    }
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> [UInt8] {
      [UInt8](repeating: UInt8(ascii: "["), count: depth) + [UInt8](repeating: UInt8(ascii: "]"), count: depth)
    }
    #expect(try JSONValue.parse(nested(32)).array?.count == 1)
    #expect(throws: JSONError(cause: .tooDeep, offset: 32)) { try JSONValue.parse(nested(33)) }
    #expect(throws: JSONError(cause: .tooDeep, offset: 32)) { try JSONValue.parse(nested(10_000)) }
    #expect(throws: JSONError(cause: .tooDeep, offset: 256)) { try JSONValue.parse(nested(10_000), depth: 10_000) }
    #expect(try JSONValue.parse(Array("[[],[],{},{}]".utf8), depth: 2).array?.count == 4)
  }

  @Test func sizeIsBounded() throws {
    #expect(throws: JSONError(cause: .tooLarge, offset: 3)) { try JSONValue.parse(Array("null".utf8), size: 3) }
  }

  @Test func namesAreComparedByTheirBytes() throws {
    // U+212A, the Kelvin sign, is canonically equivalent to K, and Swift's == says so.
    let value = try JSONValue.parse(Array("{\"\u{212A}\":1,\"K\":2}".utf8))
    #expect(value["K"]?.integer == 2)
    #expect(value["\u{212A}"]?.integer == 1)
  }

  @Test func manyNamesAreStillCompared() throws {
    let names = (0..<3000).map { "\"n\($0)\":0" }.joined(separator: ",")
    #expect(try JSONValue.parse(Array("{\(names)}".utf8)).object?.count == 3000)
    for repeated in ["n0", "n15", "n16", "n2999"] {
      #expect(throws: JSONError.self) { try JSONValue.parse(Array("{\(names),\"\(repeated)\":0}".utf8)) }
    }
  }

  @Test func errorsQuoteNothing() {
    let error = JSONError(cause: .duplicateMember, offset: 7)
    #expect(error.description == "invalid JSON: a member name that was used before, at byte 7")
  }

  @Test func objectReaderPullsMembers() throws {
    let members = try pull(#" {"refresh_token":"abc","n":[1,2]} "#)
    #expect(
      members == [JSONMember("refresh_token", .string("abc")), JSONMember("n", .array([.integer(1), .integer(2)]))])
    #expect(try pull("{}").isEmpty)
  }

  @Test(arguments: ["[]", "\"a\"", "", "{} x", "{\"a\":1,\"a\":1}", "{\"a\":1", "{\"a\":1}}", "{,}"])
  func objectReaderRefuses(text: String) {
    #expect(throws: JSONError.self) { try pull(text) }
  }

  private func pull(_ text: String) throws(JSONError) -> [JSONMember] {
    let bytes = Array(text.utf8)
    return try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      var reader = try JSONObjectReader(UnsafeRawBufferPointer(buffer))
      var members: [JSONMember] = []
      while let member = try reader.next() { members.append(member) }
      return members
    }
  }
}
