// Who is told of new rows of the denylist by the writer, and how far that has come.
//
// Whatever wrote a row, this process or another, it is read back in the order of commits; so the follower gets each row
// once, without a gap. What the writer's own batch has added is read inside its transaction, when the pages are at hand and
// no lock has to be taken, and told after the COMMIT, before anybody who waits for the batch hears of it.

import SQLite

/// The writer's follower. Part of `Database`, so confined to its thread.
struct DenialFollower {
  /// The last row that was told.
  private var sequence: Int64
  private let listener: @Sendable ([Denial]) -> Void

  init(after sequence: Int64, _ listener: @escaping @Sendable ([Denial]) -> Void) {
    (self.sequence, self.listener) = (sequence, listener)
  }

  /// The rows that weren't told yet, as the transaction sees them.
  func read(_ database: Database) throws(SQLiteError) -> [Denial] {
    try database.denials(after: sequence, limit: .max)
  }

  mutating func tell(_ denials: [Denial]) {
    guard let last = denials.last else { return }
    sequence = last.sequence
    listener(denials)
  }
}
