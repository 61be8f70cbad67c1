// Tokens that aren't ours: altered at each place, cut, another server's. All refused alike, and nothing is revoked.

import Foundation
import Testing

@Suite struct ForgeryTests {
  @Test func alteredAnywhereIsRefused() async throws {
    try await withServer { server in
      try await server.addUser()
      let first = try await server.login()
      let good = try await server.refresh(first.refresh)
      let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
      let letters = Array(good.refresh)
      var forged: [String] = []
      for index in letters.indices {
        let place = alphabet.firstIndex(of: letters[index]) ?? 0
        for step in [1, 32] {
          var altered = letters
          altered[index] = alphabet[(place + step) % 64]
          forged.append(String(altered))
        }
        forged.append(String(letters[..<index]))
      }
      forged += [
        good.refresh + "A", good.refresh + "=", " " + good.refresh, good.refresh + "\n", "sgr_", "x", good.access,
      ]
      let statuses = try await refusals(forged, server)
      #expect(statuses == Array(repeating: "401 invalid_grant", count: forged.count))
      _ = try await server.refresh(good.refresh)
      #expect(try await server.audit().contains { $0["event"]?.string?.contains("reuse") == true } == false)
    }
  }

  @Test func anotherServersTokenIsRefused() async throws {
    try await withServer { server in
      try await server.addUser()
      let good = try await server.login()
      let other = try await LiveServer.start()
      let stranger = await Result<Tokens, any Error>.of {
        try await other.addUser()
        return try await other.login()
      }
      await other.child.destroy()
      let foreign = try stranger.get()
      #expect(try await server.tryRefresh(foreign.refresh).error == "invalid_grant")
      let answer = try await server.get("/v1/me", bearer: foreign.access)
      #expect(answer.status == 401)
      #expect(answer.error == "invalid_token")
      #expect(answer.field("www-authenticate")?.contains(#"error="invalid_token""#) == true)
      _ = try await server.refresh(good.refresh)
    }
  }

  @Test func alteredAccessTokensAreRefused() async throws {
    try await withServer { server in
      try await server.addUser()
      let tokens = try await server.login()
      let parts = tokens.access.split(separator: ".").map(String.init)
      let none = base64URL(Array(#"{"alg":"none","typ":"at+jwt"}"#.utf8))
      let symmetric = base64URL(Array(#"{"alg":"HS256","typ":"at+jwt","kid":"x"}"#.utf8))
      let forged = [
        "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])", "\(symmetric).\(parts[1]).\(parts[2])",
        "\(parts[0]).\(parts[1]).", "\(parts[0]).\(parts[1])", "\(parts[0])..\(parts[2])", tokens.access + "A",
        tokens.access.uppercased(), tokens.refresh, ".", "..", "x",
      ]
      for token in forged {
        let answer = try await server.get("/v1/me", bearer: token)
        #expect(answer.status == 401, "\(token)")
        #expect(answer.error == "invalid_token")
      }
      let bare = try await server.get("/v1/me")
      #expect(bare.status == 401)
      #expect(bare.field("www-authenticate") == #"Bearer realm="signet""#)
      #expect(try await server.isGood(tokens.access))
    }
  }

  /// The refusals of many refreshes over one kept connection.
  private func refusals(_ tokens: [String], _ server: LiveServer) async throws -> [String] {
    try await blocking {
      let connection = try Connection(port: server.port)
      return try tokens.map { token in
        try connection.send(Request.json("/v1/refresh", ["refresh_token": .string(token)]).kept.bytes)
        let answer = try connection.answer()
        return "\(answer.status) \(answer.error ?? "-")"
      }
    }
  }
}

extension Result where Failure == any Error {
  /// What an async function gives or throws.
  static func of(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
