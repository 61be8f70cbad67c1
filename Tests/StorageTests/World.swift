// What every test of a store begins with: a user, a session, a moment; and results short enough to compare.

import Storage
import Testing

/// A store with the shorthand that tests use. Times are milliseconds since 1970.
struct World: Sendable {
  let store: any Store
  let place: any Place

  static let start: Int64 = 1_700_000_000_000
  static let context = RequestContext(actor: "user", address: "192.0.2.1", requestID: "request-1")
  static let hash = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$aGFzaA"
  static let policy = RefreshPolicy(retryWindow: 60_000, idleTTL: 600_000, revokesRetriesElsewhere: false)

  static func newUser(
    _ name: String, email: String? = nil, verified: Bool = true, hash: String? = World.hash
  ) -> NewUser {
    NewUser(
      id: .unique(), username: name.uppercased(), usernameKey: name, email: email?.uppercased(), emailKey: email,
      emailVerified: verified, passwordHash: hash, roles: "[\"reader\"]")
  }

  func addUser(_ name: String = "ann", email: String? = nil, verified: Bool = true) async throws -> UniqueID {
    let user = Self.newUser(name, email: email, verified: verified)
    try await store.addUser(user, now: Self.start, context: Self.context)
    return user.id
  }

  func addClient(
    _ id: String, grants: [String] = ["password", "refresh_token"], accessTTL: Int64? = nil, idleTTL: Int64? = nil
  ) async throws {
    let client = ClientRecord(
      id: id, name: "A client", isPublic: true, isFirstParty: true, grants: grants,
      audiences: ["https://api.example"], scopes: ["read", "write"], accessTTL: accessTTL, idleTTL: idleTTL,
      createdAt: Self.start)
    try await store.addClient(client, context: Self.context)
  }

  static func newSession(
    of user: UniqueID, client: String = ClientRecord.builtIn, at now: Int64 = start, absolute: Int64 = 2_000_000,
    confirmation: [UInt8]? = nil, audience: String = "https://api.example"
  ) -> NewSession {
    NewSession(
      id: .unique(), userID: user, clientID: client, scope: "read write", audience: audience, amr: "pwd",
      now: now, idleDeadline: now + policy.idleTTL, absoluteDeadline: now + absolute, addressPrefix: 1,
      confirmation: confirmation, device: "phone", address: "192.0.2.1", userAgent: "Browser/1")
  }

  @discardableResult
  func login(_ session: NewSession, hash: String = World.hash, max: Int = 100) async throws -> SessionAndUser? {
    try await store.login(session, passwordHash: hash, maxPerUser: max, context: Self.context)
  }

  /// A fresh session, of a fresh user where none is given.
  func session(of user: UniqueID? = nil, at now: Int64 = start) async throws -> SessionRecord {
    let owner: UniqueID
    if let user { owner = user } else { owner = try await addUser("user-\(UniqueID.unique())") }
    return try #require(await login(Self.newSession(of: owner, at: now))).session
  }

  func rotate(
    _ session: UniqueID, _ generation: UInt32, after delay: Int64 = 0, from prefix: Int64 = 1, client: String? = nil,
    scope: String? = nil, policy: RefreshPolicy = World.policy, settling: Bool = false
  ) async throws -> Outcome {
    let presented = PresentedRefresh(
      clientID: client, scope: scope, generation: generation, addressPrefix: prefix, now: Self.start + delay,
      clockIsSettling: settling)
    return Outcome(
      try await store.rotate(
        RotationRequest(session: session, presented: presented, policy: policy, context: Self.context)))
  }

  func found(_ session: UniqueID) async throws -> SessionRecord {
    try #require(await store.findSession(session)).session
  }

  /// The audit trail's events, oldest first.
  func events() async throws -> [String] { try await store.audit(after: 0, limit: 10_000).map(\.event) }
}

/// A rotation's result, comparable.
enum Outcome: Equatable, Sendable {
  case rotated(to: UInt32), ahead(to: UInt32), retried(UInt32), elsewhere(UInt32)
  case refused(RefreshRefusal)
  case reused(distance: Int, age: Int64)

  init(_ rotation: Rotation) {
    self =
      switch rotation {
      case .rotated(let found, false): .rotated(to: found.session.generation)
      case .rotated(let found, true): .ahead(to: found.session.generation)
      case .retried(let found, false): .retried(found.session.generation)
      case .retried(let found, true): .elsewhere(found.session.generation)
      case .refused(let refusal): .refused(refusal)
      case .reused(_, let distance, let age): .reused(distance: distance, age: age)
      }
  }
}

extension UniqueID {
  static func unique() -> UniqueID { UniqueID(random: (0..<16).map { _ in UInt8.random(in: 0...255) }) }
}
