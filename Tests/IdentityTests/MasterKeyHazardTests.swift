// What may go wrong in a change of the master key: a key that opens the store is never lost, and none in wrong hands stays.

import Glibc
import Identity
import JOSE
import OpenSSL
import Storage
import Testing

@Suite struct MasterKeyHazardTests {
  private func change(_ world: World, _ source: MasterKeySource? = nil, compromised: Bool = false) async throws
    -> MasterKeyChange
  {
    let plan = try await MasterKeyPlan(
      world.store, source ?? .file(world.masterKeyPath), replacing: compromised, now: 5)
    return try await plan.perform(
      replacing: compromised ? try KeyOffers(algorithm: "ES256") : nil,
      KeyAct(now: 5, tokenLifetime: 600_000, reason: "stolen", context: RequestContext(actor: "operator")))
  }

  private func random() -> String { Base64URL.encode(Random.bytes(32)) }

  private func text(_ path: String) -> String {
    let file = open(path, O_RDONLY)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 43)
    return read(file, &bytes, 43) == 43 ? String(decoding: bytes, as: UTF8.self) : ""
  }

  private func write(_ text: String, _ path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    let bytes = Array(text.utf8)
    #expect(Glibc.write(file, bytes, bytes.count) == bytes.count)
  }

  private func ringOpens(_ world: World, _ source: MasterKeySource) async -> Bool {
    (try? await world.ring("ES256", source)) != nil
  }

  @Test(arguments: [false, true]) func aPreviousKeyKeepsNoFileFromBeingNew(_ compromised: Bool) async throws {
    let world = try World()
    let (path, old) = (world.masterKeyPath, random())
    _ = try await world.ring("ES256", .value(old))
    write(random() + "\n", path)
    let stolen = text(path)
    for _ in 0..<2 {
      #expect(try await change(world, .replacing(.file(path), previous: old), compromised: compromised).keys > 0)
      #expect(text(path) != stolen && access(path + ".new", F_OK) != 0)
      for key in [old, stolen] { #expect(await !ringOpens(world, .value(key))) }
      #expect(await ringOpens(world, .file(path)))
    }
  }

  @Test func keysInWrongHandsAreNotReplacedUnderTheSameOne() async throws {
    let world = try World()
    let (old, new) = (random(), random())
    _ = try await world.ring("ES256", .value(old))
    let before = try await world.store.keyMaterial()
    for source in [
      MasterKeySource.value(old), .replacing(.value(old), previous: new), .replacing(.value(old), previous: old),
    ] {
      await #expect(throws: KeyRingError.self) { try await change(world, source, compromised: true) }
      #expect(try await world.store.keyMaterial() == before)
    }
    let source = MasterKeySource.replacing(.value(new), previous: old)
    // A plan alone changes nothing.
    let plan = try await MasterKeyPlan(world.store, source, replacing: true, now: 5)
    #expect(!plan.isDone && plan.keys.material == before)
    #expect(try await world.store.keyMaterial() == before)
    #expect(try await change(world, source, compromised: true).sessionsEnded == 0)
    #expect(await !ringOpens(world, .value(old)))
    #expect(await ringOpens(world, .value(new)))
    await #expect(throws: KeyRingError.self) { try await change(world, source, compromised: true) }
  }

  @Test func filesOfTheDeadGoAndNothingElse() async throws {
    let world = try World()
    _ = try await world.ring()
    let path = world.masterKeyPath
    let (dead, held) = (path + ".tmp-AAAAbbbb-_12", path + ".tmp-AAAAbbbb-_13")
    let others = [
      path + ".backup-20301", path + ".new.20301121-bak", path + ".tmp-short", world.folder + "/x.tmp-AAAAbbbb-_12",
    ]
    for file in [dead, held] + others { write("x", file) }
    defer { for file in [held] + others { unlink(file) } }
    let holder = open(held, O_RDONLY | O_CLOEXEC)
    #expect(flock(holder, LOCK_EX) == 0)
    _ = try await change(world)
    #expect(access(dead, F_OK) != 0)
    for file in [held] + others { #expect(access(file, F_OK) == 0, "\(file) is gone") }
    close(holder)
    _ = try await change(world)
    #expect(access(held, F_OK) != 0)
  }
}
