// For how long an answer says that it may be kept.

import Testing

@testable import SignetVerifier

@Suite struct CacheControlTests {
  @Test(
    arguments: [
      ("public, max-age=300", 300), ("max-age=0", 0), ("MAX-AGE=5", 5), ("max-age = 7", 7), ("max-age=\"60\"", 60),
      ("max-age=600, max-age=300", 300), ("no-store", 0), ("no-cache, max-age=300", 0), ("max-age=300,no-store", 0),
      ("x=\"max-age=9, no-store\", max-age=20", 20), ("max-age=99999999999999999999", 1 << 31),
      ("", nil), ("public", nil), ("max-age", nil), ("max-age=", nil), ("max-age=-1", nil), ("max-age=1.5", nil),
      ("max-age=0x10", nil), ("s-maxage=10", nil), ("xmax-age=1", nil), (",,=,", nil), ("\"max-age=1", nil),
      ("max-age=\u{661}", nil),
    ] as [(String, Int64?)]) func maxAge(field: String, seconds: Int64?)
  {
    #expect(CacheControl(field).maxAge == seconds)
  }

  @Test(
    arguments: [
      ("max-age=300", nil, 300), ("max-age=300", "100", 200), ("max-age=300", "400", 0), ("max-age=300", "x", 300),
      (nil, "100", nil), ("public", "1", nil),
    ] as [(String?, String?, Int64?)]) func whatIsLeft(field: String?, age: String?, seconds: Int64?)
  {
    #expect(CacheControl.remaining(field, age: age) == seconds)
  }

  @Test(arguments: [
    ("\"a\"", true), ("W/\"a\"", true), ("\"\"", true), ("a", false), ("\"", false), ("w/\"a\"", false), ("", false),
    ("\"a\"b\"", false), ("\"a b\"", false), ("\"a\u{e9}\"", false), ("\"a\", \"b\"", false),
    ("\"" + String(repeating: "a", count: 254) + "\"", true), ("\"" + String(repeating: "a", count: 255) + "\"", false),
  ]) func entityTags(text: String, isGood: Bool) {
    #expect(HTTPKeySetFetcher.isEntityTag(text) == isGood)
  }
}
