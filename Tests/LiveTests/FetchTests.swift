// `signet token verify --jwks` and `signet health` against servers that answer well, badly or not at all.

import Foundation
import Testing

@Suite struct FetchTests {
  /// What the command says of a good token, given these arguments.
  private func verify(_ arguments: [String], environment: [String: String] = [:]) async throws -> Finished {
    let folder = try Folder()
    return try await Finished.run(
      Programs.signet, ["token", "verify", Self.token, "--issuer", "i", "--data", folder.path] + arguments,
      environment: environment, folder: folder)
  }

  /// Well-formed, and signed by nobody.
  private static let token =
    [#"{"alg":"ES256","typ":"at+jwt","kid":"k"}"#, #"{"iss":"i"}"#, ""]
    .map { base64URL(Array($0.utf8)) }.joined(separator: ".") + String(repeating: "A", count: 86)

  private func expectFailure(_ finished: Finished, _ status: Int32 = 1, _ text: String) {
    #expect(finished.status == status, "\(finished)")
    #expect(finished.output.isEmpty)
    #expect(finished.errors.hasPrefix("signet: ") && finished.errors.split(separator: "\n").count == 1, "\(finished)")
    #expect(finished.errors.contains(text), "\(finished.errors), not: \(text)")
    #expect(!finished.errors.contains("secret") && !finished.errors.contains(Self.token))
  }

  @Test func whatCannotBeFetchedIsNamed() async throws {
    let folder = try Folder()
    let large = try folder.write(String(repeating: " ", count: 1 << 20 + 1), to: "large")
    let empty = try folder.write("", to: "empty")
    let weak = try folder.write(#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#, to: "weak")
    let none = try folder.write(#"{"keys":[]}"#, to: "none")
    for (jwks, status, text) in [
      ("ftp://127.0.0.1/keys", 2, "neither https:// nor http://"), ("file:///etc/passwd", 2, "neither https://"),
      ("https://ada:secret@127.0.0.1/", 2, "user name or password"), ("https://a b/", 2, "percent-encoded"),
      ("https://", 2, "no good host"), ("https://a:99999/", 2, "no good port"), ("https://a/#b", 2, "fragment"),
      ("http://127.0.0.1:1/", 1, "nothing answers there"), ("http://nobody.invalid/", 1, "can't be resolved"),
      (folder.path, 1, "can't be read"), (folder.path + "/missing", 1, "can't be read"),
      (large, 1, "larger than 1 MiB"),
      (empty, 1, "not a good JWK Set"), (weak, 1, "no good key"), (none, 1, "no signature key"),
    ] as [(String, Int32, String)] {
      expectFailure(try await verify(["--jwks", jwks]), status, text)
    }
  }

  @Test func badAnswersAreNamed() async throws {
    let head = "HTTP/1.1 200 OK\r\n"
    let cases: [(String, String)] = [
      ("garbage\r\n\r\n", "isn't good HTTP"), ("", "isn't good HTTP"),
      (head + "Content-Length: 9\r\n\r\n{", "good HTTP"),
      ("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "answers with status 404"),
      ("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "redirects (302)"),
      ("HTTP/1.1 304 Not Modified\r\n\r\n", "304 (not modified)"), (head + "\r\n<html>", "not a good JWK Set"),
      (head + "\r\n{\"keys\":[]}", "no signature key"), (head + "\r\n{\"keys\":1}", "not a good JWK Set"),
    ]
    for (answer, text) in cases {
      try await answering({ try? $0.send(Array(answer.utf8)) }) { url in
        expectFailure(try await verify(["--jwks", url]), 1, text)
      }
    }
  }

  @Test func endlessAnswersAreCut() async throws {
    for head in ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\n"] {
      let sends: @Sendable (Connection) -> Void = { connection in
        try? connection.send(Array(head.utf8))
        let line = Array("X: \(String(repeating: "a", count: 8000))\r\n".utf8)
        for _ in 0..<10_000 where !connection.hasInput { try? connection.send(line) }
      }
      try await answering(sends) { url in
        expectFailure(try await verify(["--jwks", url]), 1, "larger than allowed")
      }
    }
  }

  @Test func aServerThatNeverAnswersIsLeft() async throws {
    try await answering({ _ = $0.isClosed() }) { url in
      expectFailure(try await verify(["--jwks", url]), 1, "no answer in time")
    }
  }

  @Test func goodAnswersAreTaken() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let set = try await server.get("/.well-known/jwks.json").text
      let chunk = String(set.utf8.count, radix: 16)
      for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: \(set.utf8.count)\r\n\r\n\(set)", "HTTP/1.0 200 OK\r\n\r\n\(set)",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunk);a=b\r\n\(set)\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n" + set.replacingOccurrences(of: "{\"keys\":[", with: "{\"keys\":[{\"kty\":\"new\"},"),
      ] {
        try await answering({ try? $0.send(Array(answer.utf8)) }) { url in
          try await server.done(["token", "verify", tokens.access, "--jwks", url])
        }
      }
      let file = try server.folder.write(set, to: "set.json")
      try await server.done(["token", "verify", tokens.access, "--jwks", file])
    }
  }

  @Test func withoutLibcurlOnlyFetchingFails() async throws {
    let folder = try Folder()
    try folder.write("not a library", to: "libcurl.so.4")
    let broken = ["LD_LIBRARY_PATH": folder.path]
    expectFailure(
      try await verify(["--jwks", "http://127.0.0.1:1/"], environment: broken), 1, "install libcurl4 (Debian, Ubuntu)")
    try await withServer(environment: broken) { server in
      try await server.addUser()
      let tokens = try await server.login()
      try await server.done(["token", "verify", tokens.access])
      let maps = text(ofFile: "/proc/\(server.child.pid)/maps")
      #expect(maps.contains("libssl") && !maps.contains("libcurl"))
    }
  }

  /// Runs `body` beside a server which answers each request by `send`, and then closes.
  private func answering(
    _ send: @escaping @Sendable (Connection) -> Void, _ body: (String) async throws -> Void
  ) async throws {
    let listener = try Listener()
    Thread.detachNewThread {
      while let connection = listener.next() {
        Thread.detachNewThread {
          _ = try? connection.head()
          send(connection)
        }
      }
    }
    defer { listener.end() }
    try await body("http://127.0.0.1:\(listener.port)/keys")
  }
}
