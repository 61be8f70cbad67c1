// Input that no client should send: the contract's error, a connection in a known state, a server that goes on.

import Foundation
import Testing

@Suite struct BadInputTests {
  /// What is sent, and what must come back.
  private struct Case {
    let name: String
    let request: Request
    let status: Int
    let error: String
    /// What the sentence must name.
    var word = ""
  }

  private static var cases: [Case] {
    func login(_ name: String, _ text: String, _ word: String = "") -> Case {
      Case(name: name, request: .json("/v1/login", text: text), status: 400, error: "invalid_request", word: word)
    }
    func typed(_ type: String?, _ path: String) -> Case {
      let fields = type.map { [(name: "Content-Type", value: $0)] } ?? []
      let body = Array(#"{"username":"ada","password":"x"}"#.utf8)
      return Case(
        name: "type \(type ?? "none")", request: Request("POST", path, fields, body: body), status: 415,
        error: "unsupported_media_type", word: path == "/v1/login" ? "application/json" : "x-www-form-urlencoded")
    }
    func form(_ name: String, _ text: String, _ word: String = "") -> Case {
      Case(name: name, request: .form("/oauth2/token", text), status: 400, error: "invalid_request", word: word)
    }
    let deep = String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)
    var invalid = Request.json("/v1/login", text: #"{"username":"a"#)
    invalid.body = (invalid.body ?? []) + [0xC3, 0x28] + Array(#"","password":"x"}"#.utf8)
    var bom = Request.json("/v1/login", text: "")
    bom.body = [0xFF, 0xFE, 0x7B, 0x00]
    return [
      typed("text/plain", "/v1/login"), typed(nil, "/v1/login"), typed("application/jsonp", "/v1/login"),
      typed("application/json", "/oauth2/token"),
      login("no JSON", "username=ada"), login("cut JSON", #"{"username":"ada""#), login("trailing", "{} {}"),
      login("array", "[]"), login("string", #""x""#), login("null", "null"), login("empty", "", "username"),
      login("empty object", "{}", "username"), login("no password", #"{"username":"ada"}"#, "password"),
      login("number", #"{"username":1,"password":"x"}"#, "username"),
      login("array member", #"{"username":"ada","password":["x"]}"#, "password"),
      login("null member", #"{"username":"ada","password":null}"#, "password"),
      login("device number", #"{"username":"ada","password":"x","device":1}"#, "device"),
      login("duplicate", #"{"username":"ada","username":"bob","password":"x"}"#),
      login("escaped duplicate", #"{"username":"ada","\u0075sername":"bob","password":"x"}"#),
      login("deep", #"{"username":"ada","password":"x","more":\#(deep)}"#), login("deep alone", deep),
      login("escaped NUL", #"{"username":"a\u0000da","password":"x"}"#, "username"),
      login("raw NUL", "{\"username\":\"a\u{0}da\",\"password\":\"x\"}"),
      login("half surrogate", #"{"username":"\ud800","password":"x"}"#),
      login("long username", #"{"username":"\#(String(repeating: "a", count: 255))","password":"x"}"#, "username"),
      login("empty username", #"{"username":"","password":"x"}"#, "username"),
      login("long password", #"{"username":"ada","password":"\#(String(repeating: "a", count: 1025))"}"#, "password"),
      Case(name: "invalid UTF-8", request: invalid, status: 400, error: "invalid_request"),
      Case(name: "UTF-16", request: bom, status: 400, error: "invalid_request"),
      form("duplicate parameter", "grant_type=refresh_token&refresh_token=a&refresh_token=b"),
      form("no grant", "refresh_token=a", "grant_type"), form("no token", "grant_type=refresh_token", "refresh_token"),
      form("bad escape", "grant_type=refresh_token&refresh_token=%zz"),
      form("bad UTF-8", "grant_type=refresh_token&refresh_token=%c3%28"),
      Case(name: "nowhere", request: .json("/v1/logins", text: "{}"), status: 404, error: "not_found"),
      Case(name: "dotted", request: .json("/v1/../v1/login", text: "{}"), status: 404, error: "not_found"),
      Case(name: "GET", request: Request("GET", "/v1/login"), status: 405, error: "method_not_allowed"),
      Case(name: "PUT", request: Request("PUT", "/v1/me"), status: 405, error: "method_not_allowed"),
    ]
  }

  /// Each on a connection which then serves another request, or is closed.
  @Test func answeredByTheContractsError() async throws {
    try await withServer { server in
      for one in Self.cases {
        let (answer, goesOn) = try await blocking {
          let connection = try Connection(port: server.port)
          try connection.send(one.request.kept.bytes)
          let answer = try connection.answer()
          guard answer.field("connection")?.lowercased() != "close" else { return (answer, connection.isClosed()) }
          try connection.send(Request("GET", "/healthz").bytes)
          return (answer, try connection.answer().status == 200)
        }
        #expect(answer.status == one.status, "\(one.name): \(answer)")
        #expect(answer.error == one.error, "\(one.name): \(answer)")
        #expect(goesOn, "\(one.name): the connection is in an unknown state")
        try checkError(answer, one.name)
        let sentence = try answer.json["error_description"]?.string ?? ""
        #expect(one.word.isEmpty || sentence.contains(one.word), "\(one.name): \(sentence)")
        if one.status == 405 { #expect(answer.field("allow")?.isEmpty == false) }
      }
      #expect(await server.child.exitStatus() == nil)
    }
  }

  @Test func tooLarge() async throws {
    try await withServer { server in
      let megabyte = String(repeating: "x", count: 1 << 20)
      let big = Request.json("/v1/login", ["username": "ada", "password": .string(megabyte)])
      let head = Request("GET", "/healthz", [("X-Padding", String(repeating: "x", count: 20_000))])
      let many = Request("GET", "/healthz", (0..<200).map { ("X-\($0)", "x") })
      for (request, status) in [(big, 413), (head, 431), (many, 431)] {
        let (answer, closed) = try await blocking {
          let connection = try Connection(port: server.port)
          try connection.send(request.kept.bytes)
          return (try connection.answer(), connection.isClosed())
        }
        #expect(answer.status == status)
        #expect(answer.error == "too_large")
        #expect(closed)
        try checkError(answer, "\(status)")
      }
      #expect(try await server.get("/healthz").status == 200)
    }
  }

  @Test func halfARequest() async throws {
    try await withServer(["limits.head_timeout=1s", "limits.body_timeout=1s"]) { server in
      try await server.addUser()
      let whole = Request.json("/v1/login", ["username": "ada", "password": .string(goodPassword)]).bytes
      // Cut anywhere and left alone: a timeout's answer or none, and then closed.
      for cut in stride(from: 1, to: whole.count, by: 17) {
        let closed = try await blocking {
          let connection = try Connection(port: server.port)
          try connection.send(whole[..<cut])
          connection.finishSending()
          if let answer = try? connection.answer() {
            return (400..<500).contains(answer.status) && connection.isClosed()
          }
          return true
        }
        #expect(closed, "cut at \(cut)")
      }
      let slow = try await blocking {
        let connection = try Connection(port: server.port)
        try connection.send(whole[..<(whole.count - 5)])
        let answer = try connection.answer()
        return (answer.status, connection.isClosed())
      }
      #expect(slow == (408, true))
      #expect(try await server.tryLogin().status == 200)
    }
  }
}

/// The contract's error object and the fields of every answer.
func checkError(_ answer: Answer, _ name: String) throws {
  let members = try answer.json.object ?? [:]
  #expect(members.keys.sorted() == ["error", "error_description", "request_id"], "\(name)")
  let sentence = members["error_description"]?.string ?? ""
  #expect(!sentence.isEmpty, "\(name)")
  #expect(!sentence.contains("\"") && !sentence.contains("\\"), "\(name): \(sentence)")
  #expect(members["request_id"]?.string == answer.field("x-request-id"), "\(name)")
  #expect(answer.field("content-type") == "application/json", "\(name)")
  #expect(answer.field("x-content-type-options") == "nosniff", "\(name)")
  #expect(answer.field("cache-control") == "no-store", "\(name)")
}
