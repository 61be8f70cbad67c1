// The parser by itself: what it takes, what it refuses and as what.

import Testing

@testable import HTTPServer

/// What became of some bytes.
enum Verdict: Equatable, CustomStringConvertible {
  case complete(method: Method, path: String, body: String, left: Int)
  case incomplete
  case refused(HTTPError)

  var description: String {
    switch self {
    case .complete(let method, let path, let body, let left): "\(method) \(path) '\(body)' left \(left)"
    case .incomplete: "incomplete"
    case .refused(let error): "\(error.status) \(error.cause)"
    }
  }
}

/// Feeds the pieces as a connection would, and judges the first request; `left` is what follows it.
func verdict(_ pieces: [ArraySlice<UInt8>], _ limits: Limits = Limits()) -> Verdict {
  let buffer = Buffer()
  let parser = RequestParser()
  var left = pieces.reduce(0) { $0 + $1.count }
  do {
    for piece in pieces {
      left -= piece.count
      piece.withUnsafeBytes { buffer.append($0) }
      guard try parser.advance(buffer.bytes, limits) else {
        if let gap = parser.takeGap() { buffer.remove(from: gap.from, to: gap.to) }
        continue
      }
      let raw = UnsafeRawBufferPointer(buffer.bytes)
      return .complete(
        method: parser.method, path: String(decoding: raw[parser.path], as: UTF8.self),
        body: String(decoding: raw[parser.body], as: UTF8.self), left: left + buffer.count - parser.position)
    }
    return .incomplete
  } catch {
    return .refused(error)
  }
}

/// Whole, byte by byte, and cut at every position; the verdicts, which ought to be one.
func verdicts(_ bytes: [UInt8], _ limits: Limits = Limits()) -> [Verdict] {
  var all = [verdict([bytes[...]], limits)]
  all.append(verdict(bytes.indices.map { bytes[$0...$0] }, limits))
  for cut in bytes.indices { all.append(verdict([bytes[..<cut], bytes[cut...]], limits)) }
  return all
}

private func judge(_ text: String, _ limits: Limits = Limits()) throws -> Verdict {
  let all = verdicts(Array(text.utf8), limits)
  for other in all { #expect(other == all[0], "\(text.debugDescription)") }
  return all[0]
}

@Suite struct ParserTests {
  @Test(arguments: [
    ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Verdict.complete(method: .get, path: "/", body: "", left: 0)),
    ("\r\nGET /a?b=%20 HTTP/1.1\r\nHost: a\r\n\r\nrest", .complete(method: .get, path: "/a", body: "", left: 4)),
    ("GET http://a:80/b HTTP/1.1\r\nHost: a\r\n\r\n", .complete(method: .get, path: "/b", body: "", left: 0)),
    ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", .complete(method: .options, path: "*", body: "", left: 0)),
    ("GET / HTTP/1.0\r\n\r\n", .complete(method: .get, path: "/", body: "", left: 0)),
    ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", .complete(method: .get, path: "/", body: "", left: 0)),
    (
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET",
      .complete(method: .post, path: "/x", body: "hello", left: 3)
    ),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 ; x=y\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\nG",
      .complete(method: .post, path: "/", body: "hello!", left: 1)
    ),
  ])
  func accepts(_ text: String, _ expected: Verdict) throws { #expect(try judge(text) == expected) }

  @Test(arguments: [
    ("GET / HTTP/1.1\nHost: a\r\n\r\n", HTTPError.bareLineFeed),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", .badFieldValue),
    ("GET / HTTP/1.1\r\nHost: a\r\nX: a\u{0}b\r\n\r\n", .badFieldValue),
    ("GET / HTTP/1.1\r\nHost: a\r\n x\r\n\r\n", .lineFolding),
    ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", .badFieldName),
    ("GET / HTTP/1.1\r\n\r\n", .missingHost),
    ("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", .badHost),
    ("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", .badHost),
    ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", .repeatedField),
    ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: x\r\nauthorization: y\r\n\r\n", .repeatedField),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", .badContentLength),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", .badContentLength),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", .badContentLength),
    ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n", .bodyTooLarge),
    (
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      .lengthAndTransferCoding
    ),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", .transferCodingNotImplemented),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", .badTransferCoding),
    ("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", .badTransferCoding),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10001\r\n", .bodyTooLarge),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\n", .badChunk),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", .badChunk),
    ("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n", .badChunk),
    ("GET /\r\n", .badRequestLine),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .versionNotSupported),
    ("GET / HTTP/1.1x\r\n", .badVersion),
    ("get / HTTP/1.1\r\n", .methodNotImplemented),
    ("CONNECT a:443 HTTP/1.1\r\n", .methodNotImplemented),
    ("GET * HTTP/1.1\r\n", .badTarget),
    ("GET a:80 HTTP/1.1\r\n", .badTarget),
    ("GET /#a HTTP/1.1\r\n", .badTarget),
    ("GET /%2 HTTP/1.1\r\n", .badTarget),
    ("GET /%00 HTTP/1.1\r\n", .badTarget),
    ("GET /é HTTP/1.1\r\n", .badTarget),
    ("GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", .expectationFailed),
  ])
  func refuses(_ text: String, _ error: HTTPError) throws { #expect(try judge(text) == .refused(error)) }

  @Test func boundsTheHead() throws {
    var limits = Limits()
    limits.head = 200
    limits.fields = 3
    limits.target = 50
    let start = "GET / HTTP/1.1\r\nHost: a\r\n"
    let long = String(repeating: "a", count: 200)
    #expect(try judge("\(start)X: \(long)\r\n\r\n", limits) == .refused(.headTooLarge))
    #expect(try judge("\(start)A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits) == .refused(.tooManyFields))
    #expect(try judge("GET /\(long) HTTP/1.1\r\n\r\n", limits) == .refused(.targetTooLong))
    #expect(try judge("GET /\(long.prefix(55)) HTTP/1.1\r\n\r\n", limits) == .refused(.targetTooLong))
  }

  /// What is wrong with a line that is too long was seen or not, depending on how the bytes were cut.
  @Test func boundsComeBeforeWhatALineHolds() throws {
    var limits = Limits()
    limits.head = 200
    limits.target = 50
    limits.chunkLine = 20
    let long = String(repeating: "a", count: 300)
    #expect(try judge("GET /\(long)\n", limits) == .refused(.targetTooLong))
    #expect(try judge("GET / HTTP/1.1\r\nHost: a\r\nX: \(long)\n", limits) == .refused(.headTooLarge))
    let start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    #expect(try judge("\(start)1;\(long)\n", limits) == .refused(.badChunk))
    #expect(try judge("\(start)0\r\n\(long)\n", limits) == .refused(.headTooLarge))
    // The head's bound below the target's, as a configuration may have them.
    limits.target = 500
    #expect(try judge("GET /\(long)\(long) HTTP/1.1\r\n", limits) == .refused(.headTooLarge))
  }

  @Test func boundsChunks() throws {
    var limits = Limits()
    limits.head = 100
    let start = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    let long = String(repeating: "a", count: 300)
    #expect(try judge("\(start)1;\(long)\r\n", limits) == .refused(.badChunk))
    #expect(try judge("\(start)0\r\nA: \(long)\r\n\r\n", limits) == .refused(.headTooLarge))
  }

  @Test func knowsEveryFieldByItsNameInAnyCase() {
    for field in KnownField.allCases {
      for name in ["\(field.name)", "\(field.name)".uppercased()] {
        #expect(Array(name.utf8).withUnsafeBytes { KnownField($0) } == field)
      }
    }
  }
}
