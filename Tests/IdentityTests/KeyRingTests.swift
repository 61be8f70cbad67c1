// The master key and the key ring: made once, found again, never made anew in place of lost ones.

import Glibc
import Identity
import JOSE
import OpenSSL
import SQLite
import Storage
import Testing

@Suite struct KeyRingTests {
  @Test func firstStartMakesKeysAndLaterStartsFindThem() async throws {
    let world = try World()
    let first = try await world.ring()
    let again = try await world.ring()
    #expect(first.entries.map(\.jwk.kid) == again.entries.map(\.jwk.kid))
    #expect(first.entries.map(\.state.rawValue).sorted() == ["active", "pending"])
    #expect(first.epoch == 7)
    var status = stat()
    #expect(stat(world.masterKeyPath, &status) == 0 && status.st_mode & 0o777 == 0o600)
  }

  @Test func anotherAlgorithmGetsItsOwnKeysBesideTheOldOne() async throws {
    let world = try World()
    _ = try await world.ring("ES256")
    let ring = try await world.ring("EdDSA")
    #expect(ring.published.map(\.algorithm) == [.eddsa, .eddsa, .es256])
    #expect(ring.entries.filter { $0.state == .retired }.map(\.jwk.algorithm) == [.es256])
  }

  @Test func eachOfferedAlgorithmHasAnActiveAndAPendingKey() async throws {
    let world = try World()
    let ring = try await world.ring("EdDSA", offering: ["ES256", "EdDSA", "RS256"])
    #expect(Set(ring.signing.keys) == [.es256, .rs256, .eddsa])
    #expect(ring.algorithm == .eddsa)
    for (algorithm, key) in ring.signing {
      let own = ring.entries.filter { $0.jwk.algorithm == algorithm }
      #expect(own.filter { $0.state == .active }.map(\.jwk.kid) == [key.kid])
      #expect(own.filter { $0.state == .pending }.count == 1)
    }
    let again = try await world.ring("ES256", offering: ["RS256", "EdDSA"])
    #expect(again.algorithm == .es256 && again.published.count == 6)
    await #expect(throws: KeyRingError.self) { try await world.ring("ES256", offering: ["HS256"]) }
  }

  @Test func clientsMACKeysAreUnwrappedForTheirClientAlone() async throws {
    let world = try World()
    _ = try await world.ring()
    let key = Random.bytes(48)
    let keys = try await UnlockedKeys.open(world.store, .file(world.masterKeyPath), making: false, now: 0)
    let wrapped = try keys.wrapClientKey(key, clientID: "signet").wrapped
    let hex = wrapped.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    let database = try Connection(path: world.folder + "/signet.db", access: .readWrite)
    try database.execute("UPDATE client SET mac_key = X'\(hex)'")
    #expect(try await world.ring().clientMACKeys == ["signet": key])
    try database.execute("UPDATE client SET id = 'other'")
    await #expect(throws: KeyRingError.self) { try await world.ring() }
  }

  @Test func aWrongMasterKeyIsRefusedAndMakesNothing() async throws {
    let world = try World()
    _ = try await world.ring()
    let before = try await world.store.keyMaterial()
    let wrong = MasterKeySource.value(Base64URL.encode(Random.bytes(32)))
    await #expect(throws: KeyRingError.self) { try await world.ring("ES256", wrong) }
    await #expect(throws: KeyRingError.self) { try await world.ring("RS256", wrong) }
    let after = try await world.store.keyMaterial()
    #expect(before.secrets.count == after.secrets.count && before.keys.map(\.kid) == after.keys.map(\.kid))
  }

  @Test func aLostMasterKeyIsNotReplaced() async throws {
    let world = try World()
    _ = try await world.ring()
    unlink(world.masterKeyPath)
    await #expect(throws: KeyRingError.self) { try await world.ring() }
    #expect(access(world.masterKeyPath, F_OK) != 0)
  }

  @Test(arguments: ["", "short", String(repeating: "!", count: 43), String(repeating: "A", count: 44)])
  func malformedMasterKeysAreRefused(_ text: String) {
    #expect(throws: MasterKeyError.self) { try MasterKey(base64url: text, from: "a test") }
  }

  @Test func aMasterKeyThatOthersCanReadIsRefused() async throws {
    let world = try World()
    _ = try await world.ring()
    chmod(world.masterKeyPath, 0o640)
    await #expect(throws: KeyRingError.self) { try await world.ring() }
  }

  @Test func whatIsNoKeyFileIsRefusedWithoutWaiting() async throws {
    let world = try World()
    _ = try await world.ring()
    unlink(world.masterKeyPath)
    mkfifo(world.masterKeyPath, 0o600)
    await #expect(throws: KeyRingError.self) { try await world.ring() }
  }

  /// Who can write the database, and nothing else, makes no key of Signet's.
  @Test(arguments: [
    "UPDATE signing_key SET state = 'retired' WHERE state = 'pending'",
    "UPDATE signing_key SET public_key = CAST(replace(public_key, '\"x\":\"', '\"x\":\"A') AS BLOB)",
    "UPDATE signing_key SET kid = 'forged' WHERE state = 'pending'",
  ])
  func anAlteredKeyIsRefused(_ statement: String) async throws {
    let world = try World()
    _ = try await world.ring()
    try Connection(path: world.folder + "/signet.db", access: .readWrite).execute(statement)
    await #expect(throws: KeyRingError.self) { try await world.ring() }
  }

  @Test func racingFirstStartsAgreeOnOneSetOfKeys() async throws {
    let world = try World()
    let kids = try await withThrowingTaskGroup(of: [String].self) { group in
      for _ in 0..<4 { group.addTask { try await world.ring().entries.map(\.jwk.kid) } }
      var all: Set<[String]> = []
      for try await kids in group { all.insert(kids) }
      return all
    }
    #expect(kids.count == 1)
  }
}
