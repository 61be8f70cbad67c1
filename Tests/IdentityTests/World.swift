// A store in a folder of its own with its master key, for tests of the domain without HTTP.

import Glibc
import Identity
import OpenSSL
import Passwords
import Storage
import Synchronization
import Telemetry

/// A data folder that is gone with the test.
final class World: Sendable {
  let folder: String
  let store: SQLiteStore
  let metrics = Metrics()
  var masterKeyPath: String { folder + "/master.key" }

  init() throws {
    var template = Array("/tmp/signet-identity-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StoreError.readOnly }
    folder = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    store = try Self.open(folder, metrics)
  }

  static func open(
    _ folder: String, _ metrics: Metrics, now: Int64 = 1_700_000_000_000
  ) throws -> SQLiteStore {
    let options = SQLiteStore.Options(path: folder + "/signet.db", now: now)
    return try SQLiteStore(options, epoch: 7, digest: { Digest.sha256($0) }, metrics: metrics)
  }

  func ring(
    _ algorithm: String = "ES256", _ source: MasterKeySource? = nil, offering algorithms: [String] = []
  ) async throws -> KeyRing {
    var policy = Policy.standard
    (policy.algorithm, policy.algorithms) = (algorithm, [algorithm] + algorithms)
    let upkeep = KeyUpkeep(store, source ?? .file(masterKeyPath), node: UniqueID(high: 1, low: 1))
    return try await upkeep.ring(policy, FakeClock().clock.moment()).ring
  }

  func issuer(_ ring: KeyRing, clock: Clock, policy: Policy = .standard) async throws -> (Issuer, HashingPool) {
    let parameters = try Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
    let pool = HashingPool(threads: 1, queue: 64, deadline: 10_000, parameters: parameters)
    let snapshot = Snapshot(policy: policy, ring: ring, clients: try await store.clients())
    let authority = Authority(store: store, hashing: pool, clock: clock, metrics: metrics, snapshot: snapshot)
    return (try Issuer(authority) { _ in }, pool)
  }

  func addUser(
    _ name: String, _ password: String, _ pool: HashingPool, email: String? = nil, roles: String = "[\"editor\"]"
  ) async throws -> UniqueID {
    let id = UniqueID(random: Random.bytes(16))
    let hash = try await pool.hash(PasswordRule.bytes(password), origin: Origin(knownDevice: true, addressPrefix: 0))
      .phc
    let user = NewUser(
      id: id, username: name, usernameKey: Username.key(name), email: email, emailKey: email,
      emailVerified: email != nil, passwordHash: hash, roles: roles)
    try await store.addUser(user, now: 1_700_000_000_000, context: RequestContext(actor: "operator"))
    return id
  }

  deinit {
    store.close()
    for name in ["signet.db", "signet.db-wal", "signet.db-shm", "master.key"] { unlink(folder + "/" + name) }
    rmdir(folder)
  }
}

extension Policy {
  static let standard = Policy(
    issuer: "http://127.0.0.1:8080", audience: "api", algorithm: "ES256", accessTTL: 600_000, idleTTL: 3_600_000,
    absoluteTTL: 86_400_000, retryWindow: 60_000, revokesRetriesElsewhere: false, maxSessionsPerUser: 10,
    minimumPasswordLength: 8)
}

/// A clock that tests turn.
final class FakeClock: Sendable {
  let wall = Atomic<Int64>(1_700_000_000_000)
  let boot = Atomic<Int64>(1_000_000)

  var clock: Clock {
    Clock(
      Clock.Source(
        wall: { self.wall.load(ordering: .relaxed) }, boot: { self.boot.load(ordering: .relaxed) }))
  }

  /// Time passes.
  func pass(_ milliseconds: Int64) {
    wall.add(milliseconds, ordering: .relaxed)
    boot.add(milliseconds, ordering: .relaxed)
  }

  /// The wall clock is set.
  func jump(_ milliseconds: Int64) { wall.add(milliseconds, ordering: .relaxed) }
}

let requester = Requester(address: "203.0.113.7", addressPrefix: 7, requestID: "request-1", userAgent: "test")
