// A new master key: nobody notices, whatever moment the machine dies at; or everything is replaced.

import Glibc
import Identity
import JOSE
import OpenSSL
import Passwords
import Storage
import Testing

@Suite struct MasterKeyChangeTests {
  private func change(
    _ world: World, _ source: MasterKeySource? = nil, replacing offers: KeyOffers? = nil
  ) async throws -> MasterKeyChange {
    let plan = try await MasterKeyPlan(
      world.store, source ?? .file(world.masterKeyPath), replacing: offers != nil, now: 5)
    return try await plan.perform(
      replacing: offers,
      KeyAct(now: 5, tokenLifetime: 600_000, reason: "stolen", context: RequestContext(actor: "operator")))
  }

  private func copy(_ from: String, _ to: String) {
    let (source, target) = (open(from, O_RDONLY), open(to, O_WRONLY | O_CREAT | O_TRUNC, 0o600))
    defer {
      close(source)
      close(target)
    }
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(source, &bytes, 256)
    #expect(write(target, bytes, count) == count)
  }

  private func text(_ path: String) -> String {
    let file = open(path, O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 43)
    return read(file, &bytes, 43) == 43 ? String(decoding: bytes, as: UTF8.self) : ""
  }

  /// What must be the same before and after for nobody to notice.
  private func view(_ ring: KeyRing) -> [String] {
    ring.entries.map { "\($0.jwk.kid) \($0.state)" } + ring.signing.values.map(\.kid) + [ring.mark]
  }

  @Test func everyKeyStaysUnderANewMasterKey() async throws {
    let world = try World()
    let before = try await world.ring()
    let (old, material) = (text(world.masterKeyPath), try await world.store.keyMaterial())
    let done = try await change(world)
    #expect(done.keys == material.wrapped.count && done.sessionsEnded == nil)
    #expect(text(world.masterKeyPath) != old && access(world.masterKeyPath + ".new", F_OK) != 0)
    var status = stat()
    #expect(stat(world.masterKeyPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
    let after = try await world.store.keyMaterial()
    #expect(Set(after.wrapped.secrets.map(\.wrapped)).isDisjoint(with: material.wrapped.secrets.map(\.wrapped)))
    #expect(view(try await world.ring()) == view(before))
    await #expect(throws: KeyRingError.self) { try await world.ring("ES256", .value(old)) }
  }

  /// The states in which SIGKILL can leave store and files; whoever starts then finds the key, and finishes.
  @Test(arguments: ["written", "stored", "renamed"]) func aDeathInTheMiddleIsMended(_ moment: String) async throws {
    let world = try World()
    let before = view(try await world.ring())
    let (path, next) = (world.masterKeyPath, world.masterKeyPath + ".new")
    copy(path, world.folder + "/old")
    switch moment {
    case "written":
      // The new key lies there, the store is as it was.
      copy(path, next)
      let stranger = Array((Base64URL.encode(Random.bytes(32)) + "\n").utf8)
      let file = open(next, O_WRONLY | O_TRUNC)
      #expect(write(file, stranger, stranger.count) == stranger.count)
      close(file)
    case "stored":
      _ = try await change(world)
      rename(path, next)
      copy(world.folder + "/old", path)
    default: _ = try await change(world)
    }
    let used = text(moment == "stored" ? next : path)
    #expect(view(try await world.ring()) == before)
    #expect(text(path) == used)
    #expect((access(next, F_OK) == 0) == (moment == "written"))
    // And the next change works from there.
    _ = try await change(world)
    #expect(view(try await world.ring()) == before)
    #expect(text(path) != used && access(next, F_OK) != 0)
    unlink(world.folder + "/old")
  }

  @Test func aFolderThatCanNotBeWrittenStopsNobody() async throws {
    let world = try World()
    let before = view(try await world.ring())
    let folder = world.folder + "/keys"
    mkdir(folder, 0o700)
    defer {
      for name in ["/master.key", "/master.key.new"] { unlink(folder + name) }
      rmdir(folder)
    }
    copy(world.masterKeyPath, folder + "/master.key")
    _ = try await change(world, .file(folder + "/master.key"))
    rename(folder + "/master.key", folder + "/master.key.new")
    // Without the old one, too.
    #expect(view(try await world.ring("ES256", .file(folder + "/master.key"))) == before)
  }

  @Test func aKeyFromTheEnvironmentTakesOverFromThePreviousOne() async throws {
    let world = try World()
    let (old, new) = (Base64URL.encode(Random.bytes(32)), Base64URL.encode(Random.bytes(32)))
    let before = view(try await world.ring("ES256", .value(old)))
    await #expect(throws: KeyRingError.self) { try await world.ring("ES256", .value(new)) }
    await #expect(throws: KeyRingError.self) { try await change(world, .value(old)) }
    let stranger = MasterKeySource.replacing(.value(new), previous: Base64URL.encode(Random.bytes(32)))
    await #expect(throws: KeyRingError.self) { try await world.ring("ES256", stranger) }
    let source = MasterKeySource.replacing(.value(new), previous: old)
    #expect(view(try await world.ring("ES256", source)) == before)
    #expect(view(try await world.ring("ES256", .value(new))) == before)
    // Both stay set for a while.
    #expect(view(try await world.ring("ES256", source)) == before)
    #expect(try await change(world, source).keys == 0)
  }

  @Test func theKeyMovesFromTheEnvironmentToAFile() async throws {
    let world = try World()
    let old = Base64URL.encode(Random.bytes(32))
    let before = view(try await world.ring("ES256", .value(old)))
    let file = Array((Base64URL.encode(Random.bytes(32)) + "\n").utf8)
    let descriptor = open(world.masterKeyPath, O_WRONLY | O_CREAT, 0o600)
    #expect(write(descriptor, file, file.count) == file.count)
    close(descriptor)
    let source = MasterKeySource.replacing(.file(world.masterKeyPath), previous: old)
    #expect(view(try await world.ring("ES256", source)) == before)
    #expect(view(try await world.ring()) == before)
  }

  @Test func racingStartsWrapOnce() async throws {
    let world = try World()
    let (old, new) = (Base64URL.encode(Random.bytes(32)), Base64URL.encode(Random.bytes(32)))
    let before = view(try await world.ring("ES256", .value(old)))
    try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<6 {
        group.addTask { view(try await world.ring("ES256", .replacing(.value(new), previous: old))) }
      }
      for try await ring in group { #expect(ring == before) }
    }
    let events = try await world.store.audit(after: 0, limit: 100).map(\.event)
    #expect(events.filter { $0 == "keys_rewrapped" }.count == 1)
  }

  @Test func inWrongHandsEverythingIsReplaced() async throws {
    let world = try World()
    let time = FakeClock()
    let first = try await world.ring("ES256", nil, offering: ["EdDSA"])
    let (issuer, pool) = try await world.issuer(first, clock: time.clock)
    defer { pool.stop() }
    _ = try await world.addUser("ada", "correct horse", pool)
    let login = LoginRequest(username: "ada", password: "correct horse")
    let tokens = try await issuer.login(login, from: requester)
    let done = try await change(world, replacing: try KeyOffers(algorithm: "ES256", algorithms: ["EdDSA"]))
    #expect(done.sessionsEnded == 1 && done.keys == 4)
    let ring = try await world.ring("ES256", nil, offering: ["EdDSA"])
    #expect(Set(ring.published.map(\.kid)).isDisjoint(with: first.published.map(\.kid)))
    #expect(ring.published.count == 4 && ring.entries.filter { $0.state == .revoked }.count == 4)
    try issuer.adopt(Snapshot(policy: .standard, ring: ring, clients: try await world.store.clients()))
    await #expect(throws: Refusal(.invalidGrant, cause: "malformed")) {
      try await issuer.refresh(RefreshRequest(refreshToken: tokens.refreshToken), from: requester)
    }
    await #expect(throws: Refusal.self) { try await issuer.bearer(tokens.accessToken) }
    let again = try await issuer.login(login, from: requester)
    _ = try await issuer.bearer(again.accessToken)
  }
}
