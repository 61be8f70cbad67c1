// HTTP/2 in front and HTTP/1.1 behind: what HTTP/2 carries in frames must not become framing of ours.
//
// Requests are written as frames by hand (RFC 9113), their fields as HPACK literals (RFC 7541 6.2.2), since no client
// library would send these.

import Foundation
import Testing

@Suite(.needsProxies) struct SmugglingHTTP2Tests {
  /// Cleartext on another address in place of the samples' lines for TLS.
  @Test(arguments: Proxy.Kind.allCases) func sentThroughAProxy(_ kind: Proxy.Kind) async throws {
    let change =
      kind == .haproxy
      ? Change(
        "#bind :443 ssl crt /etc/haproxy/login.example.com.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2",
        "bind 127.0.0.2:{port} proto h2") : Change("#listen 443 ssl http2;", "listen 127.0.0.2:{port} http2;")
    let attacks = Self.cases.enumerated().map { Attack(name: $1.name, bytes: $1.bytes($0), host: 2) }
    try await hunt(kind, attacks, [change], version: "HTTP/2.0")
  }

  private static var cases: [FramedCase] { lengths + codings + injections + pseudoFields + endings }

  private static var lengths: [FramedCase] {
    [
      FramedCase("no length", body: "{next}"), FramedCase("length of 0", ("content-length", "0"), body: "{next}"),
      FramedCase("too short a length", ("content-length", "5"), body: "{next}"),
      FramedCase("too long a length", ("content-length", "500"), body: "{next}"),
      FramedCase("two lengths", ("content-length", "0"), ("content-length", "76"), body: "{next}"),
      FramedCase("a list of lengths", ("content-length", "0, 76"), body: "{next}"),
      FramedCase("a length with a sign", ("content-length", "+0"), body: "{next}"),
      FramedCase("an empty length", ("content-length", ""), body: "{next}"),
      FramedCase("GET with a body", (":method", "GET"), body: "{next}"),
    ]
  }

  private static var codings: [FramedCase] {
    let body = "0\r\n\r\n{next}"
    let fields = [
      ("transfer-encoding", "chunked"), ("Transfer-Encoding", "chunked"), ("transfer-encoding ", "chunked"),
      ("transfer-encoding", " chunked"), ("transfer-encoding", "identity"), ("transfer-encoding:", "chunked"),
      ("transfer_encoding", "chunked"), ("te", "chunked"), ("connection", "transfer-encoding"),
      ("connection", "content-length"), ("upgrade", "h2c"), ("proxy-connection", "keep-alive"),
    ]
    return fields.map { FramedCase("\($0)", $0, body: body) }
      + fields.map { FramedCase("\($0) and a length", $0, ("content-length", "\(body.utf8.count)"), body: body) }
  }

  /// Line ends where HTTP/1.1 would see them (RFC 9113 8.2.1 forbids them all).
  private static var injections: [FramedCase] {
    let coding = "transfer-encoding: chunked"
    return ["\r\n", "\n", "\r", "\u{0}"].flatMap { end in
      [
        FramedCase("value with \(end.debugDescription)", ("x", "y\(end)\(coding)"), body: "0\r\n\r\n{next}"),
        FramedCase("value with two \(end.debugDescription)", ("x", "y\(end)\(end){next}"), body: ""),
        FramedCase(
          "name with \(end.debugDescription)", ("x: y\(end)transfer-encoding", "chunked"), body: "0\r\n\r\n{next}"),
        FramedCase("path with \(end.debugDescription)", (":path", "/healthz HTTP/1.1\(end)x: y"), body: ""),
        FramedCase(
          "path with two \(end.debugDescription)", (":path", "/ HTTP/1.1\(end)host: a\(end)\(end){next}"), body: ""),
        FramedCase("method with \(end.debugDescription)", (":method", "GET /marker HTTP/1.1\(end)x:"), body: ""),
        FramedCase(
          "authority with \(end.debugDescription)", (":authority", "a\(end)\(coding)"), body: "0\r\n\r\n{next}"),
        FramedCase("host with \(end.debugDescription)", ("host", "localhost\(end)\(coding)"), body: "0\r\n\r\n{next}"),
        FramedCase("cookie with \(end.debugDescription)", ("cookie", "a=b\(end)\(coding)"), body: "0\r\n\r\n{next}"),
      ]
    } + [
      FramedCase("name with a colon", ("x: y", "z"), body: ""), FramedCase("name with a space", ("x y", "z"), body: ""),
    ]
  }

  private static var pseudoFields: [FramedCase] {
    [
      FramedCase("method with a space", (":method", "GET /marker HTTP/1.1"), body: ""),
      FramedCase("path with a space", (":path", "/healthz HTTP/1.1 x"), body: ""),
      FramedCase("empty path", (":path", ""), body: ""), FramedCase("no slash", (":path", "healthz"), body: ""),
      FramedCase("absolute path", (":path", "http://evil/healthz"), body: ""),
      FramedCase("asterisk", (":path", "*"), body: ""),
      FramedCase("scheme with a path", (":scheme", "http://evil/marker?"), body: ""),
      FramedCase("another host", ("host", "evil"), body: "{next}"),
      FramedCase("two paths", (":path", "/a"), (":path", "/b"), body: ""),
      FramedCase("behind the others", ("x", "y"), (":path", "/marker"), body: ""),
      FramedCase("unknown", (":marker", "/"), body: ""),
      FramedCase("CONNECT", (":method", "CONNECT"), body: "{next}"),
      FramedCase("expectation", ("expect", "100-continue"), body: "{next}"),
    ]
  }

  private static var endings: [FramedCase] {
    [
      FramedCase("trailer with a length", ("x", "y"), body: "{next}", .trailer("content-length", "0")),
      FramedCase("trailer with a coding", ("x", "y"), body: "{next}", .trailer("transfer-encoding", "chunked")),
      FramedCase("trailer with a line end", ("x", "y"), body: "", .trailer("x", "y\r\n\r\n{next}")),
      FramedCase("trailer with a path", ("x", "y"), body: "", .trailer(":path", "/marker")),
      FramedCase("no end", ("x", "y"), body: "{next}", .none),
      FramedCase("no end, with a length", ("content-length", "500"), body: "{next}", .none),
      FramedCase("reset", ("x", "y"), body: "{next}", .reset),
      FramedCase("reset, with a length", ("content-length", "500"), body: "{next}", .reset),
    ]
  }
}

/// One request in frames: a POST, but for what the fields say otherwise.
private struct FramedCase: Sendable {
  enum End: Sendable { case stream, trailer(String, String), none, reset }

  let name: String
  let fields: [(String, String)]
  let body: String
  let end: End

  init(_ name: String, _ fields: (String, String)..., body: String, _ end: End = .stream) {
    self.name = name
    self.body = body
    self.end = end
    var all = [(":method", "POST"), (":scheme", "http"), (":path", "/v1/refresh"), (":authority", "localhost")]
    for field in fields {
      // The first of a name replaces the usual one, where that was not replaced before.
      if let index = all.firstIndex(where: { $0.0 == field.0 }), !fields.contains(where: { $0 == all[index] }) {
        all[index] = field
      } else {
        all.append(field)
      }
    }
    self.fields = all
  }

  func bytes(_ number: Int) -> [UInt8] {
    func fill(_ text: String) -> [UInt8] { Array(text.replacing("{next}", with: RawCase.next(number)).utf8) }
    func block(_ fields: [(String, String)]) -> [UInt8] {
      fields.flatMap { [0] + string(fill($0.0)) + string(fill($0.1)) }
    }
    let data = fill(body)
    var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + frame(4, 0, stream: 0, [])
    let isWhole = if case .stream = end { true } else { false }
    bytes += frame(1, isWhole && data.isEmpty ? 5 : 4, block(fields))
    if !data.isEmpty { bytes += frame(0, isWhole ? 1 : 0, data) }
    switch end {
    case .trailer(let name, let value): bytes += frame(1, 5, block([(name, value)]))
    case .reset: bytes += frame(3, 0, [0, 0, 0, 8])
    case .stream, .none: break
    }
    return bytes
  }

  /// RFC 9113 4.1.
  private func frame(_ type: UInt8, _ flags: UInt8, stream: UInt8 = 1, _ payload: [UInt8]) -> [UInt8] {
    [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), type, flags, 0, 0, 0, stream] + payload
  }

  /// RFC 7541 5.1 and 5.2, without Huffman's code.
  private func string(_ bytes: [UInt8]) -> [UInt8] {
    bytes.count < 127 ? [UInt8(bytes.count)] + bytes : [127, UInt8(bytes.count - 127)] + bytes
  }
}
