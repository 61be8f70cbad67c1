// Signing keys as the commands and the JWK Set show them.

import Foundation
import Testing

/// A row of `signet key list`.
struct KeyRow: Sendable {
  let json: JSON
  var kid: String { json["kid"]?.string ?? "" }
  var state: String { json["state"]?.string ?? "" }
  var algorithm: String { json["algorithm"]?.string ?? "" }
}

extension LiveServer {
  /// Every key, oldest first.
  func keys() async throws -> [KeyRow] {
    let list = try JSON(try await done(["key", "list", "--json"]))
    return (list.array ?? []).map { KeyRow(json: $0) }
  }

  /// The ids of the keys in a state.
  func kids(_ state: String, _ algorithm: String = "ES256") async throws -> [String] {
    try await keys().filter { $0.state == state && $0.algorithm == algorithm }.map(\.kid)
  }

  /// The one key in a state.
  func kid(_ state: String, _ algorithm: String = "ES256") async throws -> String {
    let kids = try await kids(state, algorithm)
    guard kids.count == 1 else { throw HarnessError("\(kids.count) keys are \(state)") }
    return kids[0]
  }

  /// What the JWK Set publishes, in its order.
  func published() async throws -> [String] {
    (try await get("/.well-known/jwks.json").json["keys"]?.array ?? []).compactMap { $0["kid"]?.string }
  }

  /// Waits until the pending key counts as published.
  func publishes(_ algorithm: String = "ES256") async throws {
    try await eventually("the pending key is published") {
      try await keys().contains {
        $0.state == "pending" && $0.algorithm == algorithm && $0.json["published_at"]?.string != nil
      }
    }
  }

  /// Logs in until another key signs: the server heeds commands within a second.
  func login(signedByAnotherKeyThan old: Tokens) async throws -> Tokens {
    try await eventually("another key signs") {
      let tokens = try await login()
      return try tokens.header["kid"] == old.header["kid"] ? nil : tokens
    }
  }

  /// What must hold of the keys after anything: one active and one pending of each algorithm, each readable, and an audit
  /// trail that is whole.
  func expectGoodKeys(_ algorithms: [String] = ["ES256"], _ when: String = "") async throws {
    let keys = try await keys()
    for algorithm in algorithms {
      for state in ["active", "pending"] {
        #expect(keys.filter { $0.state == state && $0.algorithm == algorithm }.count == 1, "\(when): \(state)")
      }
    }
    // Opens every key and checks its MAC.
    let export = try await command(["key", "export"])
    #expect(export.status == 0, "\(when): \(export)")
    #expect(try await command(["audit", "verify"]).status == 0, "\(when)")
  }
}

extension Tokens {
  var kid: String { get throws { try header["kid"]?.string ?? "" } }
}

extension Finished {
  /// One line of error with these words and this status.
  func expectError(_ code: Int32, _ words: [String], _ what: String = "") {
    #expect(status == code, "\(what): \(self)")
    #expect(errors.split(separator: "\n").count == 1 && errors.hasPrefix("signet: "), "\(what): \(self)")
    for word in words { #expect(errors.contains(word), "\(what): \(word) isn't in \(errors)") }
  }
}
