// The store on one machine: one SQLite file, one group-committing writer, separate readers, a checkpoint thread.
//
// Each thread opens its own connection and never gives it away; requests reach it as jobs through a queue. What the
// operations do stands by topic in the files beside this one.

import SQLite
package import Telemetry
import Threads

/// A store in one SQLite file.
package final class SQLiteStore: Store {
  /// What opening needs to know.
  package struct Options: Sendable {
    /// The database file; made when missing.
    package var path: String
    /// Whether pending migrations are applied; otherwise they are an error.
    package var migrates = true
    package var limits = WriteLimits()
    package var readers = 2
    /// Milliseconds for which opening waits for other processes. More than a request waits: many may start at once on a
    /// new file, and one slow fsync holds up all the others.
    package var patience: Int32 = 30_000
    /// Milliseconds since 1970, for the migration's record, and since when the denylist knows what was issued.
    package var now: Int64

    package init(path: String, now: Int64) {
      self.path = path
      self.now = now
    }
  }

  let writer: WriteQueue
  let readers = ReadPool()
  private let checkpointer = Checkpointer()
  private let threads: [Thread]

  /// Opens the file, applies migrations, starts the threads.
  /// - Parameter epoch: the store's epoch, if this is the first opening: a random number, part of every refresh token.
  package init(
    _ options: Options, epoch: UInt32, digest: @escaping SHA256, metrics: Metrics
  ) throws(StoreError) {
    let (writer, readers, checkpointer) = (WriteQueue(limits: options.limits, metrics: metrics), readers, checkpointer)
    self.writer = writer
    var opened: [Opening] = []
    var threads: [Thread] = []
    func start(_ name: String, preparing: Preparing? = nil, _ body: @escaping @Sendable (Connection) -> Void) {
      let opening = Opening()
      opened.append(opening)
      threads.append(Thread(name: name) { opening.run(options, preparing, body) })
    }
    // The file is prepared by the first connection that stays: one which closed again, as the only one, would move the
    // log into the database and delete it, three fsyncs and 2 ms of a start, for the writer to make a new one.
    start("signet-writer") { connection throws(StoreError) in
      try Self.prepare(connection, options, epoch: epoch, digest: digest)
    } _: { connection in
      connection.takeOverCheckpoints()
      writer.serve(Database(connection, digest: digest, openedAt: options.now), checkpointer: checkpointer)
    }
    var error = opened[0].outcome()
    if error == nil {
      start("signet-ckpt") { checkpointer.serve($0) }
      for number in 1...max(1, options.readers) {
        start("signet-reader-\(number)") { readers.serve(Database($0, digest: digest)) }
      }
      error = opened.compactMap { $0.outcome() }.first
    }
    self.threads = threads
    if let error {
      close()
      throw error
    }
  }

  /// Ends the threads after what is queued, and moves the log into the database.
  package func close() {
    writer.close()
    readers.close()
    checkpointer.close()
    for thread in threads { thread.join() }
  }

  private static func prepare(
    _ connection: Connection, _ options: Options, epoch: UInt32, digest: @escaping SHA256
  ) throws(StoreError) {
    let database = Database(connection, digest: digest)
    let migrator = Migrator(database, digest: digest)
    let pending = try migrator.pending()
    if !options.migrates, let first = pending.first {
      throw .schema("migration \(first) is pending and store.migrate is false; run `signet migrate`")
    }
    try migrator.apply(now: options.now)
    try database.transaction { (database) throws(StoreError) in
      try database.attempt { () throws(SQLiteError) in
        try database.statement("INSERT OR IGNORE INTO meta (name, value) VALUES ('epoch', ?)").run(
          .integer(Int64(epoch)))
      }
    }
  }

  /// The names of migrations which opening would apply; the file is made when missing.
  package static func pendingMigrations(path: String, digest: @escaping SHA256) throws(StoreError) -> [String] {
    let connection = try connect(path, create: true, patience: Options(path: path, now: 0).patience)
    return try Migrator(Database(connection, digest: digest), digest: digest).pending()
  }

  static func connect(_ path: String, create: Bool = false, patience: Int32) throws(StoreError) -> Connection {
    do {
      let connection = try Connection(
        path: path, access: create ? .readWriteCreate : .readWrite, patience: patience)
      // FULL: a commit survives power loss. The log is cut back to 64 MiB once a burst is over.
      // What is deleted is overwritten: a wiped key must not lie on in the file.
      try connection.execute(
        """
        PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
        PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;
        PRAGMA secure_delete = ON;
        """)
      return connection
    } catch {
      throw StoreError(error)
    }
  }
}

/// What is done with a connection before its thread counts as open; the file is made when missing.
private typealias Preparing = @Sendable (Connection) throws(StoreError) -> Void

/// A thread's connection: opened by the thread itself, its failure told to whoever started it.
private final class Opening: Sendable {
  private let state = Monitor<Result<Void, StoreError>?>(nil)

  func run(_ options: SQLiteStore.Options, _ preparing: Preparing?, _ body: (Connection) -> Void) {
    do throws(StoreError) {
      let connection = try SQLiteStore.connect(
        options.path, create: preparing != nil, patience: options.patience)
      try preparing?(connection)
      // From here on somebody waits for an answer.
      connection.wait(patience: 5000)
      report(.success(()))
      body(connection)
    } catch {
      report(.failure(error))
    }
  }

  private func report(_ result: Result<Void, StoreError>) {
    state.withLock { $0 = result }
    state.broadcast()
  }

  func outcome() -> StoreError? {
    state.wait { state -> StoreError?? in
      switch state {
      case nil: nil
      case .success: .some(nil)
      case .failure(let error): .some(error)
      }
    }
  }
}
