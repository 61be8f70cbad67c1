// Plays a scenario against whatever decides, and holds every answer to the invariants. They are, of each presentation,
// with the row as it stood before:
//
// 1. One successor: an accepted token of generation g is answered with g + 1, by a rotation or a retry, never with
//    anything else; after it the row stands at g + 1, so exactly one token is current.
// 2. A token more than one generation behind ends the session, unless refused before for the client, the scope, an
//    earlier end, or a deadline; the clock doesn't matter.
// 3. Only presentations of spent tokens end a session: never a mistake, the current token, or one ahead.
// 4. A spent token of the generation before ends it only when it is too old by a clock that is settled, or is the
//    second retry in a row from elsewhere where the operator chose so.
// 5. An innocent client which retries within the window, by real time, is answered the same again or refused for the
//    clock: its session goes on, however the clock jumped. (With a window, with no thief, no failover, no moving.)
// 6. Nothing is accepted at or after a deadline, nor after the end; the idle deadline never passes the absolute one.
// 7. Deciding again from the same row gives the same decision.

import Testing

@testable import Storage

/// What decides: the pure function over a row in memory, or a store.
protocol Decider {
  func rotate(_ presented: PresentedRefresh, _ policy: RefreshPolicy) async throws -> Outcome
  /// The row as it stands.
  func row() async throws -> RefreshState
  /// Puts back an earlier row: commits were lost.
  func restore(_ row: RefreshState) async throws
}

/// The state of one run.
struct RefreshWorld {
  let scenario: Scenario
  let decider: any Decider
  private(set) var outcomes: [Outcome] = []
  private var clock = SimulatedClock()
  private var address: Int64 = 1
  private var held: UInt32 = 0
  private var stolen: UInt32?
  private var history: [RefreshState] = []
  /// When the client's last rotation was really made, if its answer was lost and nothing else came in between.
  private var lostAt: Int64?

  init(_ scenario: Scenario, _ decider: any Decider) {
    (self.scenario, self.decider) = (scenario, decider)
  }

  private var policy: RefreshPolicy {
    RefreshPolicy(
      retryWindow: scenario.window, idleTTL: scenario.idle, revokesRetriesElsewhere: scenario.revokesElsewhere)
  }

  mutating func play() async throws {
    for happening in scenario.happenings { try await play(happening) }
  }

  private mutating func play(_ happening: Happening) async throws {
    switch happening {
    case .pass(let milliseconds): clock.pass(milliseconds)
    case .jump(let milliseconds): clock.jump(milliseconds)
    case .refresh(let lost, let tabs): try await refresh(lost: lost, tabs: tabs)
    case .steal: stolen = held
    case .abuse: try await abuse()
    case .move(let prefix): address = prefix
    case .failover(let commits): try await lose(commits)
    case .mistake(let mistake): try await present(held, from: address, mistake)
    }
  }

  private mutating func refresh(lost: Bool, tabs: Int) async throws {
    let presented = held
    for _ in 0..<tabs {
      let isRetry = lostAt.map { clock.real - $0 <= scenario.window } ?? false
      let outcome = try await present(presented, from: address)
      if isRetry, scenario.isInnocent { expectUnharmed(outcome) }
      if case .rotated = outcome { lostAt = clock.real }
      if !lost, let next = outcome.generation { held = next }
    }
    if held != presented { lostAt = nil }
  }

  private mutating func abuse() async throws {
    guard let copy = stolen else { return }
    if let next = try await present(copy, from: 99).generation { stolen = next }
  }

  private mutating func lose(_ commits: Int) async throws {
    guard history.count >= commits else { return }
    try await decider.restore(history[history.count - commits])
    history.removeLast(commits)
  }

  @discardableResult
  private mutating func present(
    _ generation: UInt32, from prefix: Int64, _ mistake: Mistake? = nil
  ) async throws -> Outcome {
    let (now, isSettling) = clock.moment()
    let presented = PresentedRefresh(
      clientID: mistake == .client ? "another" : nil, scope: mistake == .scope ? "admin" : nil, generation: generation,
      addressPrefix: prefix, now: now, clockIsSettling: isSettling)
    let before = try await decider.row()
    let outcome = try await decider.rotate(presented, policy)
    let after = try await decider.row()
    outcomes.append(outcome)
    if after != before { history.append(before) }
    let invariants = Invariants(before: before, presented: presented, outcome: outcome, after: after, policy: policy)
    for broken in invariants.broken(mistake) { Issue.record("seed \(scenario.seed): \(broken): \(invariants)") }
    return outcome
  }

  private func expectUnharmed(_ outcome: Outcome) {
    switch outcome {
    case .retried, .elsewhere, .refused(.clock), .refused(.expired): break
    default: Issue.record("seed \(scenario.seed): an innocent retry met \(outcome)")
    }
  }
}

extension Scenario {
  /// Whether nothing but lost answers, racing tabs and clocks disturbs the client.
  fileprivate var isInnocent: Bool { window > 0 && !hasThief && !hasFailovers && !hasMoves }
}

extension Outcome {
  /// The generation of the token in the answer.
  var generation: UInt32? {
    switch self {
    case .rotated(let next), .ahead(let next), .retried(let next), .elsewhere(let next): next
    case .refused, .reused: nil
    }
  }
}
