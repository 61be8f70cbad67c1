// What a store does when the disk is full, when its files can't be written, and when the process dies.

import Glibc
import SQLite
import Testing
import Threads

@testable import Storage

@Suite struct FaultTests {
  /// A small file system in memory, which only root can mount; nil without.
  private final class SmallDisk {
    let place: SQLitePlace
    private let folder: String

    init?(kibibytes: Int) throws {
      var template = Array("/tmp/signet-disk-XXXXXX".utf8CString)
      guard mkdtemp(&template) != nil else { throw SystemError(code: errno) }
      folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard SystemCall.mount(on: folder, kibibytes: kibibytes) else {
        rmdir(folder)
        return nil
      }
      place = try SQLitePlace(parent: folder)
    }

    deinit {
      place.remove()
      unlink("\(folder)/filler")
      SystemCall.unmount(folder)
      rmdir(folder)
    }

    func fill() { try? Files.write([UInt8](repeating: 1, count: 1 << 24), to: "\(folder)/filler") }

    /// Deletes the filler and waits for its room: a process that another test starts at this moment holds the file
    /// open until its `exec`.
    func free() {
      unlink("\(folder)/filler")
      for _ in 0..<2000 where room < 256 { usleep(5000) }
    }

    /// Free blocks of 4 KiB.
    private var room: UInt64 {
      var status = statvfs()
      return statvfs(folder, &status) == 0 ? UInt64(status.f_bavail) : 0
    }
  }

  @Test func aFullDiskRefusesAndRecovers() async throws {
    guard let disk = try SmallDisk(kibibytes: 4096) else { return }
    let world = World(store: try disk.place.openSQLite(), place: disk.place)
    let session = try await world.session()
    var generation: UInt32 = 0
    for _ in 0..<3 {
      disk.fill()
      let error = await rotate(session.id, from: &generation, in: world)
      #expect(error == .full)
      await #expect(throws: StoreError.full) { try await world.store.probe(now: World.start) }
      // Reading goes on, and shows what was acknowledged.
      #expect(try await world.found(session.id).generation == generation)
      disk.free()
      #expect(try await world.rotate(session.id, generation) == .rotated(to: generation + 1))
      generation += 1
    }
    disk.place.close()
    let reopened = World(store: try disk.place.openSQLite(), place: disk.place)
    #expect(try await reopened.found(session.id).generation == generation)
    try expectIntegrity(disk.place)
  }

  /// Rotates until the store refuses; why it did.
  private func rotate(_ session: UniqueID, from generation: inout UInt32, in world: World) async -> StoreError? {
    do {
      for _ in 0..<5000 {
        guard try await world.rotate(session, generation) == .rotated(to: generation + 1) else { return nil }
        generation += 1
      }
      return nil
    } catch { return error as? StoreError }
  }

  @Test(arguments: [false, true]) func filesThatCannotBeWritten(_ theFolderToo: Bool) async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    _ = try place.openSQLite()
    place.close()
    chmod(place.path, 0o444)
    chmod(place.folder, theFolderToo ? 0o555 : 0o777)
    let outcome = Monitor<StoreError?>(nil)
    Thread(name: "nobody") {
      // Root may write anywhere; this thread, and those it starts, may not.
      SystemCall.becomeNobodyToFiles()
      do throws(StoreError) { _ = try place.openSQLite() } catch { outcome.withLock { $0 = error } }
    }.join()
    #expect(outcome.withLock { $0 } == .readOnly)
    chmod(place.folder, 0o700)
    chmod(place.path, 0o600)
    try await place.openSQLite().probe(now: World.start)
  }

  @Test func missingFolders() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    rmdir(place.folder)
    #expect(throws: StoreError.readOnly) { try place.openSQLite() }
  }

  /// Both sides checkpoint as often as they can, while a reader holds an old snapshot now and then.
  @Test func checkpointsLoseNothing() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let world = World(
      store: try place.openSQLite {
        ($0.limits.log.checkpoint, $0.limits.log.finish, $0.limits.log.remainder) = (2, 3, 2)
        ($0.limits.log.slow, $0.limits.log.most, $0.limits.log.pause) = (4, 6, 1)
      }, place: place)
    var sessions: [UniqueID] = []
    for _ in 0..<8 { sessions.append(try await world.session().id) }
    let reader = try place.connect()
    for round in 0..<40 {
      if round % 4 == 0 { try reader.execute("BEGIN; SELECT count(*) FROM session") }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for id in sessions {
          group.addTask {
            let outcome = try await world.rotate(id, UInt32(round))
            #expect(outcome == .rotated(to: UInt32(round + 1)))
          }
        }
        try await group.waitForAll()
      }
      if round % 4 == 2 { try reader.execute("COMMIT") }
    }
    // What a process leaves behind that is killed now.
    let killed = try SQLitePlace()
    defer { killed.remove() }
    for suffix in ["", "-wal"] { try Files.copy(place.path + suffix, to: killed.path + suffix) }
    place.close()
    for left in [place, killed] {
      let after = World(store: try left.openSQLite(), place: left)
      for id in sessions { #expect(try await after.found(id).generation == 40) }
      try expectIntegrity(left)
    }
  }

  /// Rows are read while other statements of the same connection run, and texts come from an empty cache.
  @Test func readsWithinReads() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let world = World(store: try place.openSQLite(), place: place)
    let user = try await world.addUser()
    for number in 0..<50 {
      let new = NewSession(
        id: .unique(), userID: user, clientID: ClientRecord.builtIn, scope: "scope-\(number)", audience: "a",
        amr: "pwd",
        now: World.start + Int64(number), idleDeadline: World.start + 1000, absoluteDeadline: World.start + 1000,
        addressPrefix: 1, device: nil, address: "", userAgent: "agent-\(number % 7)")
      try await world.login(new)
    }
    let second = try place.openSQLite()
    let found = try await second.sessions(of: user, now: World.start + 50)
    #expect(found.map(\.scope) == (0..<50).reversed().map { "scope-\($0)" })
    #expect(found.compactMap(\.userAgent) == (0..<50).reversed().map { "agent-\($0 % 7)" })
  }

  private func expectIntegrity(_ place: SQLitePlace) throws {
    let result = try place.connect().statement("PRAGMA integrity_check").first { row in row.text(0) }
    #expect(result == "ok")
  }
}
