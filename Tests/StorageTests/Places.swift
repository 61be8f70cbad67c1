// Where the tests' stores live: a temporary folder each, so that tests run side by side.
//
// The conformance tests know `BackEnd` and `Place` alone; a further back end is one more line in `BackEnd.all`.

import Glibc
import OpenSSL
import SQLite
import Storage
import Telemetry
import Testing
import Threads

/// A kind of store, for the conformance tests to run on.
struct BackEnd: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let makePlace: @Sendable () throws -> any Place

  static let all = [
    BackEnd(testDescription: "SQLite") { try SQLitePlace() }
  ]

  /// Runs `body` with an empty store, and leaves nothing behind.
  func run(_ body: (World) async throws -> Void) async throws {
    let place = try makePlace()
    defer { place.remove() }
    try await body(World(store: try place.open(), place: place))
  }
}

/// An empty place of one back end.
protocol Place: Sendable {
  /// Opens a store on it, as another process would.
  func open() throws -> any Store
  /// Changes data behind every store's back, by SQL that all back ends understand.
  func execute(_ sql: String) throws
  /// Closes what was opened, and deletes everything.
  func remove()
}

/// A temporary folder with one SQLite database.
final class SQLitePlace: Place {
  let folder: String
  private let opened = Monitor<[SQLiteStore]>([])

  var path: String { "\(folder)/signet.db" }

  init(parent: String = "/tmp") throws {
    var template = Array("\(parent)/signet-storage-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw SystemError(code: errno) }
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func open() throws -> any Store { try openSQLite() }

  func openSQLite(_ configure: (inout SQLiteStore.Options) -> Void = { _ in }) throws(StoreError) -> SQLiteStore {
    var options = SQLiteStore.Options(path: path, now: World.start)
    // A busy machine must not look like a slow store; who tests the deadline sets one.
    options.limits.deadline = 600_000
    configure(&options)
    let store = try SQLiteStore(options, epoch: 7, digest: { Digest.sha256($0) }, metrics: Metrics())
    opened.withLock { $0.append(store) }
    return store
  }

  func execute(_ sql: String) throws { try connect().execute(sql) }

  /// A connection beside those of the stores.
  func connect() throws -> Connection { try Connection(path: path, access: .readWrite) }

  /// Closes the stores that were opened, and keeps the files.
  func close() {
    let stores = opened.withLock { opened in
      defer { opened = [] }
      return opened
    }
    for store in stores { store.close() }
  }

  func remove() {
    close()
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
    rmdir(folder)
  }
}

struct SystemError: Error {
  let code: Int32
}
