// What `signet client add` and `change` refuse: one line that says what and why, exit 2, and nothing was changed.

import Foundation
import Testing

@Suite struct ClientCommandTests {
  /// What is said, and a word of the refusal.
  private struct Case {
    let options: [String]
    let word: String

    init(_ options: [String], _ word: String) { (self.options, self.word) = (options, word) }
  }

  private static let plain = [
    Case(["--algorithm", "none"], "the algorithm none isn't among"),
    Case(["--algorithm", "RS256"], "token.algorithms"),
    Case(["--algorithm", "HS256"], "register one by --mac-key"),
    Case(["--algorithm", "HS512", "--mac-key", "mac"], "it is for HS256, not HS512"),
    Case(["--claim", "email"], "NAME=ATTRIBUTE"), Case(["--claim", "=email"], "1 to 64 bytes"),
    Case(["--claim", "a b=email"], "visible ASCII"), Case(["--claim", "e\"=email"], "without quotes"),
    Case(["--claim", "naïve=email"], "visible ASCII"),
    Case(["--claim", String(repeating: "n", count: 65) + "=id"], "1 to 64 bytes"),
    Case(["--claim", "sub=username"], "sub has a meaning of its own"),
    Case(["--claim", "AUD=username"], "AUD has a meaning of its own"),
    Case(["--claim", "roles=roles"], "--roles-claim"), Case(["--claim", "groups=username"], "gives rights"),
    Case(["--claim", "a=password"], "password is no attribute of users"),
    Case(["--claim", "a=email", "--claim", "a=id"], "given twice"),
    Case(["--claim", "groups=roles", "--roles-claim", "groups"], "given twice"),
    Case((0...16).flatMap { ["--claim", "c\($0)=id"] }, "at most 16"),
    Case(["--roles-claim", "scope"], "scope has a meaning of its own"), Case(["--roles-claim", ""], "1 to 64 bytes"),
    Case(["--token-size", "much"], "a number of bytes"), Case(["--token-size", "255"], "256 to 8192"),
    Case(["--token-size", "8193"], "256 to 8192"),
    Case(["--claim", "a=email", "--token-size", "600"], "allow as many by --token-size"),
  ]

  private static let keys = [
    Case(["--mac-key", "missing"], "can't be read"), Case(["--mac-key", "text"], "doesn't hold a JWK"),
    Case(["--mac-key", "short"], "it has 31 bytes and HS256 needs 32"),
    Case(["--mac-key", "plain", "--algorithm", "HS384"], "it has 32 bytes and HS384 needs 48"),
    Case(["--mac-key", "long"], "more than 1024 bytes"), Case(["--mac-key", "public"], #"a MAC key's is "oct""#),
    Case(["--mac-key", "thumbprint"], "computed from the key"), Case(["--mac-key", "itself"], "computed from the key"),
    Case(["--mac-key", "spaced"], "visible ASCII"), Case(["--mac-key", "wrapping"], "it is for A256KW"),
    Case(["--mac-key", "encrypting"], "for signatures"), Case(["--mac-key", "crooked"], "base64url"),
    Case(["--encryption-key", "missing"], "can't be read"), Case(["--encryption-key", "text"], "doesn't hold a JWK"),
    Case(["--encryption-key", "plain"], "it is symmetric"), Case(["--encryption-key", "private"], "it is private"),
    Case(["--encryption-key", "signing"], "the encryption key can't be used"),
    Case(["--encryption-key", "ed25519"], "the encryption key can't be used"),
    Case(["--encryption-key", "weak"], "the encryption key can't be used"),
    Case(["--encryption-key", "off"], "the encryption key can't be used"),
    Case(["--encryption-key", "public", "--encryption", "A256KW"], "A256KW is no content encryption"),
    Case(["--encryption", "A256GCM"], "--encryption-key FILE"),
    Case(["--encryption-key", "none", "--encryption", "A256GCM"], "leave it out"),
  ]

  @Test func badOptionsChangeNothing() async throws {
    try await withServer { server in
      let files = try Self.write(server.folder)
      try await server.done(["client", "add", "shop", "--id", "shop", "--claim", "old=email"])
      let before = try await server.done(["client", "list", "--json"])
      let shown = try await server.done(["client", "show", "shop", "--json"])
      let audit = try await server.audit().count
      for one in Self.plain + Self.keys {
        let options = one.options.map { files[$0] ?? $0 }
        for command in [["client", "add", "new"], ["client", "change", "shop"]] {
          let finished = try await server.command(command + options)
          #expect(finished.status == 2, "\(command + options): \(finished)")
          #expect(finished.errors.contains(one.word), "\(command + options): \(finished)")
          #expect(finished.errors.split(separator: "\n").count == 1 && finished.output.isEmpty)
          #expect(!finished.errors.contains(Self.secret))
        }
      }
      #expect(try await server.done(["client", "list", "--json"]) == before)
      #expect(try await server.done(["client", "show", "shop", "--json"]) == shown)
      #expect(try await server.audit().count == audit)
      #expect(try await server.command(["client", "change", "shop"]).status == 2)
      #expect(try await server.command(["client", "change", "nobody", "--no-claims"]).status == 1)
    }
  }

  /// A key that is needed isn't taken away, and one for another algorithm isn't used.
  @Test func whatTheTokensNeedStays() async throws {
    try await withServer { server in
      try await server.done([
        "client", "add", "shop", "--id", "shop", "--mac-key", "generate", "--algorithm", "HS256",
      ])
      for options in [["--mac-key", "none"], ["--algorithm", "HS512"]] {
        #expect(try await server.command(["client", "change", "shop"] + options).status == 2)
      }
      let unused = try await server.done(["client", "add", "spare", "--mac-key", "generate"])
      #expect(unused.contains("it isn't in use: choose it by --algorithm HS256"))
    }
  }

  private static let secret = base64URL(Array("a key of thirty-two bytes exactly".utf8.prefix(32)))

  /// Keys that are good for nothing, or for something else; by name.
  private static func write(_ folder: Folder) throws -> [String: String] {
    func oct(_ k: String, _ rest: String = "") -> String { #"{"kty":"oct","k":"\#(k)"\#(rest)}"# }
    // The example of RFC 7517 appendix A, public and private.
    let point =
      #""kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM""#
    let texts = [
      "text": "not JSON", "mac": oct(secret, #","alg":"HS256""#), "plain": oct(secret),
      "short": oct(base64URL(Array(repeating: 7, count: 31))), "long": oct(base64URL(Array(repeating: 7, count: 1025))),
      "itself": oct(secret, #","kid":"\#(secret)""#), "spaced": oct(secret, #","kid":"a b""#),
      "thumbprint": oct(secret, #","kid":"OHe5amerh5Ek-ycPQoHNXVXbNrT0HHweoM1ofbEOICM""#),
      "wrapping": oct(secret, #","alg":"A256KW""#), "encrypting": oct(secret, #","use":"enc""#),
      "crooked": oct(secret + "="), "public": "{\(point)}",
      "private": #"{\#(point),"d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}"#,
      "signing": #"{\#(point),"use":"sig"}"#,
      "ed25519": #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#,
      "weak": #"{"kty":"RSA","e":"AQAB","n":"\#(base64URL([0xc1] + Array(repeating: 0x35, count: 127)))"}"#,
      "off": "{\(point.replacingOccurrences(of: "MKBC", with: "MKBD"))}",
    ]
    var paths = ["missing": folder.path + "/missing.jwk"]
    for (name, text) in texts { paths[name] = try folder.write(text, to: name + ".jwk") }
    return paths
  }
}
