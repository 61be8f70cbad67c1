// Cookies, found as browsers send them and beside what breaks the grammar.

import Testing

@testable import HTTPServer

private func cookie(_ name: String, _ text: String) -> String? {
  Array(name.utf8).withUnsafeBytes { name in
    Array(text.utf8).withUnsafeBytes { text in
      Cookies.values(named: name, in: text, most: 1).first.map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

@Suite struct CookieTests {
  @Test(arguments: [
    // RFC 6265 3.1.
    ("SID=31d4d96e407aad42; lang=en-US", "31d4d96e407aad42"), ("lang=en-US; SID=31d4d96e407aad42", "31d4d96e407aad42"),
    ("SID=a; SID=b", "a"), ("SID=", ""), ("SID=a=b==", "a=b=="), ("SID=\"a\"", "\"a\""), ("SID=%41", "%41"),
    ("x;SID=a", "a"), ("=x;;  SID = a ;", "a"), ("XSID=x; SIDX=y; SID=a", "a"), ("y=\"; SID=a\"", "a\""),
  ])
  func finds(_ text: String, _ value: String) { #expect(cookie("SID", text) == value) }

  @Test(arguments: ["", ";", "SID", "sid=a", "S=a", "x=SID=a", "SID\u{0}=a", "xSID=a"])
  func findsNone(_ text: String) { #expect(cookie("SID", text) == nil) }

  @Test func aNameIsNeverEmpty() { #expect(cookie("", "=a") == nil) }

  @Test func readsSeveralFields() throws {
    let server = try TestServer(loops: 1) { _ in
      [
        Route(
          .get, "/", name: "root",
          .immediate { exchange in
            exchange.respond(
              200, contentType: "text/plain",
              body: "\(exchange.cookies(named: "a").first ?? "-") \(exchange.cookies(named: "b").first ?? "-")")
          })
      ]
    }
    defer { server.stop() }
    let client = server.client()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nCookie: x=1; a=2\r\nCookie: b=3\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(client.answer()?.body == "2 3")
    #expect(client.answer()?.body == "- -")
  }
}
