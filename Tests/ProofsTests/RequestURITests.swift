// Which texts name the same resource (RFC 3986 section 6.2, RFC 9449 section 4.3).

import Proofs
import Testing

@Suite struct RequestURITests {
  @Test(arguments: [
    ("https://a.example/", "https://a.example"), ("https://a.example:443/x", "https://A.Example/x"),
    ("http://a.example:80", "HTTP://a.example/"), ("https://a.example:/x", "https://a.example/x"),
    ("https://a.example/x?y=z", "https://a.example/x"), ("https://a.example?y", "https://a.example/#z"),
    ("https://a.example/%7ex/%3a", "https://a.example/~x/%3A"), ("https://[2001:DB8::1]:443/", "https://[2001:db8::1]"),
    ("https://a.example/a/./b/../c", "https://a.example/a/c"), ("https://a.example/../..", "https://a.example/"),
    ("https://a.example/a/..", "https://a.example/"), ("https://a.example/a/.", "https://a.example/a/"),
    ("https://a.example/%2e%2E/a", "https://a.example/a"),
  ]) func same(one: String, other: String) { #expect(RequestURI.isSame(one, other)) }

  @Test(arguments: [
    ("https://a.example/x", "http://a.example/x"), ("https://a.example/x", "https://a.example/X"),
    ("https://a.example:80/", "https://a.example/"), ("https://a.example/x", "https://a.example/x/"),
    ("https://a.example//x", "https://a.example/x"), ("https://a.example/%2f", "https://a.example//"),
    ("https://a.example.", "https://a.example"), ("https://a.example:0443/", "https://a.example/"),
  ]) func different(one: String, other: String) { #expect(!RequestURI.isSame(one, other)) }

  @Test(arguments: [
    "", "/", "a.example/x", "ftp://a.example/", "https:/a.example/", "https://", "https:///x", "https://u@a.example/",
    "https://u:p@a.example/", "https://a.example/ x", "https://a.example/%", "https://a.example/%2",
    "https://a.example/%zz",
    "https://a.example/\u{e9}", "https://\u{e9}.example/", "https://a%2eexample/", "http://[::", "http://[:/",
    "http://[]:x/", "http://a]/", "http://a:b/", "http://a:1:2/", "https://a.example/\u{0}",
    "https://a.example/\\", "https://a.example/" + String(repeating: "a", count: 2048),
  ]) func none(text: String) { #expect(!RequestURI.isSame(text, text)) }
}
