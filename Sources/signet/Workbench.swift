// What a command works with: the settings, the data folder, the open store.

import Configuration
import Glibc
import Identity
import JOSE
import OpenSSL
import Passwords
import Storage
import Telemetry

/// An open data folder, for one command.
struct Workbench {
  let settings: Settings
  let folder: DataFolder
  let store: SQLiteStore

  /// Who acts, in the audit trail: the operator at the command line.
  static let context = RequestContext(actor: "operator")

  /// Opens the folder that the options name, runs `body`, and closes it.
  /// - Parameter creating: whether a folder that is missing is made; otherwise it was probably mistyped.
  static func open<Result>(
    _ options: ConfigurationOptions, creating: Bool = false, _ body: (Workbench) async throws -> Result
  ) async throws -> Result {
    let settings = try options.load().settings
    return try await CommandFailure.wrap {
      let folder = creating ? try DataFolder(preparing: settings.data) : try DataFolder(existing: settings.data)
      let store = try openStore(settings, folder, Metrics())
      defer { store.close() }
      return try await body(Workbench(settings: settings, folder: folder, store: store))
    }
  }

  /// Opens the store of a data folder, as the settings say.
  static func openStore(_ settings: Settings, _ folder: DataFolder, _ metrics: Metrics) throws -> SQLiteStore {
    var options = SQLiteStore.Options(path: try storePath(settings), now: now)
    options.migrates = settings.store.migrate
    do {
      return try SQLiteStore(options, epoch: randomEpoch(), digest: digest, metrics: metrics)
    } catch {
      throw CommandFailure.failed("the store \(options.path) can't be opened: \(error)")
    }
  }

  /// The database file that `store.url` names.
  static func storePath(_ settings: Settings) throws -> String {
    let scheme = "sqlite://"
    guard settings.store.url.hasPrefix(scheme) else {
      throw CommandFailure.usage("store.url must begin with sqlite:///; other stores aren't supported by this version")
    }
    let path = String(settings.store.url.dropFirst(scheme.count))
    // sqlite:///./PATH is relative to the current folder.
    return path.hasPrefix("/./") || path.hasPrefix("/../") ? String(path.dropFirst()) : path
  }

  /// SHA-256, as the store wants it.
  static let digest: SHA256 = { Digest.sha256($0) }

  /// Milliseconds since 1970.
  static var now: Int64 { Clock().moment().now }

  static func randomEpoch() -> UInt32 { Random.bytes(4).reduce(0) { $0 << 8 | UInt32($1) } }

  /// The store's keys with the master key of the settings that opens them, for changes.
  /// - Parameter making: whether an empty store gets keys.
  func keys(making: Bool = false) async throws -> UnlockedKeys {
    let keys = try await UnlockedKeys.open(store, Self.masterKeySource(settings), making: making, now: Self.now)
    Self.tell(keys.notes)
    return keys
  }

  /// What opening the keys did or couldn't do, for people: standard output may be for programs.
  static func tell(_ notes: [String]) { for note in notes { Output.line("note: \(note)", to: 2) } }

  /// The keys that verify tokens, each checked by its MAC.
  func published() async throws -> [PublicJWK] { try await keys().published() }

  static func masterKeySource(_ settings: Settings) -> MasterKeySource {
    let source = settings.masterKey.map { MasterKeySource.value($0.reveal()) } ?? .file(settings.masterKeyFile)
    return settings.masterKeyPrevious.map { .replacing(source, previous: $0.reveal()) } ?? source
  }

  /// The user with this name.
  func user(_ name: String) async throws -> UserRecord {
    guard let user = try await store.findUser(loginKey: Username.key(name)) else {
      throw CommandFailure.failed("there is no user \(name); `signet user list` shows all")
    }
    return user
  }

  /// Hashes a password with the parameters of the settings.
  func hash(_ password: String) async throws -> String {
    let parameters = try settings.argon2
    let pool = HashingPool(threads: 1, queue: 4, deadline: 60_000, parameters: parameters)
    defer { pool.stop() }
    return try await pool.hash(PasswordRule.bytes(password), origin: Origin(knownDevice: true, addressPrefix: 0)).phc
  }
}

extension Settings {
  /// The parameters of new password hashes.
  var argon2: Argon2Parameters {
    get throws {
      do {
        return try Argon2Parameters(
          memoryKiB: password.memoryKiB, iterations: password.iterations, parallelism: password.parallelism)
      } catch {
        throw CommandFailure.usage(
          "password.memory_kib, password.iterations and password.parallelism don't fit: \(error)")
      }
    }
  }
}
