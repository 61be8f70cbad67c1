// What anybody may read, and what operators alone may: keys, metadata, health, metrics, the API's description.

import Foundation
import Testing

@Suite struct PublishedTests {
  private static let keys = "/.well-known/jwks.json"
  private static let documents = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]

  @Test func keysAreCachedByTheirTag() async throws {
    try await withServer { server in
      let answer = try await server.get(Self.keys)
      #expect(answer.status == 200)
      #expect(answer.field("content-type") == "application/jwk-set+json")
      #expect(answer.field("cache-control")?.contains(/public, max-age=[0-9]+/) == true)
      let tag = try #require(answer.field("etag"))
      for condition in [tag, "W/\(tag)", "\"x\", \(tag)", "*"] {
        let cached = try await server.send(Request("GET", Self.keys, [("If-None-Match", condition)]))
        #expect(cached.status == 304, "\(condition)")
        #expect(cached.field("etag") == tag)
        #expect(cached.body.isEmpty)
      }
      #expect(try await server.send(Request("GET", Self.keys, [("If-None-Match", "\"x\"")])).status == 200)
      for path in [Self.keys, "/healthz", "/v1/me"] + Self.documents {
        let (head, get) = (try await server.send(Request("HEAD", path)), try await server.get(path))
        #expect(head.status == get.status)
        #expect(head.field("content-length") == get.field("content-length"))
        #expect(head.field("etag") == get.field("etag"))
        #expect(head.body.isEmpty)
      }
      for key in try answer.json["keys"]?.array ?? [] {
        #expect(key["d"] == nil)
        #expect(key["use"] == "sig")
        #expect(key["kid"]?.string?.utf8.count == 43)
      }
    }
  }

  @Test func metadataIsTrue() async throws {
    try await withServer { server in
      let answers = [try await server.get(Self.documents[0]), try await server.get(Self.documents[1])]
      let metadata = try answers[0].json
      #expect(try answers[1].json == metadata)
      #expect(answers[0].field("content-type") == "application/json")
      #expect(metadata["issuer"]?.string == server.issuer)
      #expect(metadata["jwks_uri"]?.string == server.issuer + Self.keys)
      #expect(metadata["token_endpoint"]?.string == server.issuer + "/oauth2/token")
      #expect(metadata["grant_types_supported"] == ["refresh_token", "client_credentials"])
      #expect(metadata["token_endpoint_auth_methods_supported"]?.array?.first == "none")
      #expect(metadata["response_types_supported"] != nil)
      // From the issuer, never from Host.
      let request = Array("GET \(Self.documents[0]) HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".utf8)
      let other = try await blocking {
        let connection = try Connection(port: server.port)
        try connection.send(request)
        return try connection.answer()
      }
      #expect(try other.json == metadata)
    }
    try await withServer(["issuer=https://login.example.com"]) { server in
      let metadata = try await server.get(Self.documents[0]).json
      #expect(metadata["jwks_uri"] == "https://login.example.com/.well-known/jwks.json")
      try await server.addUser()
      #expect(try await server.login().claims["iss"] == "https://login.example.com")
    }
  }

  @Test func healthAndMetrics() async throws {
    try await withServer { server in
      for port in [server.port, server.operators] {
        for path in ["/healthz", "/readyz"] {
          let answer = try await server.send(Request("GET", path), port: port)
          #expect(answer.status == 200)
          #expect(try answer.json["status"] == "ok")
        }
      }
      #expect(try await server.get("/metrics").status == 404)
      let metrics = try await server.send(Request("GET", "/metrics"), port: server.operators)
      #expect(metrics.status == 200)
      #expect(metrics.field("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
      #expect(metrics.text.contains("# TYPE signet_refreshes_total counter"))
      let names = metrics.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      #expect(names.allSatisfy { $0.wholeMatch(of: /[a-z_]+(\{.*\})? -?[0-9.eE+-]+|.* NaN|.* \+Inf/) != nil })
      #expect(try await server.send(.json("/v1/login", ["username": "a"]), port: server.operators).status == 404)
      // From another site's name for this address (DNS rebinding).
      let rebound = Array("GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".utf8)
      let answer = try await blocking {
        let connection = try Connection(port: server.operators)
        try connection.send(rebound)
        return try connection.answer()
      }
      #expect(answer.status == 403)
      try checkError(answer, "rebound")
    }
  }

  /// Every public route stands in the description, and every operation of the description is a public route.
  @Test func theDescriptionIsTrue() async throws {
    try await withServer { server in
      let document = try await server.get("/openapi.json").json
      #expect(document["openapi"]?.string?.hasPrefix("3.1") == true)
      let methods: Set = ["get", "post", "put", "delete", "patch"]
      let described = (document["paths"]?.object ?? [:]).flatMap { path, item in
        (item.object ?? [:]).keys.filter(methods.contains).map { "\($0) \(path)" }
      }
      let source = try String(contentsOfFile: Programs.packageRoot + "/Sources/API/Routes.swift", encoding: .utf8)
      let clients = source.prefix(upTo: source.firstRange(of: "var operatorRoutes")?.lowerBound ?? source.endIndex)
      // Operators' health and metrics are for their tools alone.
      let operators = source.dropFirst(clients.count).matches(of: /Route\(\s*\.([a-z]+), "(\/admin\/[^"]+)"/)
      let routes =
        clients.matches(of: /Route\(\.([a-z]+), "([^"]+)"/).map { "\($0.1) \($0.2)" }
        + operators.map { "\($0.1) \($0.2)" }
      #expect(Set(described) == Set(routes))
      #expect(routes.count > 10)
    }
  }
}
