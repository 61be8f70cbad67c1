// What a client may ask for: its grants, scopes and audiences.

import Storage

extension Issuer {
  /// The public first-party client which may use `grant` here; the built-in one when none is named.
  func client(_ id: String?, grant: String) throws(Refusal) -> ClientRecord {
    guard let client = snapshot.clients[id ?? ClientRecord.builtIn]?.record else {
      throw Refusal(.invalidClient, cause: "unknown_client")
    }
    // A confidential client authenticates at the token endpoint; RFC 9700 section 2.4 keeps passwords from third parties.
    guard client.isPublic, client.isFirstParty else { throw Refusal(.invalidClient, cause: "not_public_first_party") }
    guard client.grants.contains(grant) else { throw Refusal(.unauthorizedClient, cause: "grant_not_registered") }
    return client
  }

  /// The scope asked for, if the client may ask for it (RFC 6749 section 3.3); each value once, in the order registered.
  func scope(_ asked: String?, of client: ClientRecord) throws(Refusal) -> String {
    guard let scope = Scope.within(client.scopes, asked: asked ?? "") else {
      throw Refusal(.invalidScope, cause: "scope_not_registered")
    }
    return scope
  }

  /// The scope of an access token after a refresh: as asked, which the store found to be within what was granted.
  func narrower(_ asked: String?, than granted: String) -> String {
    guard let asked else { return granted }
    return Scope.within(granted.split(separator: " ").map(String.init), asked: asked) ?? ""
  }

  /// The audience asked for (RFC 8707 section 2), or the client's first, or the configured one.
  func audience(_ asked: String?, of client: ClientRecord) throws(Refusal) -> String {
    // Who logs in for the admin API is asked for the role once it is known who that is.
    if let asked, client.isPublic, client.isFirstParty, isAdministration(asked) { return asked }
    let allowed = client.audiences.isEmpty ? [policy.audience] : client.audiences
    guard let audience = asked ?? allowed.first, allowed.contains(where: { $0.utf8.elementsEqual(audience.utf8) })
    else { throw Refusal(.invalidTarget, cause: "audience_not_registered") }
    return audience
  }
}

/// Scopes by their bytes: Swift's `==` also takes what is canonically equivalent, so that the Kelvin sign would pass for
/// the letter K and stand in the token.
package enum Scope {
  /// Bytes that are looked at: a stranger chooses how many there are.
  static let longest = RefreshDecision.longestScope

  /// Those of `allowed` that `asked` names, in the order of `allowed`; nil when it names another.
  ///
  /// In one order, so that the orders a client makes up don't fill the store with texts; and a set of bounded size is
  /// searched for each value, never the values for each other, which a stranger chooses by the thousand.
  package static func within(_ allowed: [String], asked: String) -> String? {
    guard asked.utf8.count <= longest else { return nil }
    var found: Set<Int> = []
    for value in asked.utf8.split(separator: UInt8(ascii: " ")) {
      guard let index = allowed.firstIndex(where: { $0.utf8.elementsEqual(value) }) else { return nil }
      found.insert(index)
    }
    return allowed.indices.filter(found.contains).map { allowed[$0] }.joined(separator: " ")
  }
}
