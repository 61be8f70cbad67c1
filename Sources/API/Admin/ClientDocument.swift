// A client as JSON: what the commands show and the admin API answers.

import Identity
package import JSON
package import Storage

/// The members of a client's JSON document.
package enum ClientDocument {
  /// Everything that may be told of a client: never a secret, nor what is kept of one.
  package static func members(_ client: ClientRecord) -> [JSONMember] {
    let authentication = client.authentication
    return [
      JSONMember("client_id", .string(client.id)), JSONMember("name", .string(client.name)),
      JSONMember("kind", .string(client.isPublic ? "public" : "confidential")),
      JSONMember("first_party", .bool(client.isFirstParty)), JSONMember("grants", list(client.grants)),
      JSONMember("audiences", list(client.audiences)), JSONMember("scopes", list(client.scopes)),
      JSONMember("access_ttl", seconds(client.accessTTL)), JSONMember("idle_ttl", seconds(client.idleTTL)),
      JSONMember("absolute_ttl", seconds(client.absoluteTTL)),
      JSONMember("authentication", .string(authentication.method.rawValue)),
      JSONMember("previous_secret_until", time(authentication.previousSecret?.until)),
      JSONMember("jwks", json(authentication.jwks)), JSONMember("tls_subject", text(authentication.tlsSubject)),
      JSONMember("origins", list(client.origins)), JSONMember("require_dpop", .bool(client.requiresDPoP)),
      JSONMember("require_mtls", .bool(client.requiresMTLS)),
    ] + members(client.tokens) + [
      // The built-in client was never created.
      JSONMember("created_at", time(client.createdAt == 0 ? nil : client.createdAt))
    ]
  }

  private static func members(_ tokens: ClientTokens) -> [JSONMember] {
    let macKey = tokens.macKey.map { key in
      JSONValue.object([JSONMember("alg", .string(key.algorithm)), JSONMember("kid", .string(key.kid))])
    }
    return [
      JSONMember("token_form", .string(tokens.kind.rawValue)), JSONMember("algorithm", text(tokens.algorithm)),
      JSONMember("encryption_key", json(tokens.encryptionKey)),
      JSONMember("encryption", text(tokens.contentEncryption)), JSONMember("mac_key", macKey ?? .null),
      JSONMember("claims", .object(tokens.claims.map { JSONMember($0.name, .string($0.attribute)) })),
      JSONMember("roles_claim", .string(tokens.rolesClaim ?? ClaimName.roles)),
      JSONMember("token_size", tokens.sizeLimit.map { .integer(Int64($0)) } ?? .null),
      JSONMember("tokens_changed_at", time(tokens.changedAt == 0 ? nil : tokens.changedAt)),
    ]
  }

  private static func list(_ values: [String]) -> JSONValue { .array(values.map(JSONValue.string)) }
  private static func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
  private static func json(_ text: String?) -> JSONValue {
    text.flatMap { try? JSONValue.parse(Array($0.utf8)) } ?? .null
  }
  private static func seconds(_ duration: Int64?) -> JSONValue { duration.map { .integer($0 / 1000) } ?? .null }
  private static func time(_ milliseconds: Int64?) -> JSONValue {
    milliseconds.map { .string(Timestamp.text($0)) } ?? .null
  }
}
