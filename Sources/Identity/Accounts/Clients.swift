// What a client may ask for: its grants, scopes and audiences.

import Storage

extension Issuer {
  /// The public first-party client which may use `grant` here; the built-in one when none is named.
  func client(_ id: String?, grant: String) throws(Refusal) -> ClientRecord {
    guard let client = snapshot.clients[id ?? ClientRecord.builtIn] else {
      throw Refusal(.invalidClient, cause: "unknown_client")
    }
    // A confidential client authenticates at the token endpoint; RFC 9700 section 2.4 keeps passwords from third parties.
    guard client.isPublic, client.isFirstParty else { throw Refusal(.invalidClient, cause: "not_public_first_party") }
    guard client.grants.contains(grant) else { throw Refusal(.unauthorizedClient, cause: "grant_not_registered") }
    return client
  }

  /// The scope asked for, if the client may ask for it (RFC 6749 section 3.3); each value once, in the order asked.
  func scope(_ asked: String?, of client: ClientRecord) throws(Refusal) -> String {
    let values = Self.values(asked ?? "")
    guard values.allSatisfy(client.scopes.contains) else { throw Refusal(.invalidScope, cause: "scope_not_registered") }
    return values.joined(separator: " ")
  }

  /// The scope of an access token after a refresh: as asked, which the store found to be within what was granted.
  func narrower(_ asked: String?, than granted: String) -> String {
    guard let asked else { return granted }
    return Self.values(asked).joined(separator: " ")
  }

  /// The audience asked for (RFC 8707 section 2), or the client's first, or the configured one.
  func audience(_ asked: String?, of client: ClientRecord) throws(Refusal) -> String {
    let allowed = client.audiences.isEmpty ? [policy.audience] : client.audiences
    guard let audience = asked ?? allowed.first, allowed.contains(audience) else {
      throw Refusal(.invalidTarget, cause: "audience_not_registered")
    }
    return audience
  }

  private static func values(_ scope: String) -> [String] {
    var values: [String] = []
    for value in scope.split(separator: " ").map(String.init) where !values.contains(value) { values.append(value) }
    return values
  }
}
