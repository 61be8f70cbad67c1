// The subscription of one verifier: a task that listens and comes again, and what tokens are asked of.
//
// What is denied stays denied over every interruption. The feed counts as heard when it says that nothing is missing:
// while a reconnected one still sends what was missed, nobody knows enough.

import Threads

/// Listens to one feed.
final class RevocationListener: Sendable {
  fileprivate struct State {
    var denied: DeniedTokens
    var parser = EventStreamParser()
    /// The last event that was taken, over all connections.
    var lastEventID: String?
    /// Whether this connection has told everything up to now.
    var isCurrent = false
    /// When everything was last known, in milliseconds of `TimeSource.elapsed`; nil before the first time.
    var heardAt: Int64?
    /// Why the last connection ended, until another tells everything.
    var problem: FetchProblem?
    /// What is wrong with what this connection has brought.
    var defect: FetchProblem?
    /// Connections since the last one that told everything and brought nothing wrong.
    var failures = 0
    /// Whether the first attempt has ended, or brought everything.
    var isSettled = false
    var waiters = WaitingList()
    var task: Task<Void, Never>?
    var isStarted = false
  }

  private enum Verdict { case good, denied, unknown, silent(FetchProblem) }

  /// The longest pause between attempts, in milliseconds: below the shortest silence.
  private static let longestPause: Int64 = 15_000

  private let state: Monitor<State>
  private let feed: RevocationFeed
  private let source: any RevocationSource
  private let time: any TimeSource

  init(_ feed: RevocationFeed, issuer: String, _ options: VerifierOptions) throws(VerifierSetupError) {
    try feed.check()
    self.feed = feed
    if let source = feed.source {
      self.source = source
    } else {
      source = try HTTPRevocationSource(feed, issuer: issuer, options)
    }
    time = options.time
    state = Monitor(State(denied: DeniedTokens(most: feed.mostEntries)))
  }

  deinit { state.withLock { $0.task }?.cancel() }

  /// Waits until everything is known, or the first attempt has failed; throws then if tokens would be refused.
  func prepare() async throws(VerificationError) {
    start()
    try await settled()
    guard feed.whenSilent == .failClosed else { return }
    if case .silent(let problem) = verdict({ _ in false }) { throw .revocationsUnavailable(problem) }
  }

  /// Throws when a token is denied, or when that can't be told and the caller has chosen to refuse it then.
  func check(_ token: AccessToken) async throws(VerificationError) {
    start()
    let isDenied = { (denied: DeniedTokens) in
      denied.deny(sessionID: token.sessionID, jwtID: token.jwtID, keyID: token.keyID)
    }
    var found = verdict(isDenied)
    if case .unknown = found, feed.whenSilent == .failClosed {
      try await settled()
      found = verdict(isDenied)
    }
    switch found {
    case .good: return
    case .denied: throw .revoked
    case .unknown, .silent:
      guard feed.whenSilent == .failClosed else { return }
      if case .silent(let problem) = found { throw .revocationsUnavailable(problem) }
      throw .revocationsUnavailable(Self.silence)
    }
  }

  private func verdict(_ isDenied: (DeniedTokens) -> Bool) -> Verdict {
    let now = time.elapsed
    return state.withLock { state in
      if isDenied(state.denied) { return .denied }
      if let heardAt = state.heardAt, now - heardAt <= feed.silence.milliseconds { return .good }
      return state.isSettled ? .silent(state.defect ?? state.problem ?? Self.silence) : .unknown
    }
  }

  private static let silence = FetchProblem(.timedOut, "the feed of revocations is silent")

  /// Waits until the first attempt has brought everything, or failed.
  private func settled() async throws(VerificationError) {
    try await state.wait(in: \.waiters) { $0.isSettled }
  }

  private func settle() {
    let waiters = state.withLock { state in
      state.isSettled = true
      return state.waiters.empty()
    }
    for waiter in waiters { waiter.resume() }
  }
}

// What happens by itself.
extension RevocationListener {
  private func start() {
    let isFirst = state.withLock { state in
      defer { state.isStarted = true }
      return !state.isStarted
    }
    guard isFirst else { return }
    // The listener is held weakly between the parts, so that the subscription ends with its verifier.
    let task = Task.detached { [weak self, source, time] in
      while !Task.isCancelled {
        guard let position = self?.begin() else { return }
        var problem = FetchProblem(.ended, "the server has ended the feed")
        do throws(FetchProblem) {
          try await source.stream(after: position.lastEventID) { [weak self] in self?.take($0) ?? false }
        } catch {
          problem = error
        }
        guard let pause = self?.end(problem) else { return }
        // A pause that grows, so that a server which comes back isn't met by everybody at once.
        await time.sleep(milliseconds: pause)
      }
    }
    state.withLock { $0.task = task }
  }

  /// A connection is about to be made; what it is to follow.
  private func begin() -> Position {
    state.withLock { state in
      state.parser = EventStreamParser()
      state.isCurrent = false
      state.defect = nil
      return Position(lastEventID: state.lastEventID)
    }
  }

  private struct Position { let lastEventID: String? }

  /// Takes what has come; false when it is no good.
  private func take(_ bytes: [UInt8]) -> Bool {
    let (now, elapsed) = (time.now, time.elapsed)
    let (becameCurrent, defect) = state.withLock { state -> (Int?, FetchProblem?) in
      let wasCurrent = state.isCurrent
      state.take(bytes, now: now, elapsed: elapsed)
      return (state.isCurrent && !wasCurrent ? state.denied.count : nil, state.defect)
    }
    if let becameCurrent {
      settle()
      feed.observer?(.current(entries: becameCurrent))
    }
    return defect == nil
  }

  /// The connection has ended, or none came about; how long to wait before the next, in milliseconds.
  private func end(_ problem: FetchProblem) -> Int64 {
    let chance = Double.random(in: 0...1)
    let (told, pause) = state.withLock { state -> (FetchProblem, Int64) in
      // What was wrong with the events says more than that the transfer was ended for it.
      let told = state.defect ?? problem
      state.problem = told
      if state.isCurrent, state.defect == nil { state.failures = 0 }
      state.isCurrent = false
      let pause = min(500 << Int64(min(state.failures, 10)), Self.longestPause)
      state.failures += 1
      return (told, Int64(Double(pause) * (0.5 + 0.5 * chance)))
    }
    settle()
    if told.cause != .cancelled { feed.observer?(.interrupted(told)) }
    return pause
  }
}

extension RevocationListener.State {
  /// The longest id of an event that is sent back; Signet's have some 20 bytes.
  private static let longestID = 64

  /// Takes a piece of the feed.
  fileprivate mutating func take(_ bytes: [UInt8], now: Int64, elapsed: Int64) {
    var events: [(event: ServerSentEvent, id: String)] = []
    let isWhole = (try? parser.take(bytes) { events.append(($0, $1)) }) != nil
    do throws(FetchProblem) {
      for (event, id) in events { try take(event, id, now: now, elapsed: elapsed) }
      if !isWhole { throw FetchProblem(.badAnswer, "the feed holds an event that is too large") }
    } catch {
      defect = error
      // What couldn't be taken may be the very token that is asked about next.
      heardAt = nil
    }
  }

  private mutating func take(
    _ event: ServerSentEvent, _ id: String, now: Int64, elapsed: Int64
  ) throws(FetchProblem) {
    try denied.take(event, now: now)
    // One that no request could hold would keep the feed away for ever.
    guard id.utf8.count <= Self.longestID, id.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw FetchProblem(.badAnswer, "the feed holds an event whose id can't be sent back")
    }
    if !id.isEmpty { lastEventID = id }
    switch event.name {
    case "ready", "heartbeat":
      isCurrent = true
      problem = nil
    // Everything is told anew. What is held stays, since it expires by itself.
    case "reset": isCurrent = false
    default: break
    }
    if isCurrent { heardAt = elapsed }
  }
}
