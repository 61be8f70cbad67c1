// Why keys can't be read, made or changed, in words for an operator.

import JOSE
package import Storage

/// Why the key ring can't be opened, or a key not be changed.
package enum KeyRingError: Error, Sendable, CustomStringConvertible {
  case masterKey(MasterKeyError)
  case store(StoreError)
  case cryptography(String)
  /// An algorithm that isn't known, or that the OpenSSL at run time can't do.
  case algorithm(String)
  /// The store holds no keys yet.
  case empty
  case noActiveKey(String)
  case noPendingKey(String)
  case unknownKey(String)
  case revokedAlready(String)
  /// The master key comes from the environment, which names no new one: the store is wrapped by it already.
  case noNewMasterKey
  /// Other processes change the keys again and again.
  case contended

  package var description: String {
    switch self {
    case .masterKey(let error): error.description
    case .store(let error): error.description
    case .cryptography(let why): why
    case .algorithm(let name):
      "\(name) can't be offered here\(SignatureAlgorithm(rawValue: name)?.isOnDemand == true ? ", it needs OpenSSL 3.5" : "");"
        + " use one of " + KeyOffers.usable.map(\.rawValue).joined(separator: ", ")
    case .empty: "the store holds no keys yet; `signet serve` makes them at its first start"
    case .noActiveKey(let name):
      "the store has no active \(name) key; start the server, which makes one, or restore a backup"
    case .noPendingKey(let name): "the store has no pending \(name) key; start the server, which makes one"
    case .unknownKey(let kid): "there is no key \(kid); `signet key list` shows all"
    case .revokedAlready(let kid): "key \(kid) is revoked already"
    case .noNewMasterKey:
      "the store is wrapped by the master key in SIGNET_MASTER_KEY, so there is no new one; set that to a new one and "
        + "SIGNET_MASTER_KEY_PREVIOUS to the old one"
    case .contended: "another process changes the keys at the same time; try again"
    }
  }

  /// Runs an operation of the store, its failure as one of these.
  static func store<Result: Sendable>(
    _ body: @Sendable () async throws(StoreError) -> Result
  ) async throws(KeyRingError) -> Result {
    do { return try await body() } catch { throw .store(error) }
  }
}
