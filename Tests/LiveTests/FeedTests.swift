// The feed of revocations as services meet it: by curl, by Python, by SignetVerifier in a process of its own.

import Foundation
import Testing

extension LiveServer {
  /// Registers a service, which may listen to the feed; its credentials, when the server knows them.
  func addService(_ id: String = "orders", audiences: [String] = []) async throws -> String {
    let options = audiences.flatMap { ["--audience", $0] }
    let output = try await done(["client", "add", id, "--id", id, "--kind", "confidential", "--json"] + options)
    guard let secret = try JSON(output)["client_secret"]?.string else { throw HarnessError("no secret in \(output)") }
    let credentials = "\(id):\(secret)"
    try await eventually("the service is known") { try await feed(credentials, method: "HEAD").status == 200 }
    return credentials
  }

  /// Asks for the feed, as whom, with these fields besides.
  fileprivate func feed(
    _ credentials: String?, method: String = "GET", _ fields: [(String, String)] = []
  ) async throws -> Answer {
    var request = Request(method, "/v1/revocations")
    request.fields = fields
    if let credentials {
      request.fields.append(("Authorization", "Basic \(Data(credentials.utf8).base64EncodedString())"))
    }
    return try await send(request)
  }

  func logout(_ tokens: Tokens) async throws {
    #expect(try await post("/v1/logout", ["refresh_token": .string(tokens.refresh)]).status == 204)
  }
}

@Suite struct FeedTests {
  private let newPassword = "a longer correct horse"

  @Test func onlyServicesMayListen() async throws {
    try await withServer { server in
      let orders = try await server.addService()
      for answer in [
        try await server.feed(nil), try await server.feed("orders:wrong"), try await server.feed("signet:"),
        try await server.feed("nobody:x"), try await server.feed(nil, [("Authorization", "Bearer x")]),
      ] {
        #expect(answer.status == 401 && answer.field("www-authenticate") == #"Basic realm="signet""#, "\(answer)")
      }
      let head = try await server.feed(orders, method: "HEAD")
      #expect(head.field("content-type") == "text/event-stream" && head.field("cache-control") == "no-store")
    }
  }

  @Test func curlHearsWhatConcernsIt() async throws {
    try await withServer { server in
      try await server.addUser()
      let orders = try await server.addService()
      let billing = try await server.addService("billing", audiences: ["billing"])
      let before = try await server.login()
      try await server.logout(before)
      let curl = try server.curl(orders), other = try server.curl(billing)
      try await eventually("both have everything") {
        [curl, other].allSatisfy { $0.standardOutput.contains("event: ready") }
      }
      // What was denied before comes before that.
      #expect(curl.standardOutput.hasPrefix("retry: 1000\n\nid: "))
      #expect(
        curl.standardOutput.contains(#"-1\#nevent: denied\#ndata: {"sid":"\#(before.session)","aud":"api","exp":"#))
      let after = try await server.login()
      try await server.logout(after)
      try await eventually("it is heard") { curl.standardOutput.contains(after.session) }
      // A key concerns everybody, a session its audience alone.
      let kid = try #require(try after.header["kid"]?.string)
      try await server.done(["key", "revoke", kid, "--compromised"])
      try await eventually("the key is heard of") {
        [curl, other].allSatisfy { $0.standardOutput.contains(#"event: key_revoked\#ndata: {"kid":"\#(kid)","exp":"#) }
      }
      #expect(!other.standardOutput.contains("sid"))
      // A change of the client ends its stream; it may come again as what it is now.
      try await server.done(["client", "change", "billing", "--claim", "email=email"])
      #expect(try await other.end() == 0)
      await server.child.signal(SIGTERM)
      // An orderly end.
      #expect(try await curl.end() == 0)
    }
  }

  @Test func aPlaceThatIsNoneStartsAnew() async throws {
    try await withServer { server in
      try await server.addUser()
      let orders = try await server.addService()
      try await server.logout(try await server.login())
      for place in ["1-1", "x", "1-99999999999999999999", "-1"] {
        let curl = try server.curl(orders, place)
        try await eventually("it has everything") { curl.standardOutput.contains("event: ready") }
        #expect(curl.standardOutput.contains("event: reset\ndata: {}\n\n"), "\(place)")
        #expect(curl.standardOutput.contains("event: denied"), "\(place)")
        await curl.destroy()
      }
    }
  }

  /// A service of Tests/ExampleService, which subscribes and refuses tokens while it hears nothing.
  @Test func aServiceRefusesWhatHasEnded() async throws {
    try await withServer { first in
      try await first.addUser("ada", ["--role", "editor"])
      let orders = try await first.addService()
      let service = try await Service.start(
        first.issuer, first.folder, environment: ["FEED_CREDENTIALS": orders])
      let (mine, other) = (try await first.login(), try await first.login())
      for tokens in [mine, other] { try await service.expect(tokens.access, 200) }
      try await first.logout(mine)
      try await eventually("it is refused") { try await service.ask(mine.access).status == 401 }
      try await service.expect(mine.access, 401, "the token was revoked")
      try await service.expect(other.access, 200)
      // A new password ends what the session had before, and nothing that the change is answered with in the same second.
      let change: JSON = ["current_password": .string(goodPassword), "new_password": .string(newPassword)]
      let later = try Tokens(await first.post("/v1/password", change, bearer: other.access))
      try await eventually("it is refused") { try await service.ask(other.access).status == 401 }
      try await service.expect(later.access, 200)

      // A restart is no silence; what is denied in the meantime is told when the service comes again.
      let second = try await first.restart(["listen=127.0.0.1:\(first.port)"] + first.settings, signal: SIGKILL)
      try await service.expect(later.access, 200)
      try await service.expect(mine.access, 401, "the token was revoked")
      try await second.logout(later)
      try await eventually("it is refused") { try await service.ask(later.access).status == 401 }

      // Silence is.
      let fresh = try await second.login(password: newPassword)
      await second.child.destroy()
      try await service.expect(fresh.access, 200)
      try service.age(by: 60_000)
      try await service.expect(fresh.access, 503, "revocations can't be had")
      try await service.expect(mine.access, 401, "the token was revoked")
      await service.child.destroy()
    }
  }

  @Test(.needsPython) func nothingIsLostOrToldTwice() async throws {
    try await withServer { server in
      try await server.addUser()
      let orders = try await server.addService()
      let numbers = try await server.readFeed(orders, resumption, ["50"]).split(separator: " ")
      #expect(try #require(Int(numbers[0])) > 5, "hardly an interruption")
    }
  }

  @Test(.needsPython) func whatWasAcknowledgedIsToldAfterACrash() async throws {
    try await withServer { first in
      try await first.addUser()
      let orders = try await first.addService()
      let reader = try first.startReader(orders, follower)
      var server = first
      var ended: Set<String> = []
      for _ in 0..<3 {
        for _ in 0..<5 {
          let tokens = try await server.login()
          try await server.logout(tokens)
          ended.insert(tokens.session)
        }
        server = try await server.restart(["listen=127.0.0.1:\(first.port)"] + first.settings, signal: SIGKILL)
      }
      try await eventually("everything is heard") {
        Set(Self.told(reader)) == ended
      }
      #expect(Self.told(reader).count == ended.count, "told twice")
      await reader.destroy()
      await server.child.destroy()
    }
  }

  /// The sessions that a follower has heard of.
  private static func told(_ reader: Child) -> [String] {
    reader.standardOutput.split(separator: "\n").compactMap { line in
      line.hasPrefix("denied ") ? line.split(separator: " ").last.map(String.init) : nil
    }
  }

  @Test(.needsPython) func manyListen() async throws {
    try await withServer { server in
      try await server.addUser()
      let orders = try await server.addService()
      #expect(try await server.readFeed(orders, multitude, ["\(server.child.pid)"]) == "all\n")
      #expect(try await server.child.end() == 0)
    }
  }

  @Test(.needsPython) func aSlowReaderIsLetGoAndMissesNothing() async throws {
    try await withServer(["limits.write_timeout=1s"]) { server in
      let orders = try await server.addService()
      // As if so many sessions had ended; as a process of its own writes them.
      try await server.sql(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
        INSERT INTO denied (kind, id, denied_at, expires_at) SELECT 1, randomblob(16), 0, 4102444800000 FROM n
        """)
      #expect(try await server.readFeed(orders, sluggard, ["50000", "\(server.operators)"]) == "all\n")
    }
  }
}

extension LiveServer {
  /// curl, reading the feed as this service.
  func curl(_ credentials: String, _ lastEventID: String? = nil) throws -> Child {
    let place = lastEventID.map { ["-H", "Last-Event-ID: \($0)"] } ?? []
    return try Child(
      "curl", ["-sN", "-u", credentials] + place + [issuer + "/v1/revocations"], folder: folder)
  }
}
