// The admin API's clients: `/admin/v1/clients`. An answer leaves when every event loop heeds what was done.

import HTTPServer
import Identity
import JSON
import Storage

extension Endpoints {
  func listClients(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    let clients: [ClientRecord]
    do { clients = try await issuer.store.clients() } catch { throw Refusal(error) }
    let documents = clients.map { JSONValue.object(ClientDocument.members($0)) }
    respond(exchange, 200, [JSONMember("clients", .array(documents))])
  }

  func showClient(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    respond(exchange, 200, ClientDocument.members(try await client(exchange)))
  }

  func registerClient(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    var members = try RequestBody(exchange).members
    let id = members.first { $0.name == "client_id" }?.value.string
    if id != nil { members.removeAll { $0.name == "client_id" } }
    var client = ClientRecord(
      id: id ?? ClientRules.newID(), name: "", isPublic: true, isFirstParty: true,
      grants: [], audiences: [], scopes: [], createdAt: issuer.authority.clock.moment().now)
    var secret: String?
    try Self.checked { () throws(ClientError) in
      let edit = try ClientEdit(members)
      try edit.apply(to: &client)
      if !members.contains(where: { $0.name == "grants" && $0.value != .null }) {
        client.grants = ClientEdit.usualGrants(client)
      }
      secret = try issuer.clientRules.complete(&client)
    }
    do { try await issuer.store.addClient(client, context: administrator.context) } catch {
      if case .exists = error {
        throw Refusal(.conflict("there is a client of this client_id already"), cause: "exists")
      }
      throw Refusal(error)
    }
    await issuer.authority.reread()
    exchange.add("Location", "/admin/v1/clients/\(client.id)")
    respond(exchange, 201, ClientDocument.members(client) + Self.shown(secret))
  }

  func changeClient(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    let members = try RequestBody(exchange).members
    var secret: String?
    // Once more when another was faster; then what was named is applied to what that one left.
    for _ in 0..<5 {
      let old = try await client(exchange)
      var new = old
      try Self.checked { () throws(ClientError) in
        try ClientEdit(members).apply(to: &new)
        secret = try issuer.clientRules.complete(&new)
      }
      guard try await put(new, for: old, administrator) else { continue }
      await issuer.authority.reread()
      return respond(exchange, 200, ClientDocument.members(try await client(exchange)) + Self.shown(secret))
    }
    throw Refusal(.conflict("the client is being changed by others all the time; try again"), cause: "contended")
  }

  func rotateClientSecret(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    let body = try RequestBody(exchange)
    let keep = try body.optionalInteger("keep").map { $0.multipliedReportingOverflow(by: 1000) }
    guard keep?.overflow != true else { throw Refusal(.invalidRequest("member keep is too large"), cause: "keep") }
    let old = try await client(exchange)
    var new = old
    var secret = ""
    try Self.checked { () throws(ClientError) in
      secret = try ClientSecret.rotate(
        &new, keep: keep?.partialValue ?? ClientSecret.usualKeep, now: issuer.authority.clock.moment().now)
    }
    // Never once more: whoever was faster has been told a secret, which must not be the one before already.
    guard try await put(new, for: old, administrator) else {
      throw Refusal(.conflict("the client was changed at this moment; nothing was rotated"), cause: "contended")
    }
    await issuer.authority.reread()
    respond(exchange, 200, ClientDocument.members(new) + Self.shown(secret))
  }

  func deleteClient(_ exchange: Exchange, _ administrator: Administrator) async throws(Refusal) {
    let id = exchange.parameter(0)
    guard id != ClientRecord.builtIn else {
      throw Refusal(
        .forbidden("the client \(id) is built in: requests that name no client are its own"), cause: "built_in")
    }
    do {
      try await issuer.store.deleteClient(
        id, now: issuer.authority.clock.moment().now, context: administrator.context)
    } catch {
      if case .missing = error { throw Self.unknown }
      throw Refusal(error)
    }
    await issuer.authority.reread()
    exchange.add("Cache-Control", "no-store")
    exchange.respond(204)
  }

  /// The client that the path names.
  private func client(_ exchange: Exchange) async throws(Refusal) -> ClientRecord {
    let id = exchange.parameter(0)
    let clients: [ClientRecord]
    do { clients = try await issuer.store.clients() } catch { throw Refusal(error) }
    guard let client = clients.first(where: { $0.id.utf8.elementsEqual(id.utf8) }) else { throw Self.unknown }
    return client
  }

  private static let unknown = Refusal(.notFound("there is no such client"), cause: "unknown_client")

  /// Whether the client was still what was read.
  private func put(
    _ new: ClientRecord, for old: ClientRecord, _ administrator: Administrator
  ) async throws(Refusal) -> Bool {
    let macKey: ClientChange.MACKey = old.tokens.macKey != nil && new.tokens.macKey == nil ? .remove : .keep
    let change = ClientChange(
      old: old, new: new, macKey: macKey, now: issuer.authority.clock.moment().now, context: administrator.context)
    do { return try await issuer.store.changeClient(change) } catch {
      if case .missing = error { throw Self.unknown }
      throw Refusal(error)
    }
  }

  /// What is wrong with a client is the request's fault, and names the member.
  private static func checked(_ body: () throws(ClientError) -> Void) throws(Refusal) {
    do throws(ClientError) { try body() } catch {
      throw Refusal(.invalidRequest("member \(error)"), cause: "client_\(error.member)")
    }
  }

  /// A secret is told in the answer that made it, and never again.
  private static func shown(_ secret: String?) -> [JSONMember] {
    secret.map { [JSONMember("client_secret", .string($0))] } ?? []
  }

  private func respond(_ exchange: Exchange, _ status: Int, _ members: [JSONMember]) {
    var json = JSONWriter()
    JSONValue.object(members).write(into: &json)
    exchange.add("Cache-Control", "no-store")
    exchange.respond(status, contentType: "application/json", body: json.bytes)
  }
}
