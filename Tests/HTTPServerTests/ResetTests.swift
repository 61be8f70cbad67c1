// A connection keeps its parser: whatever `reset` forgot would tell the next request something of the one before.

import Testing

@testable import HTTPServer

@Suite struct ResetTests {
  /// Between them they change every member; some are refused, and some are still on their way.
  private let requests = [
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "\r\nPOST http://a/b?c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello",
    "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: more\r\nAcc",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nA: b\r\nC",
    "POST / HTTP/1.1\r\nAccept: a\r\nAccept: b\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n",
  ]

  @Test func leavesNothing() {
    let (parser, fresh) = (RequestParser(), members(RequestParser()))
    var changed: Set<String> = []
    for request in requests {
      let buffer = Buffer()
      Array(request.utf8).withUnsafeBytes { buffer.append($0) }
      _ = try? parser.advance(buffer.bytes, Limits())
      for (name, value) in members(parser) where value != fresh[name] { changed.insert(name) }
      parser.reset()
      #expect(members(parser) == fresh, "\(request.debugDescription)")
    }
    #expect(changed == Set(fresh.keys), "the requests leave a member as it is, and tell nothing of it")
  }

  private func members(_ parser: RequestParser) -> [String: String] {
    var members: [String: String] = [:]
    for (label, value) in Mirror(reflecting: parser).children { members[label ?? ""] = "\(value)" }
    // A list keeps its memory.
    members["list"] = "\(parser.list.count)"
    return members
  }
}
