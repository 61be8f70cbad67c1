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
    try checkListeners()
    try checkIssuer()
    try checkTimes()
    try checkHashing()
    var loaded = loaded
    loaded.warnings += warnings()
    return loaded
  }

  private func checkListeners() throws(ConfigurationError) {
    // RFC 6749 1.6, RFC 9700 2.6: tokens and passwords never cross a network in the clear.
    if let open = settings.listen.first(where: { !$0.isLoopback }), settings.tls.mode == nil {
      throw error(
        ["listen"],
        "listen has \(open), which would serve plain HTTP outside loopback; "
          + "listen on 127.0.0.1, or set tls.mode to off behind a proxy that does TLS")
    }
    if let operators = settings.admin.listen, !operators.isLoopback {
      throw error(
        ["admin.listen"],
        "admin.listen \(operators) would serve operators plain HTTP outside loopback; "
          + "listen on 127.0.0.1 or set it to off")
    }
    let fixed = (settings.listen + [settings.admin.listen].compactMap { $0 }).filter { $0.port != 0 }
    if let twice = fixed.indices.first(where: { fixed[..<$0].contains(fixed[$0]) }) {
      throw error(["admin.listen", "listen"], "two listeners want \(fixed[twice]); give each its own port")
    }
  }

  private func checkIssuer() throws(ConfigurationError) {
    guard let issuer = settings.issuer else {
      guard let open = settings.listen.first(where: { !$0.isLoopback }) else { return }
      throw error(
        ["issuer", "listen"],
        "issuer must be set, since listen has \(open) outside loopback; "
          + "give the URL that clients use, such as https://login.example.com")
    }
    guard Issuer.isProtected(issuer) else {
      throw error(["issuer"], "issuer \(Shown.text(issuer)) is plain HTTP outside loopback; give an https URL")
    }
    // Such tokens would be good at Signet's own endpoints, or as an operator's.
    if settings.token.audience == issuer || settings.token.audience.hasPrefix(issuer + "/") {
      throw error(["token.audience", "issuer"], "token.audience must not be the issuer's; name the services' own API")
    }
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

  private func error(_ keys: [String], _ message: String) -> ConfigurationError {
    ConfigurationError(keys.lazy.compactMap { loaded.origin(of: $0).place }.first, message)
  }
}
