// Opening a database: a fresh one, one that is already right, one of the future, one that was tampered with.

import OpenSSL
import SQLite
import Telemetry
import Testing
import Threads

@testable import Storage

@Suite struct OpeningTests {
  private let digest: SHA256 = { Digest.sha256($0) }

  @Test func migrationsAreAppliedOnce() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let names = try SQLiteStore.pendingMigrations(path: place.path, digest: digest)
    #expect(names.first == "v0001_initial" && names == names.sorted())
    #expect(
      throws: StoreError.schema("migration v0001_initial is pending and store.migrate is false; run `signet migrate`")
    ) {
      try place.openSQLite { $0.migrates = false }
    }
    _ = try place.openSQLite()
    place.close()
    #expect(try SQLiteStore.pendingMigrations(path: place.path, digest: digest).isEmpty)
    _ = try place.openSQLite { $0.migrates = false }
    let rows = try place.connect().statement("SELECT version, name, applied_at FROM migration").all { row in
      "\(row.integer(0)) \(row.text(1)) \(row.integer(2))"
    }
    #expect(rows == names.enumerated().map { "\($0 + 1) \($1) \(World.start)" })
  }

  @Test(arguments: [
    ("INSERT INTO migration VALUES (99, 'v0099_future', x'00', 0)", "a newer signet wrote it"),
    ("UPDATE migration SET checksum = zeroblob(32)", "the file was changed after it was applied"),
  ])
  func otherHistoriesAreRefused(_ sql: String, _ words: String) throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    _ = try place.openSQLite()
    place.close()
    try place.execute(sql)
    let error = #expect(throws: StoreError.self) { try place.openSQLite() }
    #expect(error?.cause == "store_schema")
    #expect(error?.description.contains(words) == true)
  }

  @Test func aMigrationThatFailsLeavesNothing() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let database = Database(try SQLiteStore.connect(place.path, create: true, patience: 5000), digest: digest)
    func migrator(_ second: String) -> Migrator {
      let files = [("v0001_first", "CREATE TABLE first (x);"), ("v0002_second", second)]
      return Migrator(database, digest: digest, files: files.map { (name: $0.0, sql: Array($0.1.utf8)) })
    }
    func tables() throws -> [String] {
      try database.statement("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all { $0.text(0) }
    }
    let broken = migrator("CREATE TABLE second (x); INSERT INTO second VALUES (1); INSERT INTO nowhere VALUES (1);")
    #expect(throws: StoreError.self) { try broken.apply(now: 0) }
    #expect(try tables() == ["first", "migration"])
    #expect(try broken.pending() == ["v0002_second"])
    try migrator("CREATE TABLE second (x);").apply(now: 0)
    #expect(try tables() == ["first", "migration", "second"])
  }

  @Test func theEpochStays() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    _ = try place.openSQLite()
    place.close()
    let store = try SQLiteStore(
      SQLiteStore.Options(path: place.path, now: 0), epoch: 99, digest: digest, metrics: Metrics())
    defer { store.close() }
    #expect(try await store.keyMaterial().epoch == 7)
  }

  /// A server and commands that start at the same moment, on a folder that is still empty.
  @Test func manyOpenAtOnce() throws {
    for _ in 0..<5 {
      let place = try SQLitePlace()
      defer { place.remove() }
      let errors = Monitor<[StoreError]>([])
      let threads = (0..<6).map { number in
        Thread(name: "opener-\(number)") {
          do throws(StoreError) { _ = try place.openSQLite() } catch { errors.withLock { $0.append(error) } }
        }
      }
      for thread in threads { thread.join() }
      #expect(errors.withLock { $0 } == [])
    }
  }

  @Test func aLockThatStaysIsWaitedForAndNamed() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    _ = try place.openSQLite()
    place.close()
    let holder = try Connection(path: place.path, access: .readWrite)
    try holder.execute("BEGIN IMMEDIATE")
    var options = SQLiteStore.Options(path: place.path, now: 0)
    options.patience = 20
    #expect(throws: StoreError.busy) { try SQLiteStore(options, epoch: 1, digest: digest, metrics: Metrics()) }
    try holder.execute("ROLLBACK")
    try SQLiteStore(options, epoch: 1, digest: digest, metrics: Metrics()).close()
  }

  @Test func whatIsNoDatabaseIsRefused() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    try Files.write(Array(repeating: UInt8(ascii: "x"), count: 8192), to: place.path)
    let error = #expect(throws: StoreError.self) { try place.openSQLite() }
    #expect(error?.description.contains("restore a backup") == true)
  }
}
