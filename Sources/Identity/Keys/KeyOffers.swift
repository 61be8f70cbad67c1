// Which algorithms there must be keys for: the configured ones, and of those that few can verify yet only what a client asks
// for and every server can do.

package import JOSE
package import Storage

extension SignatureAlgorithm {
  /// The algorithm of that name, where the OpenSSL at run time can do it.
  package static func usable(_ name: String) -> SignatureAlgorithm? {
    guard let algorithm = SignatureAlgorithm(rawValue: name), algorithm.isAvailable else { return nil }
    return algorithm
  }

  /// Whether there are keys for it only while a client asks: its keys and signatures are large, and few verifiers know it
  /// (RFC 9964).
  package var isOnDemand: Bool {
    switch self {
    case .mlDSA44, .mlDSA65, .mlDSA87: true
    default: false
    }
  }
}

/// What there must be keys for.
package struct KeyOffers: Sendable, Equatable {
  /// Everything that the OpenSSL at run time can do.
  package static let usable = SignatureAlgorithm.available

  /// The algorithm of clients which chose none; the first of `algorithms`.
  package let standard: SignatureAlgorithm
  package let algorithms: [SignatureAlgorithm]

  /// Every algorithm that is named.
  /// - Throws: `.algorithm` for one that isn't known or that this OpenSSL can't do.
  package init(algorithm: String, algorithms names: [String] = []) throws(KeyRingError) {
    let standard = try UnlockedKeys.algorithm(algorithm)
    var all = [standard]
    for name in names where name != algorithm { all.append(try UnlockedKeys.algorithm(name)) }
    (self.standard, self.algorithms) = (standard, all)
  }

  /// These, whether this OpenSSL can do them or not.
  init(_ standard: SignatureAlgorithm, _ algorithms: [SignatureAlgorithm]) {
    (self.standard, self.algorithms) = (standard, algorithms)
  }

  /// Without those that nobody asks for, or that a live server can't do.
  package func needed(_ demand: KeyDemand, _ live: [NodeRecord]) -> KeyOffers {
    KeyOffers(
      standard,
      algorithms.filter { algorithm in
        guard algorithm.isOnDemand else { return true }
        let isWanted = algorithm == standard || demand.algorithms.contains(algorithm.rawValue)
        return isWanted && live.allSatisfy { $0.able.contains(algorithm.rawValue) }
      })
  }

  /// The algorithms which have an active or a pending key that nobody needs: neither this server nor another live one.
  func unneeded(_ keys: [KeyRecord], _ others: [NodeRecord]) -> [String] {
    let names = Set(keys.filter { $0.state == .active || $0.state == .pending }.map(\.algorithm))
    return names.filter { name in
      !algorithms.contains { $0.rawValue == name } && !others.contains { $0.offered.contains(name) }
    }.sorted()
  }
}
