// When keys are fetched and for how long they are trusted: decisions alone, no clock, no network, no lock.
//
// Known keys never wait: a fetch begins at about four fifths of the life of the last answer. A failing one is repeated
// after 1, 2, 4 … seconds, 60 at most, each time cut by chance so that many services don't ask in step. Keys past their
// life are trusted only while fetches fail, and for `staleFor` at most; if nobody has even tried (the machine slept), the
// one who asks waits for a fetch, or a key that was revoked meanwhile would be trusted for as long as the sleep.

/// The state of one verifier's fetching. Times are milliseconds of a clock which never jumps.
struct KeySchedule {
  /// The bounds of an answer's life.
  static let lives: ClosedRange<Int64> = 300_000...3_600_000
  /// How long an unknown key must wait after another one was asked for.
  static let unknownKeyInterval: Int64 = 30_000
  /// The longest pause between failing fetches.
  static let longestPause: Int64 = 60_000

  /// What whoever needs the keys should do.
  enum Access: Equatable {
    case use
    /// Wait for the fetch which is under way.
    case wait
    /// Begin a fetch, and wait for it.
    case begin
    case fail
  }

  /// What whoever met an unknown key should do.
  enum Unknown: Equatable {
    case wait
    case begin
    /// Refuse the token: the keys were asked for a moment ago.
    case refuse
    /// Fetches fail, so nobody can tell.
    case fail
  }

  struct Attempt: Equatable {
    let number: Int
    let begun: Int64
  }

  /// How long keys are trusted after the last good answer.
  let staleFor: Int64
  /// How long a fetch may take before it counts as failed.
  let patience: Int64

  private(set) var attempt: Attempt?
  /// Failed fetches since the last good one.
  private(set) var failures = 0
  private var attempts = 0
  /// When the last good answer was asked for, and how long it lives.
  private var good: (at: Int64, life: Int64)?
  private var nextAttempt: Int64?
  private var unknownAsked: Int64?

  init(staleFor: Int64, patience: Int64) {
    self.staleFor = staleFor
    self.patience = patience
  }

  /// When something is to be done by itself: give a fetch up, or begin the next one. Nil before the first.
  var due: Int64? { attempt.map { $0.begun + patience } ?? nextAttempt }

  /// Whether the last good answer's keys may be used now, though they may be past their life.
  func trustsOldKeys(at now: Int64) -> Bool {
    guard let good else { return false }
    return now < good.at + max(staleFor, good.life)
  }

  func access(at now: Int64) -> Access {
    if let good, trustsOldKeys(at: now) {
      if now < good.at + good.life || failures > 0 { return .use }
      return attempt == nil ? .begin : .wait
    }
    // While fetches fail, those who wait for the next one would only pile up.
    if failures > 0, attempt != nil || isPausing(at: now) { return .fail }
    return attempt == nil ? .begin : .wait
  }

  /// To be asked when a token names a key which isn't held.
  func unknownKey(at now: Int64) -> Unknown {
    if attempt != nil { return .wait }
    if failures > 0, isPausing(at: now) { return .fail }
    if let unknownAsked, now - unknownAsked < Self.unknownKeyInterval { return .refuse }
    return .begin
  }

  private func isPausing(at now: Int64) -> Bool { nextAttempt.map { now < $0 } ?? false }

  /// A fetch begins; its number.
  mutating func begin(at now: Int64, forUnknownKey: Bool = false) -> Int {
    attempts += 1
    attempt = Attempt(number: attempts, begun: now)
    if forUnknownKey { unknownAsked = now }
    return attempts
  }

  /// The fetch brought keys, or word that they are the same. The answer's life counts from when it was asked for.
  /// - Parameters:
  ///   - maxAge: seconds, as the answer says.
  ///   - chance: between 0 and 1.
  mutating func succeed(maxAge: Int64?, chance: Double) {
    guard let attempt else { return }
    let seconds = min(max(maxAge ?? 0, Self.lives.lowerBound / 1000), Self.lives.upperBound / 1000)
    good = (attempt.begun, seconds * 1000)
    nextAttempt = attempt.begun + Int64(Double(seconds * 1000) * (0.75 + 0.1 * chance))
    failures = 0
    self.attempt = nil
  }

  /// The fetch brought nothing.
  /// - Parameters:
  ///   - forgets: whether the keys held are no longer to be used: the issuer says that it has none.
  ///   - chance: between 0 and 1.
  mutating func fail(at now: Int64, forgets: Bool = false, chance: Double) {
    guard attempt != nil else { return }
    let pause = min(1000 << Int64(min(failures, 10)), Self.longestPause)
    nextAttempt = now + Int64(Double(pause) * (0.5 + 0.5 * chance))
    failures += 1
    attempt = nil
    if forgets { good = nil }
  }
}
