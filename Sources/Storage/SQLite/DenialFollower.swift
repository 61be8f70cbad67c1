// Who is told of new rows of the denylist by the writer, and how far that has come.
//
// Whatever wrote a row, this process or another, it is read back in the order of commits; so the follower gets each row
// once, without a gap. What the writer's own batch has added is read inside its transaction, when the pages are at hand and
// no lock has to be taken, and told after the COMMIT, before anybody who waits for the batch hears of it. Where the end of a
// client has added very many, the rest is read after the COMMIT, so that memory holds a page of them at a time.

import SQLite

/// The writer's follower. Part of `Database`, so confined to its thread.
struct DenialFollower {
  /// Rows that are read at once: far more than a batch of logouts adds, and a megabyte.
  static let page = 4096

  /// The last row that was told.
  private var sequence: Int64
  private let listener: @Sendable ([Denial]) -> Void

  init(after sequence: Int64, _ listener: @escaping @Sendable ([Denial]) -> Void) {
    (self.sequence, self.listener) = (sequence, listener)
  }

  /// The first rows that weren't told yet.
  func read(_ database: Database) throws(SQLiteError) -> [Denial] {
    try database.denials(after: sequence, limit: Self.page)
  }

  /// Tells these rows; whether there may be more.
  mutating func tell(_ denials: [Denial]) -> Bool {
    guard let last = denials.last else { return false }
    sequence = last.sequence
    listener(denials)
    return denials.count == Self.page
  }
}
