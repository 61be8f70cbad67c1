// The keys that are fetched: who needs them, who waits, when the next fetch begins. What to do is decided by KeySchedule;
// this is the part which does it, for any number of tasks at once.
//
// One fetch at a time, on a task of its own; one timer. Both hold the cache weakly, so that it ends with its verifier.

import Threads

/// The fetched keys of one issuer.
final class KeyCache: Sendable {
  fileprivate struct State {
    var schedule: KeySchedule
    var keys: TrustedKeys?
    var entityTag: String?
    /// Why the last fetch failed.
    var problem: FetchProblem?
    var waiters = WaitingList()
    var timer: Task<Void, Never>?
    var fetch: Task<Void, Never>?
  }

  private enum Step {
    case use(TrustedKeys)
    case wait(attempt: Int)
    case begin(attempt: Int)
    case refuse
    case fail(FetchProblem)
  }

  private let state: Monitor<State>
  private let fetching: any KeySetFetching
  private let options: VerifierOptions

  init(_ fetching: any KeySetFetching, _ options: VerifierOptions) {
    self.fetching = fetching
    self.options = options
    state = Monitor(
      State(
        schedule: KeySchedule(
          staleFor: options.staleFor.milliseconds, patience: options.fetching.timeout.milliseconds + 2000)))
  }

  deinit {
    state.withLock {
      $0.timer?.cancel()
      $0.fetch?.cancel()
    }
  }

  /// The keys to verify with now; waits for them when there are none yet.
  /// - Returns: the keys, and whether they came while it waited: then there is nothing newer to be had.
  func keys() async throws(VerificationError) -> (TrustedKeys, areNew: Bool) {
    switch look() {
    case .use(let keys): return (keys, false)
    case .wait(let attempt), .begin(let attempt): try await wait(for: attempt)
    case .fail(let problem): throw .keysUnavailable(problem)
    case .refuse: throw .unknownKey
    }
    let now = options.time.elapsed
    return try state.withLock { state throws(VerificationError) in
      guard let keys = state.keys, state.schedule.trustsOldKeys(at: now) else {
        throw .keysUnavailable(state.problem ?? Self.cancelled)
      }
      return (keys, state.schedule.failures == 0)
    }
  }

  /// Newer keys than those which lack a token's key, fetched if that is due; nil when there are none, and then the key is
  /// unknown.
  func keys(after old: TrustedKeys) async throws(VerificationError) -> TrustedKeys? {
    switch look(after: old) {
    case .use(let keys): return keys
    case .wait(let attempt), .begin(let attempt): try await wait(for: attempt)
    case .fail(let problem): throw .keysUnavailable(problem)
    case .refuse: return nil
    }
    return try state.withLock { state throws(VerificationError) in
      if let keys = state.keys, keys !== old { return keys }
      if state.schedule.failures > 0 { throw .keysUnavailable(state.problem ?? Self.cancelled) }
      return nil
    }
  }

  private static let cancelled = FetchProblem(.cancelled, "the fetch was cancelled")

  private func look() -> Step {
    let now = options.time.elapsed
    let step = state.withLock { state -> Step in
      switch state.schedule.access(at: now) {
      case .use: if let keys = state.keys { return .use(keys) }
      case .wait: if let attempt = state.schedule.attempt { return .wait(attempt: attempt.number) }
      case .fail: if let problem = state.problem { return .fail(problem) }
      case .begin: break
      }
      return .begin(attempt: state.schedule.begin(at: now))
    }
    if case .begin(let attempt) = step { fetch(attempt) }
    return step
  }

  private func look(after old: TrustedKeys) -> Step {
    let now = options.time.elapsed
    let step = state.withLock { state -> Step in
      if let keys = state.keys, keys !== old { return .use(keys) }
      switch state.schedule.unknownKey(at: now) {
      case .wait: if let attempt = state.schedule.attempt { return .wait(attempt: attempt.number) }
      case .fail: if let problem = state.problem { return .fail(problem) }
      case .refuse: return .refuse
      case .begin: break
      }
      return .begin(attempt: state.schedule.begin(at: now, forUnknownKey: true))
    }
    if case .begin(let attempt) = step { fetch(attempt) }
    return step
  }

  /// Waits until that fetch has ended, however.
  private func wait(for attempt: Int) async throws(VerificationError) {
    try await state.wait(in: \.waiters) { $0.schedule.attempt?.number != attempt }
  }
}

// What happens by itself.
extension KeyCache {
  private func fetch(_ attempt: Int) {
    let tag = state.withLock { $0.keys == nil ? nil : $0.entityTag }
    let task = Task.detached { [weak self, fetching] in
      let outcome: Result<KeySetAnswer, FetchProblem>
      do throws(FetchProblem) {
        outcome = .success(try await fetching.fetch(entityTag: tag))
      } catch {
        outcome = .failure(error)
      }
      self?.end(attempt, outcome)
    }
    state.withLock { $0.fetch = task }
    planTimer()
  }

  private func end(_ attempt: Int, _ outcome: Result<KeySetAnswer, FetchProblem>) {
    let held = state.withLock { $0.keys }
    let result = Result { () throws(FetchProblem) in try read(outcome.get(), held) }
    let answer = try? outcome.get()
    let now = options.time.elapsed
    let ended = state.withLock { state -> (event: KeySetEvent, waiters: WaitingList.Waiters)? in
      // One which was given up may still end.
      guard state.schedule.attempt?.number == attempt else { return nil }
      return (state.note(result, answer, at: now), state.waiters.empty())
    }
    guard let ended else { return }
    for waiter in ended.waiters { waiter.resume() }
    planTimer()
    options.observer?(ended.event)
  }

  /// The keys of an answer: those held when it is the same set.
  private func read(_ answer: KeySetAnswer, _ held: TrustedKeys?) throws(FetchProblem) -> TrustedKeys {
    switch answer.content {
    case .document(let document):
      if let held, held.document == document { return held }
      return try TrustedKeys(document: document, largestToken: options.largestToken)
    case .notModified:
      guard let held else { throw FetchProblem(.badAnswer, "the answer refers to a set that isn't held") }
      return held
    }
  }

  /// Sets the one timer to when something is due.
  private func planTimer() {
    let now = options.time.elapsed
    state.withLock { state in
      state.timer?.cancel()
      guard let due = state.schedule.due else { return }
      state.timer = Task.detached { [weak self, time = options.time] in
        await time.sleep(milliseconds: max(0, due - now))
        if !Task.isCancelled { self?.wake() }
      }
    }
  }

  /// Gives a fetch up, or begins one, when that is due.
  private func wake() {
    let now = options.time.elapsed
    enum Act { case nothing, begin(Int), giveUp(Int, Task<Void, Never>?) }
    let act = state.withLock { state -> Act in
      guard let due = state.schedule.due, now >= due else { return .nothing }
      if let attempt = state.schedule.attempt { return .giveUp(attempt.number, state.fetch) }
      return .begin(state.schedule.begin(at: now))
    }
    switch act {
    case .nothing: planTimer()
    case .begin(let attempt): fetch(attempt)
    case .giveUp(let attempt, let task):
      // First the verdict, since a fetch that is cancelled ends too, with another one.
      end(attempt, .failure(FetchProblem(.timedOut, "the fetch took too long")))
      task?.cancel()
    }
  }
}

extension KeyCache.State {
  /// Takes a fetch's result over.
  fileprivate mutating func note(
    _ result: Result<TrustedKeys, FetchProblem>, _ answer: KeySetAnswer?, at now: Int64
  ) -> KeySetEvent {
    let chance = Double.random(in: 0...1)
    switch result {
    case .success(let fresh):
      schedule.succeed(maxAge: answer?.maxAge, chance: chance)
      entityTag = answer?.entityTag
      problem = nil
      defer { keys = fresh }
      return fresh === keys ? .unchanged : .replaced(keys: fresh.keys.count)
    case .failure(let why):
      // A good set without keys is an answer, and what it says is that no key is trusted.
      let forgets = why.cause == .noUsableKey
      schedule.fail(at: now, forgets: forgets, chance: chance)
      problem = why
      if forgets { keys = nil }
      return .failed(why, trustsOldKeys: schedule.trustsOldKeys(at: now))
    }
  }
}
