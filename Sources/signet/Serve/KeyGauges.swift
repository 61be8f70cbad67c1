// What operators watch of the keys.

import Identity
import JOSE
import Storage
import Telemetry
import Threads

/// The keys' metrics.
struct KeyGauges {
  /// Times of the clock that never jumps, in milliseconds.
  private struct Facts {
    /// When the key of an algorithm and a state began.
    var beginnings: [String: Int64] = [:]
    /// When the key of an algorithm is rotated.
    var rotations: [String: Int64] = [:]
    var counts: [KeyState: Int] = [:]
  }

  private final class Box: Sendable {
    let facts = Monitor(Facts())
  }

  private let box = Box()
  private let rotations: [String: Counter]
  private let transitions: [KeyState: Counter]
  private let deletions: Counter
  private static let states: [KeyState] = [.pending, .active, .retired, .revoked]

  init(_ metrics: Metrics, _ clock: Clock, _ algorithms: [String]) {
    let box = box
    for algorithm in algorithms {
      for state in [KeyState.pending, .active] {
        let name = "\(algorithm) \(state.rawValue)"
        metrics.gauge(
          "signet_key_age_seconds", "How long the key has signed, or the pending one has been published; NaN: none.",
          labels: [("algorithm", algorithm), ("state", state.rawValue)]
        ) {
          box.facts.withLock { $0.beginnings[name] }.map { Double(clock.elapsed - $0) / 1000 } ?? .nan
        }
      }
      metrics.gauge(
        "signet_key_next_rotation_seconds", "In how long the key is rotated; NaN: not by itself.",
        labels: [("algorithm", algorithm)]
      ) {
        box.facts.withLock { $0.rotations[algorithm] }.map { Double(max(0, $0 - clock.elapsed)) / 1000 } ?? .nan
      }
    }
    for state in Self.states {
      metrics.gauge("signet_keys", "Signing keys in the store.", labels: [("state", state.rawValue)]) {
        Double(box.facts.withLock { $0.counts[state] ?? 0 })
      }
    }
    func transitions(_ state: String) -> Counter {
      metrics.counter(
        "signet_key_transitions_total", "Signing keys that came into a state.", labels: [("state", state)])
    }
    self.transitions = Dictionary(uniqueKeysWithValues: Self.states.map { ($0, transitions($0.rawValue)) })
    deletions = transitions("gone")
    rotations = Dictionary(
      algorithms.map { algorithm in
        let help = "Times that another key began to sign."
        return (
          algorithm, metrics.counter("signet_key_rotations_total", help, labels: [("algorithm", algorithm)])
        )
      }
    ) { first, _ in first }
  }

  /// Counts a key's change.
  func count(_ news: KeyNews) {
    if let state = news.state { transitions[state]?.add() } else { deletions.add() }
    if news.isRotation { rotations[news.algorithm]?.add() }
  }

  /// Takes over what is true now.
  func update(_ snapshot: Snapshot, _ schedule: KeySchedule, elapsed: Int64) {
    var facts = Facts()
    for entry in snapshot.ring.entries {
      facts.counts[entry.state, default: 0] += 1
      guard entry.state == .active || entry.state == .pending else { continue }
      let name = "\(entry.jwk.algorithm.rawValue) \(entry.state.rawValue)"
      facts.beginnings[name] = elapsed - (schedule.age(entry.jwk.kid, elapsed: elapsed) ?? 0)
    }
    for algorithm in snapshot.ring.signing.keys {
      let wait = schedule.untilRotation(algorithm, snapshot.policy.keys, elapsed: elapsed)
      facts.rotations[algorithm.rawValue] = wait.map { elapsed + $0 }
    }
    box.facts.withLock { $0 = facts }
  }
}
