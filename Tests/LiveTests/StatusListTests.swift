// Token status lists as a service reads them: by Python's zlib and PyJWT, which know nothing of Signet.

import Foundation
import Testing

@Suite struct StatusListTests {
  @Test(.needsPython) func aLogoutSetsOneBit() async throws {
    try await withServer(["token.status_list=on"]) { server in
      try await server.addUser()
      // A list is there before anybody needs it.
      #expect(try await server.get("/v1/status/0").status == 200)
      #expect(try await server.get("/v1/status/1").status == 404)
      let (one, other) = (try await server.login(), try await server.login())
      let (place, others) = (try Place(one), try Place(other))
      #expect(place != others)
      #expect(place.uri == "\(server.issuer)/v1/status/0")
      // Rotated or told again, it stays the same.
      let next = try await server.refresh(one.refresh)
      #expect(try Place(next) == place)
      #expect(try Place(try await server.refresh(one.refresh)) == place)
      #expect(try await server.bits([place, others]) == [false, false])
      #expect(try await server.post("/v1/logout", ["refresh_token": .string(next.refresh)]).status == 204)
      try await eventually("the bit is set") { try await server.bits([place]) == [true] }
      #expect(try await server.bits([others]) == [false])
      let again = try await server.restart()
      #expect(try await again.bits([place, others]) == [true, false])
      let third = try Place(try await again.login())
      #expect(third != place && third != others)
      await again.child.destroy()
    }
  }

  /// The device on which the password was changed goes on by another bit; its tokens from before are told by the old one.
  @Test(.needsPython) func aKeptSessionGetsAnother() async throws {
    try await withServer(["token.status_list=on"]) { server in
      try await server.addUser()
      let before = try await server.login()
      let answer = try await server.post(
        "/v1/password",
        ["current_password": .string(goodPassword), "new_password": "another good password"], bearer: before.access)
      let after = try Tokens(answer)
      let (old, new) = (try Place(before), try Place(after))
      #expect(old != new)
      try await eventually("the bit is set") { try await server.bits([old]) == [true] }
      #expect(try await server.bits([new]) == [false])
      #expect(try Place(try await server.refresh(after.refresh)) == new)
    }
  }

  @Test func howItIsServed() async throws {
    try await withServer(["token.status_list=on", "cors.origins=https://app.example"]) { server in
      try await server.addUser()
      _ = try await server.login()
      let answer = try await server.send(Request("GET", "/v1/status/0", [("Origin", "https://any.example")]))
      #expect(answer.status == 200)
      #expect(answer.field("content-type") == "application/statuslist+jwt")
      #expect(answer.field("cache-control") == "public, max-age=5")
      #expect(answer.field("access-control-allow-origin") == "*")
      let tag = try #require(answer.field("etag"))
      #expect(try await server.send(Request("GET", "/v1/status/0", [("If-None-Match", tag)])).status == 304)
      for bad in ["2", "-1", "00", "+0", "0x0", "9223372036854775807", "9223372036854775808", "a", ""] {
        #expect(try await server.get("/v1/status/\(bad)").status == 404, "\(bad)")
      }
      #expect(try await server.post("/v1/status/0", [:]).status == 405)
    }
  }

  /// Off, which it is unless said otherwise, tokens are as before.
  @Test func off() async throws {
    try await withServer { server in
      try await server.addUser()
      #expect(try await server.login().claims["status"] == nil)
      #expect(try await server.get("/v1/status/0").status == 404)
    }
  }
}

/// What a token says of its bit.
private struct Place: Equatable {
  let uri: String
  let index: Int

  init(_ tokens: Tokens) throws {
    let reference = try #require(try tokens.claims["status"]?["status_list"])
    uri = try #require(reference["uri"]?.string)
    index = try #require(reference["idx"]?.integer)
  }
}

extension LiveServer {
  /// The bits of list 0 at these places, from a list that is verified wholly.
  fileprivate func bits(_ places: [Place]) async throws -> [Bool] {
    let script = """
      import base64, json, sys, time, urllib.request, zlib, jwt
      base, uri, places = sys.argv[1], sys.argv[2], [int(text) for text in sys.argv[3:]]
      keys = json.load(urllib.request.urlopen(base + "/.well-known/jwks.json"))["keys"]
      token = urllib.request.urlopen(base + "/v1/status/0").read().decode()
      header = jwt.get_unverified_header(token)
      assert header["typ"] == "statuslist+jwt", header
      key = jwt.PyJWK(next(key for key in keys if key["kid"] == header["kid"]))
      claims = jwt.decode(token, key, algorithms=["ES256"], options={"require": ["sub", "iat", "exp"]})
      assert claims["sub"] == uri and claims["ttl"] == 5 and claims["status_list"]["bits"] == 1, claims
      text = claims["status_list"]["lst"]
      assert "=" not in text
      bits = zlib.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
      assert len(bits) * 8 == 1 << 18
      print(" ".join(str(bits[place // 8] >> place % 8 & 1) for place in places))
      """
    // The token's issuer is the port that it was issued on; the list is the same on another.
    let list = "\(issuer)/v1/status/0"
    let output = try await python(script, ["http://127.0.0.1:\(port)", list] + places.map { "\($0.index)" })
    return output.split(whereSeparator: \.isWhitespace).map { $0 == "1" }
  }
}
