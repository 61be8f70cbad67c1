// What a client's tokens may tell of a user, and under which names; roles as rows hold them.

import JSON
import Testing

@testable import Identity

@Suite struct ClaimTests {
  @Test(arguments: ["email", "name", "x", "https://example.com/email", "a=b?c&d", String(repeating: "n", count: 64)])
  func goodNames(_ name: String) { #expect(ClaimName.objection(to: name, telling: .username) == nil) }

  @Test(arguments: [
    "", "a b", "a\"b", "a\\b", "a\nb", "naïve", "\u{7f}", String(repeating: "n", count: 65),
    // In any case, since some readers look for a member in any.
    "sub", "SUB", "Aud", "iss", "exp", "nbf", "iat", "jti", "client_id", "sid", "auth_time", "amr", "acr", "scope",
    "cnf", "act", "may_act", "azp", "nonce", "typ", "status", "sub_id", "events", "token_type", "active", "at_hash",
    "c_hash", "vot", "authorization_details", "alg", "kid",
  ])
  func badNames(_ name: String) {
    #expect(ClaimName.objection(to: name, telling: .username) != nil)
    #expect(ClaimName.objection(toRoles: name) != nil)
  }

  @Test(arguments: ["groups", "Groups", "entitlements", "role", "permissions", "authorities"])
  func aNameNeverPassesForARight(_ name: String) {
    for attribute in UserAttribute.allCases {
      #expect((ClaimName.objection(to: name, telling: attribute) == nil) == (attribute == .roles))
    }
    #expect(ClaimName.objection(toRoles: name) == nil)
  }

  @Test func rolesAreNamedByTheirOwnOption() {
    for name in ["roles", "Roles"] {
      #expect(ClaimName.objection(to: name, telling: .roles)?.contains("--roles-claim") == true)
      #expect(ClaimName.objection(toRoles: name) == nil)
    }
  }

  @Test(arguments: [
    ("[]", true), (#"["editor"]"#, true), (#"["a","signet:admin","x.y_z-1"]"#, true), ("", false), ("[", false),
    ("{}", false), ("null", false), (#"["a",]"#, false), (#"[,"a"]"#, false), (#"["a" "b"]"#, false),
    (#"["a""b"]"#, false), (#"[""]"#, false), (#"[1]"#, false), (#"["a"#, false), (#"["a]"#, false),
    (#"["a"],"sub":["x"]"#, false), (#"["a\u0062"]"#, false), (#"[["a"]]"#, false), (#"["a", "b"]"#, false),
  ])
  func rolesAreCopiedOnlyAsTheyAreWritten(_ json: String, _ isPlain: Bool) {
    #expect(RoleList.isPlain(json) == isPlain)
  }

  /// Whatever passes for plain is a JSON array of roles.
  @Test func whatIsPlainIsJSON() {
    let seed = UInt64.random(in: 0 ... .max)
    var numbers = SeededNumbers(seed: seed)
    let pieces = ["[", "]", "\"", ",", "a", "b:", "signet:", "\\", " ", "\"a\"", "\",\""]
    var plain = 0
    for _ in 0..<20_000 {
      let inner = (0..<Int.random(in: 0...6, using: &numbers)).map { _ in pieces.randomElement(using: &numbers) ?? "" }
      let json = "[" + inner.joined() + "]"
      guard RoleList.isPlain(json) else { continue }
      plain += 1
      let roles = (try? JSONValue.parse(Array(json.utf8)))?.array?.compactMap(\.string)
      #expect(roles?.allSatisfy(Role.isName64) == true, "seed \(seed): \(json)")
    }
    #expect(plain > 100)
  }

  @Test func whatIsNoArrayIsNoRole() {
    #expect(RoleList.read("{}").isEmpty && RoleList.read("x").isEmpty && RoleList.read(#"[1,"a"]"#) == ["a"])
  }
}

extension Role {
  fileprivate static func isName64(_ text: String) -> Bool { isName(text, limit: 64) }
}

/// Numbers that a seed repeats (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
