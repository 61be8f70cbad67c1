// What happened to keys between two readings, whoever did it, in words for the log.

import Identity
import JOSE
import Storage

/// One key's change.
struct KeyNews {
  let kid: String
  let algorithm: String
  /// The state it is in now; nil: it is gone.
  let state: KeyState?
  /// Whether another key signed before it.
  var isRotation = false

  /// What differs from `old`; nothing when that is the first reading.
  static func since(_ old: KeyRing?, _ new: KeyRing) -> [KeyNews] {
    guard let old else { return [] }
    let before = Dictionary(old.entries.map { ($0.jwk.kid, $0.state) }) { first, _ in first }
    let after = Set(new.entries.map(\.jwk.kid))
    let changed = new.entries.filter { before[$0.jwk.kid] != $0.state }.map { entry in
      KeyNews(
        kid: entry.jwk.kid, algorithm: entry.jwk.algorithm.rawValue, state: entry.state,
        isRotation: entry.state == .active && old.signing[entry.jwk.algorithm] != nil)
    }
    let gone = old.entries.filter { !after.contains($0.jwk.kid) }.map { entry in
      KeyNews(kid: entry.jwk.kid, algorithm: entry.jwk.algorithm.rawValue, state: nil)
    }
    return changed + gone
  }

  var sentence: String {
    let key = "key \(kid) (\(algorithm))"
    return switch state {
    case .pending: "\(key) is published; it signs when its turn comes"
    case .active: "\(key) signs from now on"
    case .retired: "\(key) signs no longer; it stays published until its last token has expired"
    case .revoked: "\(key) is revoked; its tokens are refused"
    case nil: "\(key) is gone"
    }
  }
}
