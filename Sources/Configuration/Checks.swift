// What must hold between several settings; the range of a single one stands in its row.
//
// An error names the place of the first setting that somebody wrote, since that is the line to change.

/// The rules over a whole configuration.
struct Checks {
  let loaded: Loaded
  let machine: Machine

  private var settings: Settings { loaded.settings }

  /// The same configuration with warnings added, or the first rule that it breaks.
  func run() throws(ConfigurationError) -> Loaded {
    try ListenerChecks(loaded: loaded).run()
    try checkTimes()
    try checkAlgorithms()
    try checkKeys()
    try checkHashing()
    try checkRedis()
    var loaded = loaded
    loaded.warnings += ListenerChecks(loaded: loaded).warnings() + warnings()
    return loaded
  }

  private func checkTimes() throws(ConfigurationError) {
    let session = settings.session
    let half = settings.token.accessTTL / 2
    if session.retryWindow > half {
      throw error(
        ["session.retry_window", "token.access_ttl"],
        "session.retry_window (\(text(session.retryWindow))) is more than "
          + "half of token.access_ttl (\(text(settings.token.accessTTL))); give at most \(text(half))")
    }
    if session.absoluteTTL < settings.token.accessTTL {
      throw error(
        ["session.absolute_ttl", "token.access_ttl"],
        "session.absolute_ttl (\(text(session.absoluteTTL))) is less "
          + "than token.access_ttl (\(text(settings.token.accessTTL))); give at least as much")
    }
    if session.idleTTL > session.absoluteTTL {
      throw error(
        ["session.idle_ttl", "session.absolute_ttl"],
        "session.idle_ttl (\(text(session.idleTTL))) is more than "
          + "session.absolute_ttl (\(text(session.absoluteTTL))); give at most as much")
    }
  }

  private func checkAlgorithms() throws(ConfigurationError) {
    let token = settings.token
    guard token.algorithms.contains(token.algorithm) else {
      let list = (token.algorithms + [token.algorithm]).map(\.rawValue).joined(separator: ", ")
      throw error(
        ["token.algorithms", "token.algorithm"],
        "token.algorithms leaves out token.algorithm (\(token.algorithm.rawValue)); give \(list)")
    }
  }

  private func checkKeys() throws(ConfigurationError) {
    let key = settings.key
    // A key that is to be replaced sooner than its successor may sign would never be.
    if key.rotateEvery != .zero, key.rotateEvery <= key.publishBefore {
      throw error(
        ["key.rotate_every", "key.publish_before"],
        "key.rotate_every (\(text(key.rotateEvery))) is not more than "
          + "key.publish_before (\(text(key.publishBefore))); give more, or 0s for never")
    }
  }

  private func checkHashing() throws(ConfigurationError) {
    let password = settings.password
    // RFC 9106 3.1: at least eight blocks of 1 KiB for each lane.
    if password.memoryKiB < 8 * password.parallelism {
      throw error(
        ["password.memory_kib", "password.parallelism"],
        "password.memory_kib (\(password.memoryKiB)) is less than "
          + "Argon2id needs; give at least \(8 * password.parallelism), 8 for each lane")
    }
    let need = password.memoryKiB * settings.hashing.threads
    if need > machine.memoryKiB / 2 {
      throw error(
        ["password.memory_kib", "hashing.threads"],
        "password.memory_kib times hashing.threads is \(need) KiB, more "
          + "than half of this machine's \(machine.memoryKiB) KiB; lower one of them")
    }
  }

  private func checkRedis() throws(ConfigurationError) {
    guard let url = settings.redis.url?.reveal() else { return }
    do { _ = try RedisURL(url) } catch { throw self.error(["redis.url"], "redis.url \(error.text)") }
  }

  private func warnings() -> [String] {
    let password = settings.password
    // OWASP's weakest choice with one lane, 7168 KiB and 5 passes, costs a guesser this much.
    guard password.memoryKiB * password.iterations < 7168 * 5 else { return [] }
    return [
      "password.memory_kib times password.iterations is below every choice OWASP gives; "
        + "stolen hashes would be cheap to guess"
    ]
  }

  private func text(_ duration: Duration) -> String { DurationText.text(Int(duration.components.seconds)) }

  private func error(_ keys: [String], _ message: String) -> ConfigurationError { loaded.error(keys, message) }
}

extension Loaded {
  /// An error at the first of `keys` that somebody wrote.
  func error(_ keys: [String], _ message: String) -> ConfigurationError {
    ConfigurationError(keys.lazy.compactMap { origin(of: $0).place }.first, message)
  }
}
