// Who a client is taken for: only by the method that it is registered for, by one secret or, for a while, the one before.

import Identity
import OpenSSL
import Passwords
import Storage
import Testing

@Suite struct ClientAuthenticationTests {
  private static let secret = "7Fjfp0ZBr1KtDRbnfVdmIw7Fjfp0ZBr1KtDRbnfVdmI"

  private static func client(
    _ id: String, _ method: ClientAuthentication.Method, previous until: Int64? = nil
  ) -> ClientRecord {
    var authentication = ClientAuthentication(method: method)
    if method == .basic || method == .post { authentication.secret = .init(digest: ClientSecret.digest(of: secret)) }
    if let until { authentication.previousSecret = .init(digest: ClientSecret.digest(of: "before"), until: until) }
    return ClientRecord(
      id: id, name: id, isPublic: method == .none, isFirstParty: true, grants: ["refresh_token"], audiences: [],
      scopes: [], authentication: authentication, createdAt: 1)
  }

  private func withIssuer(
    _ clients: [ClientRecord], _ body: (Issuer, FakeClock) async throws -> Void
  ) async throws {
    let (world, fake) = (try World(), FakeClock())
    for client in clients { try await world.store.addClient(client, context: RequestContext(actor: "operator")) }
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    defer { pool.stop() }
    try await body(issuer, fake)
  }

  private func outcome(_ issuer: Issuer, _ id: String?, _ proof: ClientCredentials.Proof) async -> String {
    do throws(Refusal) {
      return try await issuer.authenticate(ClientCredentials(clientID: id, proof: proof)).record.id
    } catch {
      return error.code == .invalidClient ? error.cause : "\(error)"
    }
  }

  @Test func onlyTheRegisteredMethodCounts() async throws {
    let clients = [Self.client("basic", .basic), Self.client("post", .post), Self.client("open", .none)]
    try await withIssuer(clients) { issuer, _ in
      let nothing = ClientCredentials.Proof.certificate(verified: nil, presented: nil)
      #expect(await outcome(issuer, "basic", .secret(Self.secret, by: .basic)) == "basic")
      #expect(await outcome(issuer, "post", .secret(Self.secret, by: .post)) == "post")
      #expect(await outcome(issuer, "open", nothing) == "open")
      #expect(await outcome(issuer, "basic", .secret(Self.secret, by: .post)) == "another_method")
      #expect(await outcome(issuer, "post", .secret(Self.secret, by: .basic)) == "another_method")
      #expect(await outcome(issuer, "open", .secret(Self.secret, by: .basic)) == "another_method")
      #expect(await outcome(issuer, "basic", nothing) == "no_credentials")
      for wrong in ["", Self.secret + "A", String(Self.secret.dropLast()), "before", Self.secret.uppercased()] {
        #expect(await outcome(issuer, "basic", .secret(wrong, by: .basic)) == "wrong_secret")
      }
      for id in ["nobody", "BASIC", "", "basic "] {
        #expect(await outcome(issuer, id, .secret(Self.secret, by: .basic)) == "unknown_client")
        #expect(await outcome(issuer, id, nothing) == "unknown_client")
      }
    }
  }

  /// Texts that Swift calls equal aren't one id.
  @Test func anIDIsItsBytes() async throws {
    try await withIssuer([Self.client("K", .basic)]) { issuer, _ in
      #expect(await outcome(issuer, "\u{212A}", .secret(Self.secret, by: .basic)) == "unknown_client")
    }
  }

  @Test func theSecretBeforeIsGoodForAWhile() async throws {
    let until: Int64 = 1_700_000_060_000
    try await withIssuer([Self.client("shop", .basic, previous: until)]) { issuer, clock in
      #expect(await outcome(issuer, "shop", .secret("before", by: .basic)) == "shop")
      #expect(await outcome(issuer, "shop", .secret(Self.secret, by: .basic)) == "shop")
      clock.pass(59_999)
      #expect(await outcome(issuer, "shop", .secret("before", by: .basic)) == "shop")
      clock.pass(1)
      #expect(await outcome(issuer, "shop", .secret("before", by: .basic)) == "wrong_secret")
      #expect(await outcome(issuer, "shop", .secret(Self.secret, by: .basic)) == "shop")
    }
  }

  /// A row that something else wrote: a confidential client without a secret, or with a digest of another size.
  @Test func aClientWithoutASecretIsNobody() async throws {
    var empty = Self.client("empty", .basic)
    empty.authentication.secret = nil
    var short = Self.client("short", .basic)
    short.authentication.secret = .init(digest: [])
    let none = ClientRecord(
      id: "none", name: "none", isPublic: false, isFirstParty: true, grants: [], audiences: [], scopes: [],
      createdAt: 1)
    try await withIssuer([empty, short, none]) { issuer, _ in
      for id in ["empty", "short"] {
        for secret in ["", Self.secret] {
          #expect(await outcome(issuer, id, .secret(secret, by: .basic)) == "wrong_secret")
        }
      }
      #expect(await outcome(issuer, "none", .certificate(verified: nil, presented: nil)) == "no_credentials")
    }
  }

  /// Who was confidential when the session began, or has become it since, authenticates at every refresh.
  @Test func aConfidentialClientsSessionWantsItsClient() async throws {
    let (world, fake) = (try World(), FakeClock())
    try await world.store.addClient(Self.client("shop", .basic), context: RequestContext(actor: "operator"))
    try await world.store.addClient(Self.client("other", .basic), context: RequestContext(actor: "operator"))
    let (issuer, pool) = try await world.issuer(try await world.ring(), clock: fake.clock)
    defer { pool.stop() }
    let user = try await world.addUser("ada", "correct horse", pool)
    let hash = try #require(await world.store.findUser(id: user)?.passwordHash)
    let now = fake.clock.moment().now
    let session = NewSession(
      id: UniqueID(random: Random.bytes(16)), userID: user, clientID: "shop", scope: "", audience: "api", amr: "pwd",
      now: now, idleDeadline: now + 60_000, absoluteDeadline: now + 60_000, addressPrefix: 7, device: nil,
      address: "192.0.2.1", userAgent: nil)
    let found = try #require(
      await world.store.login(
        session, passwordHash: hash, maxPerUser: 9, context: RequestContext(actor: "user")))
    let token = issuer.refreshToken(of: found.session)
    func refresh(_ id: String?, _ isAuthenticated: Bool) async -> Refusal.Code? {
      do throws(Refusal) {
        let request = RefreshRequest(refreshToken: token, clientID: id, isAuthenticated: isAuthenticated)
        _ = try await issuer.refresh(request, from: requester)
        return nil
      } catch {
        return error.code
      }
    }
    #expect(await refresh(nil, false) == .invalidClient)
    #expect(await refresh("shop", false) == .invalidClient)
    #expect(await refresh("other", true) == .invalidGrant)
    #expect(await refresh("shop", true) == nil)
  }
}
