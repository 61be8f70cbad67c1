// The one table of settings: the file's keys, the environment's names, the flags, the defaults, the checks of single
// values, `config show` and the sample file all come from these rows. A new setting is one row here and one field in
// `Settings`; what holds between several settings stands in `Checks`.

/// Every setting there is.
package enum Table {
  /// The rows in the order in which the sample and `config show` list them.
  package static let rows: [Setting] = server + network + limits + tokens + keys + passwords + rest

  private static let server: [Setting] = [
    .optionalText(
      "issuer", \.issuer, derived("the first listener's URL", "https://login.example.com") { _ in .none },
      Check("an http or https URL without query, fragment or a slash at its end", Issuer.isGood),
      "Names this server in every token, and begins every URL it writes; must be set outside loopback."),
    Setting(
      "listen", .list(.listener, isEmptyGood: false), .fixed("127.0.0.1:8080"),
      "Where clients reach Signet, a list of host:port, http://…, https://… or unix:/path; port 0 picks a free one."
    ) { if case .list(let texts) = $0 { $1.listen = texts.compactMap { ListenAddress($0) } } },
    Setting(
      "admin.listen", .text(.operators), .fixed("127.0.0.1:8081"),
      "Where operators reach metrics and health, on loopback or a Unix socket only; off: nowhere."
    ) { if case .text(let text) = $0 { $1.admin.listen = ListenAddress(text) } },
    .text(
      "data", \.data, .fixed("./data"), .path,
      "The folder of the database and, unless told otherwise, of the master key."),
    .text(
      "master_key_file", \.masterKeyFile,
      derived("master.key in the data folder", "/etc/signet/master.key") { .text($0.path("data", "master.key")) },
      .path, "Holds the key that wraps all others, mode 0600; better on another disk than the database."),
    Setting(
      "master_key", .secret, derived("read from master_key_file", "") { _ in .none },
      "The master key itself, through the environment alone: a file like this one is too easily copied.",
      source: .environment
    ) { if case .secret(let secret) = $0 { $1.masterKey = secret } },
    Setting(
      "master_key_previous", .secret, derived("none", "") { _ in .none },
      "The master key before this one, while every key is wrapped anew; through the environment alone.",
      source: .environment
    ) { if case .secret(let secret) = $0 { $1.masterKeyPrevious = secret } },
    .integer(
      "server.loops", \.server.loops, derived("one for each core", "2") { .integer($0.machine.cores) }, 1...256,
      "Event loops, each a thread with its own connections."),
  ]

  private static let network: [Setting] = [
    Setting(
      "tls.mode", .choice(Settings.TLS.Mode.allCases.map(\.rawValue)),
      derived("on when tls.certificate is given, else plain HTTP on loopback only", "off") {
        $0.values["tls.certificate"] == nil ? .none : .text("on")
      }, "Say off to serve plain HTTP outside loopback, behind a proxy that does TLS; a listener's scheme wins."
    ) { if case .text(let text) = $0 { $1.tls.mode = Settings.TLS.Mode(rawValue: text) } },
    .optionalText(
      "tls.certificate", \.tls.certificate, derived("none", "/etc/signet/tls.crt") { _ in .none }, .path,
      "The server's certificate and its chain, PEM; also taken up when the files change.", .reloadable),
    .optionalText(
      "tls.key", \.tls.key, derived("none", "/etc/signet/tls.key") { _ in .none }, .path,
      "The certificate's private key, PEM; also taken up when the files change.", .reloadable),
    .optionalText(
      "tls.client_ca", \.tls.clientCA, derived("none", "/etc/signet/clients.crt") { _ in .none }, .path,
      "Who issues clients' certificates, PEM; also taken up when the files change.", .reloadable),
    .choice(
      "tls.client_certificate", \.tls.clientCertificate,
      derived("verified when tls.client_ca is given, else none", "none") {
        .text($0.values["tls.client_ca"] == nil ? "none" : "verified")
      }, "What a client may show: none, one issued by tls.client_ca, or any, which proves a key and no name.",
      .reloadable),
    .duration(
      "tls.hsts", \.tls.hsts, .fixed("365d"), "0s"..."3650d",
      "How long browsers shall insist on TLS for this host (RFC 6797); 0s says nothing."),
    Setting(
      "proxy.trusted", .list(.network, isEmptyGood: true), .fixed(""),
      "Networks whose proxies are believed about the client's address, a list; unix for peers of Unix sockets."
    ) { if case .list(let texts) = $0 { $1.proxy.trusted = texts } },
    .choice(
      "proxy.header", \.proxy.header, .fixed("auto"),
      "Which field such a proxy sets: Forwarded or X-Forwarded-For; auto takes the one that is there."),
    Setting(
      "proxy.client_certificate", .flag, .fixed("false"),
      "Believe its Client-Cert (RFC 9440); true only where it sets or removes that field itself, in every request."
    ) { if case .flag(let flag) = $0 { $1.proxy.clientCertificate = flag } },
  ]

  private static let limits: [Setting] = [
    .integer(
      "limits.connections", \.limits.connections, .fixed("20000"), 1...1_000_000,
      "Connections open at once; each costs a descriptor and its buffers."),
    .integer(
      "limits.connections_per_address", \.limits.connectionsPerAddress, .fixed("0"), 0...1_000_000,
      "Connections from one address; 0 is without limit, since a proxy in front or an office is one address."),
    .integer(
      "limits.requests_per_connection", \.limits.requestsPerConnection, .fixed("0"), 0...1_000_000_000,
      "Requests on one connection before it is closed; 0 is without limit. Spreads clients after a scale-out."),
    .integer(
      "limits.handshakes", \.limits.handshakes, .fixed("4096"), 1...1_000_000,
      "TLS handshakes in progress; a connection beyond is closed, since each costs memory and a signature."),
    .duration(
      "limits.handshake_timeout", \.limits.handshakeTimeout, .fixed("10s"), "1s"..."10m",
      "A PROXY header and the TLS handshake must be complete in this time."),
    .integer(
      "limits.head_bytes", \.limits.headBytes, .fixed("16384"), 1024...65_536,
      "Request line and fields together; more is answered 431."),
    .integer("limits.fields", \.limits.fields, .fixed("100"), 8...1000, "Fields in a request's head."),
    .integer(
      "limits.body_bytes", \.limits.bodyBytes, .fixed("65536"), 1024...1_048_576,
      "A request's body; more is answered 413."),
    .duration(
      "limits.head_timeout", \.limits.headTimeout, .fixed("10s"), "1s"..."10m",
      "A request's head must be complete in this time, however slowly it drips."),
    .duration(
      "limits.body_timeout", \.limits.bodyTimeout, .fixed("30s"), "1s"..."10m",
      "A request's body must be complete in this time after its head."),
    .duration(
      "limits.idle_timeout", \.limits.idleTimeout, .fixed("75s"), "1s"..."1h",
      "A kept connection without a request is closed after this; keep it above a proxy's own."),
    .duration(
      "limits.write_timeout", \.limits.writeTimeout, .fixed("30s"), "1s"..."10m",
      "A client that takes nothing of its answer for this long is dropped."),
    .duration(
      "limits.drain_timeout", \.limits.drainTimeout, .fixed("30s"), "0s"..."10m",
      "After SIGTERM requests under way get this long; keep it below the supervisor's patience."),
  ]

  private static let tokens: [Setting] = [
    .choice(
      "token.algorithm", \.token.algorithm, .fixed("ES256"),
      "What signs the tokens of clients which chose nothing else; ES256 is understood everywhere and the cheapest."),
    Setting(
      "token.algorithms", .list(.algorithm, isEmptyGood: false),
      derived("token.algorithm alone", "[ES256, RS256]") { .list([$0.values["token.algorithm"]?.shown ?? "ES256"]) },
      "What there are keys for and clients may choose among, a list; each has a key of its own in the JWK Set."
    ) {
      if case .list(let texts) = $0 {
        $1.token.algorithms = texts.compactMap { Settings.Token.Algorithm(rawValue: $0) }
      }
    },
    .duration(
      "token.access_ttl", \.token.accessTTL, .fixed("10m"), "1s"..."1d",
      "How long services trust an access token without asking, so how long a logout may take to reach them.",
      .reloadable),
    .text(
      "token.audience", \.token.audience, .fixed("api"), .word,
      "The aud of access tokens when a client has no list of its own; services must check it.", .reloadable),
    .choice(
      "token.status_list", \.token.statusList, .fixed("off"),
      "Whether tokens of new sessions name a bit of /v1/status/{n}, which tells of a logout; on adds some 110 bytes.",
      .reloadable),
    .duration(
      "session.idle_ttl", \.session.idleTTL,
      derived("14d, or session.absolute_ttl if that is less", "14d") { $0.least("14d", "session.absolute_ttl") },
      "1s"..."3650d", "A session unused for this long is over.", .reloadable),
    .duration(
      "session.absolute_ttl", \.session.absoluteTTL, .fixed("90d"), "1s"..."3650d",
      "A session is over this long after its login, however much it is used.", .reloadable),
    .duration(
      "session.retry_window", \.session.retryWindow,
      derived("60s, or half of token.access_ttl if that is less", "60s") {
        $0.least("60s", "token.access_ttl", divisor: 2)
      }, "0s"..."12h",
      "A refresh whose answer was lost may be repeated for this long; 0s signs out clients on bad networks.",
      .reloadable),
    .choice(
      "session.retry_elsewhere", \.session.retryElsewhere, .fixed("allow"),
      "What a second retry in a row from another address prefix means; revoke takes it for a stolen token.",
      .reloadable),
    .integer(
      "session.max_per_user", \.session.maxPerUser, .fixed("100"), 1...10_000,
      "Sessions of one user; a login beyond ends the oldest.", .reloadable),
  ]

  private static let keys: [Setting] = [
    .duration(
      "key.rotate_every", \.key.rotateEvery, .fixed("30d"), "0s"..."3650d",
      "How old a signing key gets before the next one takes over; 0s leaves that to `signet key rotate`.", .reloadable),
    .duration(
      "key.publish_before", \.key.publishBefore, .fixed("24h"), "2s"..."90d",
      "How long the next key stands in the JWK Set before it signs; some verifiers cache for 12h.", .reloadable),
    .duration(
      "key.retire_after", \.key.retireAfter, .fixed("1h"), "0s"..."3650d",
      "How long a key that no longer signs is published at least; never shorter than its tokens live.", .reloadable),
  ]

  private static let passwords: [Setting] = [
    .integer(
      "password.memory_kib", \.password.memoryKiB, .fixed("19456"), 8...4_194_304,
      "Argon2id's memory for each hash, OWASP's first choice; raising it re-hashes at the next login.", .reloadable),
    .integer(
      "password.iterations", \.password.iterations, .fixed("2"), 1...100, "Argon2id's passes over that memory.",
      .reloadable),
    .integer(
      "password.parallelism", \.password.parallelism, .fixed("1"), 1...64,
      "Argon2id's lanes; above 1 a slower library does the work.", .reloadable),
    .integer(
      "password.min_length", \.password.minLength, .fixed("8"), 1...128,
      "Characters in a new password; length is the only rule that helps (NIST SP 800-63B).", .reloadable),
    .integer(
      "hashing.threads", \.hashing.threads, derived("one for each core", "2") { .integer($0.machine.cores) }, 1...256,
      "Threads that hash passwords, at a lower priority than the event loops."),
    .integer(
      "hashing.queue", \.hashing.queue, .fixed("512"), 1...65_536,
      "Logins waiting for a thread; more are answered 503 at once."),
    .duration(
      "hashing.deadline", \.hashing.deadline, .fixed("10s"), "1s"..."1m",
      "A login that waited this long is answered 503: its client has given up."),
  ]

  private static let rest: [Setting] = [
    .choice("log.level", \.log.level, .fixed("info"), "The lowest level written.", .reloadable),
    .choice(
      "log.format", \.log.format, .fixed("json"), "json for machines, text for people; to standard error.",
      .reloadable),
    .choice(
      "log.access", \.log.access, .fixed("errors"), "Which requests get a line: those that failed, all or none.",
      .reloadable),
    .choice(
      "cookie.same_site", \.cookie.sameSite, .fixed("strict"),
      "strict: in cookie mode a client's origins must be same-site with the issuer; none: any, where browsers still allow it."
    ),
    Setting(
      "cors.origins", .list(Check("an origin such as https://app.example.com", Origins.isGood), isEmptyGood: true),
      .fixed(""), "Origins whose pages may read answers, a list.", .reloadable
    ) { if case .list(let texts) = $0 { $1.cors.origins = texts } },
    .text(
      "store.url", \.store.url,
      derived("signet.db in the data folder", "sqlite:///var/lib/signet/signet.db") {
        .text(StoreURL.text(path: $0.path("data", "signet.db")))
      }, Check("sqlite:///PATH (sqlite:///./PATH for a relative one)") { StoreURL.path($0) != nil },
      "Where users, sessions and keys live."),
    Setting(
      "store.migrate", .flag, .fixed("true"), "Bring the database's schema up to date at start."
    ) { if case .flag(let flag) = $0 { $1.store.migrate = flag } },
    Setting(
      "redis.url", .secret, derived("none", "redis://127.0.0.1:6379") { _ in .none },
      "A Redis or Valkey that is told of every denied session and token, as signet:denied:<sid|jti>."
    ) { if case .secret(let secret) = $0 { $1.redis.url = secret } },
  ]

  private static func derived(
    _ shown: String, _ example: String, _ value: @escaping @Sendable (Setting.Context) -> Value
  ) -> Setting.Standard {
    .derived(shown: shown, example: example, value)
  }

  /// The row of `key`.
  package static func row(_ key: String) -> Setting? { byKey[key] }

  /// Whether `key` is a section: the beginning of other keys.
  static func isSection(_ key: String) -> Bool { sections.contains(key) }

  /// Everything that may stand in the file, sections included.
  static let names: [String] = sections.sorted() + rows.filter { $0.source == .anywhere }.map(\.key)

  private static let byKey = Dictionary(uniqueKeysWithValues: rows.map { ($0.key, $0) })
  private static let sections = Set(rows.compactMap(\.section))
}
