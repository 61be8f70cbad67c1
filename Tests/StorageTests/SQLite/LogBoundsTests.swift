// The bounds of the write-ahead log: who checkpoints when, and that a log which is written without a pause still ends.

import SQLite
import Testing

@testable import Storage

@Suite struct LogBoundsTests {
  private let bounds = LogBounds()

  @Test func aShortLogIsLeftAlone() {
    #expect(bounds.act(frames: 999, done: 0) == .nothing)
    #expect(bounds.act(frames: 1000, done: 0) == .wake)
    // What is over the bound of the remainder is the thread's.
    #expect(bounds.act(frames: 3999, done: 3999) == .wake)
  }

  @Test func theWriterDoesTheLastLittle() {
    #expect(bounds.act(frames: 4000, done: 3744) == .checkpoint)
    #expect(bounds.act(frames: 4000, done: 3743) == .wake)
    #expect(bounds.act(frames: 4000, done: nil) == .wake)
  }

  @Test func aLogThatOutgrowsTheThreadSlowsTheWriter() {
    #expect(bounds.act(frames: 16_384, done: nil) == .slow(1))
    #expect(bounds.act(frames: 24_576, done: 0) == .slow(5))
    #expect(bounds.act(frames: 32_768, done: 0) == .slow(10))
    #expect(bounds.act(frames: 65_535, done: nil) == .slow(10))
    #expect(bounds.act(frames: 24_576, done: 24_400) == .checkpoint)
  }

  @Test func aStuckThreadIsDoneWithout() {
    #expect(bounds.act(frames: 65_536, done: nil) == .checkpoint)
  }

  /// By a connection that has read nothing yet, which doesn't know that there is a log.
  @Test func whoeverComesMayEmptyIt() throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let path = place.folder + "/log.db"
    let owner = try Connection(path: path, access: .readWriteCreate)
    try owner.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (x)")
    #expect(try Files.read(path + "-wal").count > 0)
    #expect(try Connection(path: path, access: .readWrite).emptyLog())
    #expect(try Files.read(path + "-wal").isEmpty)
  }

  /// Writers which never pause leave no moment at which a pass alone would end the log.
  @Test func theLogEndsUnderLoad() async throws {
    let place = try SQLitePlace()
    defer { place.remove() }
    let store = try place.openSQLite {
      ($0.limits.log.checkpoint, $0.limits.log.finish, $0.limits.log.remainder) = (10, 40, 40)
    }
    let lengths = try await withThrowingTaskGroup(of: Int.self) { group in
      for writer in 0..<4 {
        group.addTask {
          var longest = 0
          for number in 0..<300 {
            let user = World.newUser("user-\(writer)-\(number)")
            try await store.addUser(user, now: World.start, context: World.context)
            longest = max(longest, try await store.writer.write { $0.connection.logFrames })
          }
          return longest
        }
      }
      return try await group.reduce(into: [Int]()) { $0.append($1) }
    }
    // Each of the 1200 additions writes at least two pages: without an end the log would have as many frames.
    #expect((lengths.max() ?? 0) < 2400, "\(lengths)")
  }
}
