// Where the master key comes from, and which of several candidates a store is wrapped by.
//
// In the middle of a change of the master key there are two: in files beside each other, or one in the environment as the
// previous one. A candidate is tried on the store, never believed.

import Storage

/// Where the master key comes from.
package indirect enum MasterKeySource: Sendable {
  /// A file; made when the store holds no keys yet.
  case file(String)
  /// Given by the environment, in base64url.
  case value(String)
  /// One of the above, which is to take the place of a previous one, given by the environment in base64url.
  case replacing(MasterKeySource, previous: String)
}

/// The master key of a store, and how it was found.
enum MasterKeyFound: Sendable {
  /// The one that the source names; with what was done on the way, for the log.
  case current(MasterKey, note: String?)
  /// The store is wrapped by the previous one still.
  case previous(MasterKey, next: MasterKey)
}

extension MasterKeySource {
  /// The name by which the environment gives the previous one.
  static let previousName = "SIGNET_MASTER_KEY_PREVIOUS"

  /// The file that the key lies in; nil when the environment gives it.
  var file: MasterKeyFile? {
    switch self {
    case .file(let path): MasterKeyFile(path)
    case .value: nil
    case .replacing(let source, _): source.file
    }
  }

  /// The key for a store that holds none yet.
  func new() throws(MasterKeyError) -> MasterKey {
    switch self {
    case .file(let path): try MasterKeyFile(path).readOrCreate()
    case .value(let text): try MasterKey(base64url: text, from: "SIGNET_MASTER_KEY")
    case .replacing(let source, _): try source.new()
    }
  }

  /// The key which opens the store's keys. Throws `.wrong`, or why the key can't be read.
  func find(for material: KeyMaterial) throws(MasterKeyError) -> MasterKeyFound {
    switch self {
    case .file(let path): return try Self.find(MasterKeyFile(path), material)
    case .value(let text):
      let key = try MasterKey(base64url: text, from: "SIGNET_MASTER_KEY")
      guard key.opens(material) else { throw .wrong }
      return .current(key, note: nil)
    case .replacing(let source, let previous):
      do throws(MasterKeyError) {
        return try source.find(for: material)
      } catch {
        guard case .wrong = error else { throw error }
        let old = try MasterKey(base64url: previous, from: Self.previousName)
        guard old.opens(material) else { throw .wrong }
        return .previous(old, next: try source.new())
      }
    }
  }

  /// The file's key, or the new one beside it, for which the store was wrapped when somebody was interrupted; then what was
  /// begun is finished, where the folder can be written.
  private static func find(_ file: MasterKeyFile, _ material: KeyMaterial) throws(MasterKeyError) -> MasterKeyFound {
    let failure: MasterKeyError
    do throws(MasterKeyError) {
      let key = try file.read()
      if key.opens(material) { return .current(key, note: nil) }
      failure = .wrong
    } catch {
      failure = error
    }
    guard let next = file.readNext(), next.opens(material) else { throw failure }
    do throws(MasterKeyError) {
      try file.adoptNext(next)
      return .current(next, note: "\(file.nextPath) has taken the place of \(file.path): a new master key was begun")
    } catch {
      guard case .pending = error else { throw error }
      return .current(next, note: "\(error)")
    }
  }
}
