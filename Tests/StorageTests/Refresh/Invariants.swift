// What must hold of one presentation; the numbers are those at the head of RefreshWorld.swift.

@testable import Storage

struct Invariants {
  let before: RefreshState
  let presented: PresentedRefresh
  let outcome: Outcome
  let after: RefreshState
  let policy: RefreshPolicy

  private var wasRevoked: Bool { after.revoked && !before.revoked }
  private var deadline: Int64 { min(before.idleDeadline, before.absoluteDeadline) }
  private var distance: Int { Int(before.generation) - Int(presented.generation) }

  /// Names of the invariants which don't hold.
  func broken(_ mistake: Mistake?) -> [String] {
    [
      ("1 one successor", hasOneSuccessor), ("2 spent tokens end the session", endsSpent(mistake)),
      ("3 only spent tokens end it", !wasRevoked || (distance >= 1 && mistake == nil)),
      ("4 the last spent token", endsLastSpent), ("6 lifetimes", keepsLifetimes), ("7 determinism", isDetermined),
    ].compactMap { $0.1 ? nil : $0.0 }
  }

  private var hasOneSuccessor: Bool {
    guard let next = outcome.generation else { return after.generation == before.generation }
    return next == presented.generation + 1 && after.generation == next
  }

  private func endsSpent(_ mistake: Mistake?) -> Bool {
    guard distance > 1, mistake == nil, !before.revoked, presented.now < deadline else { return true }
    return wasRevoked
  }

  private var endsLastSpent: Bool {
    guard distance == 1, wasRevoked else { return true }
    let age = presented.now - before.rotatedAt
    let isOld = !presented.clockIsSettling && (policy.retryWindow == 0 || age > policy.retryWindow) && age >= -5000
    let isSecondElsewhere =
      policy.revokesRetriesElsewhere && before.retriedElsewhere >= 1 && presented.addressPrefix != before.rotatedFrom
    return isOld || isSecondElsewhere
  }

  private var keepsLifetimes: Bool {
    guard after.idleDeadline <= after.absoluteDeadline, after.absoluteDeadline == before.absoluteDeadline else {
      return false
    }
    return outcome.generation == nil || (!before.revoked && presented.now < deadline)
  }

  private var isDetermined: Bool {
    let decision = RefreshDecision.decide(before, presented, policy)
    guard decision == RefreshDecision.decide(before, presented, policy) else { return false }
    return switch (decision, outcome) {
    case (.rotate(false), .rotated), (.rotate(true), .ahead), (.retry(false), .retried), (.retry(true), .elsewhere),
      (.reuse, .reused):
      true
    case (.refuse(let expected), .refused(let refusal)): expected == refusal
    default: false
    }
  }
}
