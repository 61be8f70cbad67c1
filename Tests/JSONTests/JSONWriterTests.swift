// What the writer writes, and that the reader reads it back.

import JSON
import Testing

@Suite struct JSONWriterTests {
  @Test func membersOfEachType() {
    var writer = JSONWriter()
    let name = "dynamic\n"
    writer.beginObject()
    writer.member("s", "text")
    writer.member("i", 42)
    writer.member("b", true)
    writer.member("a", ["x", "y"])
    writer.member(name, -7)
    writer.name("n")
    writer.null()
    writer.name("o")
    writer.beginArray()
    writer.beginObject()
    writer.endObject()
    writer.value(false)
    writer.beginArray()
    writer.endArray()
    writer.endArray()
    writer.endObject()
    let text = #"{"s":"text","i":42,"b":true,"a":["x","y"],"dynamic\n":-7,"n":null,"o":[{},false,[]]}"#
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
    writer.reset()
    writer.value(1)
    #expect(writer.bytes == Array("1".utf8))
  }

  @Test(arguments: [
    ("", #""""#), ("a\"b\\c/", #""a\"b\\c/""#), ("\0\u{1}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u001f\u{7F}\""),
    ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#), ("é😀\u{2028}", "\"é😀\u{2028}\""),
  ])
  func escapes(string: String, text: String) {
    var writer = JSONWriter()
    writer.value(string)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == text)
  }

  @Test(arguments: [Int64.min, -1, 0, 9, 10, 1_700_000_000, .max])
  func integers(value: Int64) {
    var writer = JSONWriter()
    writer.value(value)
    #expect(String(decoding: writer.bytes, as: UTF8.self) == String(value))
  }

  @Test func valuesSurviveARoundTrip() throws {
    let text = #"{"a":[1,-2.5,1e300,null,true,"\u0000é\ud83d\ude00"],"b":{"c":{}},"":[]}"#
    let value = try JSONValue.parse(Array(text.utf8))
    var writer = JSONWriter()
    value.write(into: &writer)
    #expect(try JSONValue.parse(writer.bytes) == value)
  }
}
