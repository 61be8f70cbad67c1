// The second half of SmugglingCases.swift: bodies where none is expected, chunks, names, hosts, targets, connections.

extension RawCase {
  private static func line(_ name: String, _ line: String, is verdict: Verdict) -> RawCase {
    make("line: " + name, [line, "Host: localhost"], "{next}", is: verdict)
  }

  private static func chunked(_ name: String, _ body: String, is verdict: Verdict) -> RawCase {
    let head = ["POST /v1/refresh HTTP/1.1", "Host: localhost", "Transfer-Encoding: chunked"]
    return make("chunk: " + name, head, body, is: verdict)
  }

  /// RFC 9112 6.3: a body is there or isn't, whatever the method (CL.0, 0.CL).
  static var bodies: [RawCase] {
    let length = "Content-Length: {length}"
    return [
      get("CL.0: GET", length, is: .answered(1)),
      get("CL.0: GET, chunked", "Transfer-Encoding: chunked", body: "{size}\r\n{next}\r\n0\r\n\r\n", is: .answered(1)),
      make("CL.0: OPTIONS", ["OPTIONS * HTTP/1.1", "Host: localhost", length], "{next}", is: .answered(1)),
      make("CL.0: DELETE", ["DELETE /v1/sessions/x HTTP/1.1", "Host: localhost", length], "{next}", is: .answered(1)),
      make("CL.0: nowhere", ["POST /nowhere HTTP/1.1", "Host: localhost", length], "{next}", is: .answered(1)),
      make("CL.0: wrong method", ["PUT /v1/login HTTP/1.1", "Host: localhost", length], "{next}", is: .answered(1)),
      make("no length", ["POST /v1/refresh HTTP/1.1", "Host: localhost"], "{next}", is: .answered(2)),
      get("0.CL: more announced than sent", "Content-Length: 300", is: .waits),
      get("0.CL: nothing sent", "Content-Length: 30", body: "", is: .waits),
      get("0.CL: chunk without an end", "Transfer-Encoding: chunked", body: "{size}\r\n{next}\r\n", is: .waits),
      get("a body of nothing", "Content-Length: 0", is: .answered(2)),
    ]
  }

  /// RFC 9112 7.1: hexadecimal digits, perhaps an extension, CR LF.
  static var chunkSizes: [RawCase] {
    let rest = "\r\n{next}\r\n0\r\n\r\n"
    return [
      chunked("leading zeros", "000{size}" + rest, is: .answered(1)),
      chunked("extension", "{size};a=b" + rest, is: .answered(1)),
      chunked("quoted extension", "{size};a=\"b;c\"" + rest, is: .answered(1)),
      chunked("size beyond 64 bits", "10000000000000002\r\nxx\r\n0\r\n\r\n{next}", is: .refused),
      chunked("size beyond 32 bits", "100000002\r\nxx\r\n0\r\n\r\n{next}", is: .refused),
      chunked("all F", "FFFFFFFFFFFFFFFF\r\n{next}", is: .refused),
      chunked("sign bit", "8000000000000000\r\n{next}", is: .refused),
      chunked("minus", "-{size}" + rest, is: .refused), chunked("plus", "+{size}" + rest, is: .refused),
      chunked("0x", "0x{size}" + rest, is: .refused), chunked("letter", "{size}g" + rest, is: .refused),
      chunked("space before", " {size}" + rest, is: .refused), chunked("space after", "{size} " + rest, is: .refused),
      chunked("tab after", "{size}\t" + rest, is: .refused), chunked("NUL after", "{size}\u{0}" + rest, is: .refused),
      chunked("two sizes", "{size} {size}" + rest, is: .refused), chunked("underscore", "0_5" + rest, is: .refused),
      chunked("no size", rest, is: .refused), chunked("only an extension", ";a" + rest, is: .refused),
      chunked("dot", "{size}.0" + rest, is: .refused),
      chunked("full-width digit", "\u{EF}\u{BC}\u{95}" + rest, is: .refused),
      chunked("LF alone", "{size}\n{next}\r\n0\r\n\r\n", is: .refused),
      chunked("CR alone", "{size}\r{next}\r\n0\r\n\r\n", is: .refused),
      chunked("CR CR LF", "{size}\r\r\n{next}\r\n0\r\n\r\n", is: .refused),
      chunked("LF in an extension", "{size};a\n{next}\r\n0\r\n\r\n", is: .refused),
      chunked("LF and more in an extension", "2;\nxx\r\n{size}" + rest, is: .refused),
      chunked("CR in an extension", "{size};a\rb" + rest, is: .refused),
      chunked("CR LF in a quoted extension", "{size};a=\"\r\n\"" + rest, is: .refused),
      chunked("NUL in an extension", "{size};\u{0}" + rest, is: .refused),
      chunked("empty extension", "{size};" + rest, is: .refused),
      chunked("long extension", "{size};" + String(repeating: "a", count: 20_000) + rest, is: .refused),
    ]
  }

  /// RFC 9112 7.1 and 7.1.2: what follows a chunk, the last chunk, and the trailers.
  static var chunkEnds: [RawCase] {
    [
      chunked("no CR LF after data", "{size}\r\n{next}0\r\n\r\n", is: .refused),
      chunked("LF alone after data", "{size}\r\n{next}\n0\r\n\r\n", is: .refused),
      chunked("CR alone after data", "{size}\r\n{next}\r0\r\n\r\n", is: .refused),
      chunked("two bytes after data", "{size}\r\n{next}XX0\r\n\r\n", is: .refused),
      chunked("data too long", "5\r\n{next}\r\n0\r\n\r\n", is: .refused),
      chunked("many zeros last", "00000\r\n\r\n{next}", is: .answered(2)),
      chunked("extension last", "0;a\r\n\r\n{next}", is: .answered(2)),
      chunked("LF alone last", "0\n\r\n{next}", is: .refused),
      chunked("LF alone at the end", "0\r\n\n{next}", is: .refused),
      chunked("two LF", "0\n\n{next}", is: .refused), chunked("CR alone at the end", "0\r\n\r{next}", is: .refused),
      chunked("no end", "0\r\n{next}", is: .refused), chunked("space last", "0 \r\n\r\n{next}", is: .refused),
      chunked("trailer Content-Length", "0\r\nContent-Length: 60\r\n\r\n{next}", is: .answered(2)),
      chunked("trailer Transfer-Encoding", "0\r\nTransfer-Encoding: chunked\r\n\r\n{next}", is: .answered(2)),
      chunked("trailer X-Request-Id", "0\r\nX-Request-Id: smuggled-trailer\r\n\r\n{next}", is: .answered(2)),
      chunked("trailer Host", "0\r\nHost: evil\r\nConnection: close\r\n\r\n{next}", is: .answered(2)),
      chunked("trailer with LF alone", "0\r\nX: y\n\r\n{next}", is: .refused),
      chunked("folded trailer", "0\r\n X: y\r\n\r\n{next}", is: .refused),
      chunked("trailer without colon", "0\r\nX\r\n\r\n{next}", is: .refused),
      chunked("trailer with a space", "0\r\nX : y\r\n\r\n{next}", is: .refused),
    ]
  }

  /// RFC 9110 5.1 and 5.5: names are tokens, values hold no control characters.
  static var names: [RawCase] {
    let bad = [
      "X Y: 1", "X\u{0}Y: 1", "X(Y): 1", "X", ": 1", "X: a\u{0}b", "X: a\rb", "X: a\u{7F}b", "X\u{7F}: 1", "X\u{E9}: 1",
      "X: y\nY: z", "X: y\n\n", "X: y\r\n\n", "{X}: y", "\u{B}X: y", "X: a\u{1}b",
    ]
    return bad.map { get("field: " + $0, $0, is: .refused) } + [
      get("field: X_Y", "X_Y: 1", is: .answered(2)), get("field: empty value", "X:", is: .answered(2)),
      get("field: high bytes", "X: \u{E9}", is: .answered(2)),
    ]
  }

  /// RFC 9112 3.2: one Host, and a valid one.
  static var hosts: [RawCase] {
    let bad = [
      ["Host: localhost", "Host: localhost"], ["Host: localhost", "Host: evil"], ["Host: a, b"], ["Host: a b"],
      ["Host:"], ["Host: a:b:c"], ["Host : localhost"], [" Host: localhost"], ["Host: a@b"], ["Host: a/b"],
      ["Host: \u{0}"], ["Host: a\u{0}b"], ["Host: localhost:80a"], ["X: y"], ["Host: a\r\n b"], ["Host: [::1"],
    ]
    return bad.map { make("host: \($0)", ["GET /healthz HTTP/1.1"] + $0, "{next}", is: .refused) }
  }

  /// RFC 9112 3: the request line.
  static var targets: [RawCase] {
    [
      line("absolute form", "GET http://evil.example/healthz HTTP/1.1", is: .answered(2)),
      line("absolute form of another scheme", "GET ftp://localhost/healthz HTTP/1.1", is: .refused),
      line("absolute form with a user", "GET http://a@localhost/healthz HTTP/1.1", is: .refused),
      line("two slashes", "GET //evil/healthz HTTP/1.1", is: .answered(2)),
      line("no slash", "GET healthz HTTP/1.1", is: .refused), line("asterisk", "GET * HTTP/1.1", is: .refused),
      line("authority", "CONNECT localhost:80 HTTP/1.1", is: .refused),
      line("fragment", "GET /healthz#x HTTP/1.1", is: .refused),
      line("NUL", "GET /\u{0} HTTP/1.1", is: .refused), line("high byte", "GET /\u{E9} HTTP/1.1", is: .refused),
      line("control", "GET /\u{1} HTTP/1.1", is: .refused), line("two spaces", "GET  /healthz HTTP/1.1", is: .refused),
      line("tab", "GET\t/healthz\tHTTP/1.1", is: .refused),
      line("space in the path", "GET /a b HTTP/1.1", is: .refused),
      line("space at the end", "GET /healthz HTTP/1.1 ", is: .refused),
      line("space first", " GET /healthz HTTP/1.1", is: .refused),
      line("LF alone", "GET /healthz HTTP/1.1\nX: y", is: .refused),
      line("CR alone", "GET /healthz HTTP/1.1\rX: y", is: .refused),
      line("smuggled in the line", "GET /healthz HTTP/1.1 GET /marker HTTP/1.1", is: .refused),
      line("small method", "get /healthz HTTP/1.1", is: .refused),
      line("odd method", "G@T /healthz HTTP/1.1", is: .refused),
      line("method with a colon", "GET: /healthz HTTP/1.1", is: .refused),
      line("empty line before", "\r\nGET /healthz HTTP/1.1", is: .answered(2)),
      line("LF before", "\nGET /healthz HTTP/1.1", is: .refused),
    ]
  }

  /// RFC 9112 2.3 and 6.1: HTTP/1.0 has no transfer coding.
  static var versions: [RawCase] {
    let chunked = "Transfer-Encoding: chunked"
    func old(_ name: String, _ fields: String..., body: String, is verdict: Verdict) -> RawCase {
      let head = ["POST /v1/refresh HTTP/1.0", "Host: localhost", "Connection: keep-alive"] + fields
      return make("HTTP/1.0: " + name, head, body, is: verdict)
    }
    return [
      old("chunked", chunked, body: "0\r\n\r\n{next}", is: .refused),
      old("both", chunked, "Content-Length: {length}", body: "0\r\n\r\n{next}", is: .refused),
      old("length", "Content-Length: {length}", body: "{next}", is: .answered(1)),
      old("no length", body: "{next}", is: .answered(2)),
      old("expectation", "Expect: 100-continue", "Content-Length: {length}", body: "{next}", is: .answered(1)),
      line("HTTP/0.9", "GET /healthz", is: .refused), line("HTTP/0.9 said", "GET /healthz HTTP/0.9", is: .refused),
      line("HTTP/2.0", "GET /healthz HTTP/2.0", is: .refused), line("small", "GET /healthz http/1.1", is: .refused),
      line("HTTP/1.10", "GET /healthz HTTP/1.10", is: .refused), line("HTTP/1", "GET /healthz HTTP/1", is: .refused),
      line("HTTP/01.1", "GET /healthz HTTP/01.1", is: .refused),
      line("HTTP/1,1", "GET /healthz HTTP/1,1", is: .refused),
      make("line: HTTP/2 preface", ["PRI * HTTP/2.0"], "SM\r\n\r\n{next}", is: .refused),
    ]
  }

  /// RFC 9110 7.6.1: a proxy removes what Connection names; framing is not for a client to remove.
  static var connections: [RawCase] {
    func body(_ option: String, _ field: String, _ body: String) -> RawCase {
      let head = ["POST /v1/refresh HTTP/1.1", "Host: localhost", "Connection: " + option, field]
      return make("connection: \(option), \(field)", head, body, is: .answered(1))
    }
    let names = ["Content-Length", "content-length, keep-alive", "Transfer-Encoding, TE", "Host", "X-Request-Id"]
    let options = ["X-Forwarded-For, X-Forwarded-Proto", "Connection", "Expect"]
    return (names + options).flatMap {
      [
        body($0, "Content-Length: {length}", "{next}"),
        body($0, "Transfer-Encoding: chunked", "{size}\r\n{next}\r\n0\r\n\r\n"),
      ]
    } + [
      get(
        "upgrade: h2c", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk",
        is: .answered(2)),
      get(
        "upgrade: websocket", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", is: .answered(2)
      ),
      get("upgrade with a body", "Connection: Upgrade", "Upgrade: x", "Content-Length: {length}", is: .answered(1)),
      get("Proxy-Connection", "Proxy-Connection: close", is: .answered(2)),
    ]
  }

  /// RFC 9110 10.1.1: one expectation is known.
  static var expectations: [RawCase] {
    func expect(_ value: String, is verdict: Verdict, _ field: String = "Content-Length: {length}") -> RawCase {
      get("expect: \(value), \(field.prefix { $0 != "\r\n" })", "Expect: " + value, field, is: verdict)
    }
    return [
      expect("100-continue", is: .answered(1)), expect("100-Continue", is: .answered(1)),
      expect("100-continue", is: .answered(2), "Content-Length: 0"), expect("100-continue", is: .answered(2), "X: y"),
      expect("y 100-continue", is: .refused), expect("100-continue, 100-continue", is: .refused),
      expect("", is: .refused),
      expect("200-ok", is: .refused), expect("100-continue\r\nExpect: x", is: .refused), expect("\u{0}", is: .refused),
      expect("100-continue\r\n ", is: .refused),
    ]
  }
}
