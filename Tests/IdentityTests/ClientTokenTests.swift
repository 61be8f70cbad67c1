// Tokens in the forms that clients have: what stands in them, what happens when one would be too large, and when a form
// changes between an answer and its repetition.

import JOSE
import JSON
import Passwords
import Storage
import Testing

@testable import Identity

@Suite struct ClientTokenTests {
  private static let login = LoginRequest(username: "ada", password: "correct horse", clientID: "shop")
  private static let operatorContext = RequestContext(actor: "operator")

  /// A world with the client `shop`, whose tokens are as given, and the user ada.
  private func issuer(
    _ world: World, _ tokens: ClientTokens, _ fake: FakeClock = FakeClock(), email: String? = "ada@example.com",
    roles: String = #"["editor","signet:admin"]"#, algorithms: [String] = []
  ) async throws -> (Issuer, HashingPool) {
    let client = ClientRecord(
      id: "shop", name: "Shop", isPublic: true, isFirstParty: true, grants: ["password", "refresh_token"],
      audiences: [], scopes: [], tokens: tokens, createdAt: 1)
    try await world.store.addClient(client, context: Self.operatorContext)
    let (issuer, pool) = try await world.issuer(
      try await world.ring(offering: algorithms), clock: fake.clock)
    _ = try await world.addUser("ada", "correct horse", pool, email: email, roles: roles)
    return (issuer, pool)
  }

  private func claims(_ answer: TokenAnswer) throws -> JSONValue {
    try #require(try UnverifiedToken(compact: answer.accessTokenText).claims)
  }

  private static let everything = [
    ("email", "email"), ("https://example.com/verified", "email_verified"), ("name", "username"), ("uid", "id"),
    ("since", "created_at"), ("teams", "roles"),
  ].map { ClientClaim(name: $0.0, attribute: $0.1) }

  @Test func claimsTellWhatTheyAreMappedTo() async throws {
    let world = try World()
    let (issuer, pool) = try await issuer(world, ClientTokens(claims: Self.everything))
    let answer = try await issuer.login(Self.login, from: requester)
    let claims = try claims(answer)
    #expect(claims["email"] == .string("ada@example.com") && claims["name"] == .string("ada"))
    #expect(claims["https://example.com/verified"] == .bool(true) && claims["uid"] == claims["sub"])
    #expect(claims["since"] == .integer(1_700_000_000) && claims["teams"] == .array([.string("editor")]))
    #expect(claims["roles"] == .array([.string("editor"), .string("signet:admin")]))
    // It stays a token of ours.
    #expect(try await issuer.bearer(answer.accessToken).user.username == "ada")
    // Others' tokens tell nothing of it.
    let plain = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    #expect(try self.claims(plain)["email"] == nil)
    pool.stop()
  }

  @Test func whatAUserDoesNotHaveIsLeftOut() async throws {
    let world = try World()
    let (issuer, pool) = try await issuer(
      world, ClientTokens(claims: Self.everything, rolesClaim: "groups"), email: nil, roles: "[]")
    let names = try claims(try await issuer.login(Self.login, from: requester)).object?.map(\.name) ?? []
    #expect(Set(["name", "uid", "since", "sub"]).isSubset(of: names))
    #expect(Set(names).isDisjoint(with: ["email", "https://example.com/verified", "teams", "roles", "groups"]))
    pool.stop()
  }

  @Test func rolesUnderAnotherNameLeaveSignetsOwnBehind() async throws {
    let world = try World()
    let (issuer, pool) = try await issuer(world, ClientTokens(rolesClaim: "groups"))
    let claims = try claims(try await issuer.login(Self.login, from: requester))
    #expect(claims["groups"] == .array([.string("editor")]))
    #expect(claims["roles"] == .array([.string("signet:admin")]))
    pool.stop()
  }

  /// Whoever can write the database alone brings no claims into a token by way of the roles.
  @Test(arguments: [#"["a"],"sub":"x","z":["b"]"#, "7", #"{"a":1}"#, #"["a\"b"]"#])
  func rolesOfAnotherFormBringNoClaims(_ roles: String) async throws {
    let world = try World()
    let (issuer, pool) = try await issuer(world, ClientTokens(), roles: roles)
    let answer = try await issuer.login(Self.login, from: requester)
    let claims = try claims(answer)
    #expect(claims["z"] == nil && claims["sub"]?.string == answer.userID.description)
    pool.stop()
  }

  private func sessions(_ world: World, _ user: UniqueID) async throws -> Int {
    try await world.store.sessions(of: user, now: 1_700_000_000_000).count
  }

  private static let manyRoles =
    "[" + (0..<40).map { "\"a-role-of-some-length-\($0)\"" }.joined(separator: ",") + "]"

  /// Refused before anything is written, with what an operator must do in the log and nothing of it for the client.
  @Test func aTokenThatIsTooLargeIsRefusedBeforeTheStoreActs() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, ClientTokens(rolesClaim: "groups"), fake, roles: Self.manyRoles)
    let error = await #expect(throws: Refusal.self) { try await issuer.login(Self.login, from: requester) }
    #expect(error?.code == .serverError)
    let size = try #require(error?.cause.split(separator: "bytes=").last?.prefix { $0.isNumber })
    #expect(error?.cause.contains("client=shop bytes=\(size) limit=1500") == true)
    #expect(error?.cause.contains("`signet client change shop --token-size \(size)`") == true)
    let user = try #require(try await world.store.findUser(loginKey: "ada"))
    #expect(try await sessions(world, user.id) == 0)

    // With what the log says it fits, exactly.
    try await change(world, issuer) { $0.sizeLimit = Int(size) }
    let answer = try await issuer.login(Self.login, from: requester)
    #expect(answer.accessTokenText.count == Int(size))
    // And a refresh is refused before it rotates, so that its token is good when all is mended, however late.
    fake.pass(1000)
    try await change(world, issuer) { $0.sizeLimit = nil }
    for clientID in [nil, "shop"] {
      let refresh = RefreshRequest(refreshToken: answer.refreshToken, clientID: clientID)
      let refused = await #expect(throws: Refusal.self) { try await issuer.refresh(refresh, from: requester) }
      #expect(refused?.code == .serverError && refused?.cause.contains("token_size") == true)
    }
    fake.pass(600_000)
    try await change(world, issuer) { $0.sizeLimit = 8192 }
    _ = try await issuer.refresh(RefreshRequest(refreshToken: answer.refreshToken), from: requester)
    pool.stop()
  }

  /// Changes the client as a command would, and has the loop heed it.
  private func change(
    _ world: World, _ issuer: Issuer, algorithms: [String] = [], _ edit: (inout ClientTokens) -> Void
  ) async throws {
    let old = try #require(try await world.store.clients().first { $0.id == "shop" })
    var new = old
    edit(&new.tokens)
    let now = issuer.authority.clock.moment().now
    #expect(
      try await world.store.changeClient(
        ClientChange(old: old, new: new, now: now, context: Self.operatorContext)))
    let ring = try await world.ring(offering: algorithms)
    let clients = try await world.store.clients()
    try issuer.adopt(Snapshot(policy: issuer.policy, ring: ring, clients: clients))
  }

  @Test func theSameAnswerAgainUnlessTheFormHasChanged() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, ClientTokens(claims: Self.everything), fake)
    let login = try await issuer.login(Self.login, from: requester)
    fake.pass(1000)
    let refresh = RefreshRequest(refreshToken: login.refreshToken)
    let first = try claims(try await issuer.refresh(refresh, from: requester))
    fake.pass(1000)
    let again = try await issuer.refresh(refresh, from: requester)
    #expect(try claims(again) == first)
    try await change(world, issuer) { $0.claims = [] }
    fake.pass(1000)
    let changed = try await issuer.refresh(refresh, from: requester)
    #expect(changed.refreshToken == again.refreshToken)
    let new = try claims(changed)
    #expect(new["email"] == nil && new["jti"] != first["jti"] && new["iat"] != first["iat"])
    pool.stop()
  }

  /// A loop may rotate by the old form a moment after the change: what comes later must not bear the same `jti`.
  @Test func noTwoFormsHaveTheSameIdentifier() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, ClientTokens(), fake)
    let login = try await issuer.login(Self.login, from: requester)
    let old = issuer.snapshot
    try await change(world, issuer) { $0.rolesClaim = "groups" }
    let new = issuer.snapshot
    fake.pass(1000)
    try issuer.adopt(old)
    let refresh = RefreshRequest(refreshToken: login.refreshToken)
    let first = try claims(try await issuer.refresh(refresh, from: requester))
    try issuer.adopt(new)
    let again = try claims(try await issuer.refresh(refresh, from: requester))
    #expect(first["groups"] == nil && again["groups"] != nil && first["jti"] != again["jti"])
    pool.stop()
  }

  @Test func eachClientHasItsAlgorithm() async throws {
    let world = try World()
    let (issuer, pool) = try await issuer(world, ClientTokens(algorithm: "EdDSA"), algorithms: ["EdDSA"])
    for (client, algorithm) in [("shop", "EdDSA"), ("signet", "ES256")] {
      let request = LoginRequest(username: "ada", password: "correct horse", clientID: client)
      let answer = try await issuer.login(request, from: requester)
      let header = try UnverifiedToken(compact: answer.accessTokenText).header
      #expect(header["alg"]?.string == algorithm && header["typ"]?.string == "at+jwt")
      #expect(try await issuer.bearer(answer.accessToken).user.username == "ada")
    }
    pool.stop()
  }

  /// Never in another form: a client whose algorithm is no longer offered gets no tokens, and the others get theirs.
  @Test func aFormThatCannotBeGetsNoTokens() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, ClientTokens(algorithm: "EdDSA"), fake, algorithms: ["EdDSA"])
    let answer = try await issuer.login(Self.login, from: requester)
    try await change(world, issuer) { _ in }
    #expect(issuer.snapshot.faults.count == 1 && issuer.snapshot.faults.first?.contains("client=shop") == true)
    let error = await #expect(throws: Refusal.self) { try await issuer.login(Self.login, from: requester) }
    #expect(error?.code == .serverError && error?.cause.contains("EdDSA isn't among") == true)
    let refresh = RefreshRequest(refreshToken: answer.refreshToken)
    await #expect(throws: Refusal.self) { try await issuer.refresh(refresh, from: requester) }
    _ = try await issuer.login(LoginRequest(username: "ada", password: "correct horse"), from: requester)
    fake.pass(600_000)
    try await change(world, issuer, algorithms: ["EdDSA"]) { _ in }
    _ = try await issuer.refresh(refresh, from: requester)
    pool.stop()
  }

  @Test func aClientThatIsNotKnownYetIsAskedToComeAgain() async throws {
    let (world, fake) = (try World(), FakeClock())
    let (issuer, pool) = try await issuer(world, ClientTokens(), fake)
    let answer = try await issuer.login(Self.login, from: requester)
    let known = issuer.snapshot
    try issuer.adopt(Snapshot(policy: issuer.policy, ring: known.ring, clients: []))
    let refresh = RefreshRequest(refreshToken: answer.refreshToken)
    await #expect(throws: Refusal(.temporarilyUnavailable(retryAfter: 1), cause: "client_not_known_yet")) {
      try await issuer.refresh(refresh, from: requester)
    }
    try issuer.adopt(known)
    _ = try await issuer.refresh(refresh, from: requester)
    pool.stop()
  }

  /// However many clients there are, a loop keeps so many contexts; the others are made again when they are wanted.
  @Test func aLoopKeepsSoManyClients() async throws {
    let world = try World()
    let clients = (0..<ClientContexts.most + 10).map { number in
      ClientRecord(
        id: "client-\(number)", name: "C", isPublic: true, isFirstParty: true, grants: [], audiences: [], scopes: [],
        createdAt: 1)
    }
    let contexts = try ClientContexts(Snapshot(policy: .standard, ring: try await world.ring(), clients: clients))
    for client in clients + clients {
      #expect(try contexts.load(client.id).record == client)
      #expect(contexts.made.count <= ClientContexts.most)
    }
  }
}
