// Which URLs something is fetched from.

import OutgoingHTTP
import Testing

@Suite struct URLTests {
  @Test(
    arguments: [
      ("https://login.example.com", true, "login.example.com", nil, ""),
      ("HTTPS://Login.Example.COM/a?b=c", true, "login.example.com", nil, "/a?b=c"),
      ("http://127.0.0.1:8080/", false, "127.0.0.1", 8080, "/"), ("http://[::1]:1/x", false, "::1", 1, "/x"),
      ("http://signet_1:65535?x", false, "signet_1", 65_535, "?x"),
      ("https://a/%20~!$&'()*+,;=:@", true, "a", nil, "/%20~!$&'()*+,;=:@"),
    ] as [(String, Bool, String, Int?, String)])
  func good(text: String, isSecure: Bool, host: String, port: Int?, target: String) throws {
    let url = try HTTPURL(text)
    #expect(url.isSecure == isSecure)
    #expect(url.host == host)
    #expect(url.port == port)
    #expect(url.target == target)
    #expect(url.description == text)
  }

  @Test(
    arguments: [
      ("", .scheme), ("login.example.com", .scheme), ("ftp://a/b", .scheme), ("file:///etc/passwd", .scheme),
      ("unix:/a", .scheme), ("https:/a", .scheme), (" https://a", .scheme), ("javascript://a", .scheme),
      ("https://ada:secret@a/", .credentials), ("https://ada@a", .credentials), ("https://@a", .credentials),
      ("https://a/#b", .fragment), ("https://a/b c", .characters), ("https://a/\n", .characters),
      ("https://a\\@b/", .characters), ("https://a/\u{e9}", .characters), ("https://\u{e9}.example", .characters),
      ("https://a/\"", .characters), ("https://a/\0", .characters),
      ("https://", .host), ("https:///a", .host), ("https://a..b", .host), ("https://a.", .host),
      ("https://%61/", .host),
      ("https://[::1", .host), ("https://[fe80::1%25eth0]/", .host), ("https://[a]/", .host), ("https://a!b/", .host),
      ("https://a:0", .port), ("https://a:65536", .port), ("https://a:", .port), ("https://a:1x", .port),
      ("https://a:000001", .port), ("https://[::1]x", .port),
      ("https://\(String(repeating: "a", count: 254))", .host),
      ("https://a/\(String(repeating: "a", count: 2048))", .tooLong),
    ] as [(String, HTTPURL.Problem)]) func bad(text: String, problem: HTTPURL.Problem)
  {
    #expect(throws: problem) { try HTTPURL(text) }
    // A problem never repeats the URL, which may hold a password.
    #expect(!problem.description.contains("secret"))
  }

  @Test(arguments: [
    ("http://localhost", true), ("http://LOCALHOST:1", true), ("http://127.0.0.1", true), ("http://127.255.0.9", true),
    ("http://[::1]", true), ("http://127.1", false), ("http://127.0.0.1.example.com", false),
    ("http://127.0.0.256", false),
    ("http://127.0.0.01", false), ("http://localhost.example.com", false), ("http://[::2]", false),
    ("http://2130706433", false), ("http://0.0.0.0", false), ("http://[::ffff:127.0.0.1]", false),
  ]) func loopback(text: String, isLoopback: Bool) throws {
    #expect(try HTTPURL(text).isLoopback == isLoopback)
  }
}
