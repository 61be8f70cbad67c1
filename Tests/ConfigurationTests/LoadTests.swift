// Defaults, sources and which of them wins.

import Configuration
import Testing

@Suite struct LoadTests {
  @Test func everythingHasADefault() throws {
    let loaded = try load()
    let settings = loaded.settings
    #expect(loaded.warnings.isEmpty)
    #expect(settings.issuer == nil)
    #expect(settings.listen.map(\.description) == ["127.0.0.1:8080"])
    #expect(settings.admin.listen?.description == "127.0.0.1:8081")
    #expect(settings.data == "./data")
    #expect(settings.masterKeyFile == "./data/master.key")
    #expect(settings.masterKey == nil)
    #expect(settings.tls.mode == nil)
    #expect(settings.tls.certificate == nil && settings.tls.key == nil && settings.tls.clientCA == nil)
    #expect(settings.tls.clientCertificate == .none)
    #expect(settings.tls.hsts == .seconds(365 * 86_400))
    #expect(settings.proxy.trusted.isEmpty && settings.proxy.header == .auto)
    #expect((settings.limits.requestsPerConnection, settings.limits.handshakes) == (0, 4096))
    #expect(settings.limits.handshakeTimeout == .seconds(10))
    #expect(settings.server.loops == 8)
    #expect(settings.limits.headTimeout == .seconds(10))
    #expect(settings.token.algorithm == .es256 && settings.token.algorithms == [.es256])
    #expect(settings.token.accessTTL == .seconds(600))
    #expect(settings.token.audience == "api")
    #expect(settings.session.idleTTL == .seconds(14 * 86_400))
    #expect(settings.session.absoluteTTL == .seconds(90 * 86_400))
    #expect(settings.session.retryWindow == .seconds(60))
    #expect(settings.session.retryElsewhere == .allow)
    #expect(settings.session.maxPerUser == 100)
    #expect(settings.password.memoryKiB == 19_456)
    #expect((settings.password.iterations, settings.password.parallelism) == (2, 1))
    #expect(settings.password.minLength == 8)
    #expect((settings.hashing.threads, settings.hashing.queue) == (8, 512))
    #expect(settings.hashing.deadline == .seconds(10))
    #expect((settings.log.level, settings.log.format, settings.log.access) == (.info, .json, .errors))
    #expect(settings.cors.origins.isEmpty)
    #expect(settings.store.url == "sqlite:///./data/signet.db")
    #expect(settings.store.path == "./data/signet.db")
    #expect(settings.store.migrate)
  }

  @Test func everyFieldIsFilledFromARow() throws {
    // A row whose field is forgotten, or another's, would leave the changed value out of the settings.
    let standard = try load().settings
    let changed: [String: String] = [
      "issuer": "https://a.example", "listen": "127.0.0.1:1", "admin.listen": "off", "data": "/d",
      "master_key_file": "/k", "master_key": "x", "master_key_previous": "x", "tls.mode": "off",
      "token.algorithm": "EdDSA",
      "token.audience": "b", "session.retry_elsewhere": "revoke", "log.level": "debug", "log.format": "text",
      "log.access": "all", "cors.origins": "https://a.example", "store.url": "sqlite:///x", "store.migrate": "false",
      "proxy.client_certificate": "true",
      "token.algorithms": "ES256,RS256", "tls.client_certificate": "any", "proxy.trusted": "10.0.0.0/8",
      "proxy.header": "forwarded", "redis.url": "redis://a.example", "token.status_list": "on",
      "cookie.same_site": "none",
      "key.rotate_every": "40d", "session.idle_ttl": "1d", "session.absolute_ttl": "30d", "session.retry_window": "1s",
    ]
    // Each needs others beside it.
    let files = ["tls.certificate": "/c", "tls.key": "/k", "tls.client_ca": "/a"]
    let together = ["SIGNET_TLS_CERTIFICATE": "/x", "SIGNET_TLS_KEY": "/x"]
    let secure = try load(environment: together).settings
    for row in Table.rows {
      if let file = files[row.key] {
        let settings = try load(environment: together.merging([row.environmentName: file]) { $1 }).settings
        #expect(settings != secure, "\(row.key) fills no field")
        continue
      }
      let number = row.key.hasPrefix("limits.") || row.key.hasSuffix("_kib") ? "2048" : "12"
      let others = [changed[row.key], number, "33s", "300"].compactMap { $0 }
      let settings = others.lazy.compactMap { try? load(environment: [row.environmentName: $0]).settings }.first
      #expect(settings != nil && settings != standard, "\(row.key) fills no field")
    }
  }

  @Test func theLaterSourceWins() throws {
    let file = "session:\n  retry_window: 10s\n  max_per_user: 5\n  idle_ttl: 1d\n"
    let environment = ["SIGNET_SESSION_RETRY_WINDOW": "20s", "SIGNET_SESSION_IDLE_TTL": "2d"]
    let loaded = try loadText(file, environment: environment, flags: [("session.idle_ttl", "3d")])
    #expect(loaded.settings.session.maxPerUser == 5)
    #expect(loaded.settings.session.retryWindow == .seconds(20))
    #expect(loaded.settings.session.idleTTL == .seconds(3 * 86_400))
    #expect(loaded.origin(of: "session.max_per_user").description.hasSuffix(":3"))
    #expect(loaded.origin(of: "session.retry_window") == .environment("SIGNET_SESSION_RETRY_WINDOW"))
    #expect(loaded.origin(of: "session.idle_ttl") == .flag("session.idle_ttl"))
    #expect(loaded.origin(of: "issuer") == .standard)
  }

  @Test func ofTwoFlagsTheLaterWins() throws {
    #expect(try load(flags: [("data", "/a"), ("data", "/b")]).settings.data == "/b")
  }

  @Test func derivedDefaultsFollowWhatWasSet() throws {
    let settings = try load(flags: [("data", "/var/lib/signet/"), ("token.access_ttl", "30s")]).settings
    #expect(settings.masterKeyFile == "/var/lib/signet/master.key")
    #expect(settings.store.url == "sqlite:///var/lib/signet/signet.db")
    #expect(settings.store.path == "/var/lib/signet/signet.db")
    #expect(settings.session.retryWindow == .seconds(15))
    #expect(try load(flags: [("session.absolute_ttl", "1d")]).settings.session.idleTTL == .seconds(86_400))
    #expect(try load(flags: [("data", "d")]).settings.store.path == "./d/signet.db")
  }

  @Test func anEmptyVariableIsNotSet() throws {
    let loaded = try load(environment: ["SIGNET_DATA": "", "SIGNET_NONSENSE": ""])
    #expect(loaded.settings.data == "./data")
    #expect(loaded.warnings.isEmpty)
  }

  @Test func aVariableNamesTheFile() throws {
    try withFile(Array("data: /from-file\n".utf8)) { path in
      let loaded = try load(environment: ["SIGNET_CONFIG": path])
      #expect(loaded.settings.data == "/from-file")
      #expect(loaded.warnings.isEmpty)
    }
  }

  @Test func takesEveryFormOfAFile() throws {
    #expect(try loadText("").settings.data == "./data")
    #expect(try loadText("# nothing\n").settings.data == "./data")
    #expect(try loadText("---\n").settings.data == "./data")
    #expect(try loadText("session:\nlog: {level: debug}\n").settings.log.level == .debug)
    #expect(try loadText("session.max_per_user: 7\n").settings.session.maxPerUser == 7)
    #expect(try loadText("data: \"/a b\"\r\n").settings.data == "/a b")
    #expect(try loadText("store: {migrate: false}").settings.store.migrate == false)
    #expect(try loadText("admin: {listen: \"off\"}").settings.admin.listen == nil)
  }

  @Test func takesListsAsSequenceAndWithCommas() throws {
    let both = ["http://127.0.0.1:1", "[::1]:2"]
    for text in ["listen: [\"\(both[0])\", \"\(both[1])\"]", "listen:\n  - \(both[0])\n  - \"\(both[1])\"\n"] {
      #expect(try loadText(text).settings.listen.map(\.description) == ["127.0.0.1:1", "[::1]:2"])
    }
    let listen = try load(environment: ["SIGNET_LISTEN": " \(both[0]) , \(both[1])"]).settings.listen
    #expect(listen.map(\.description) == ["127.0.0.1:1", "[::1]:2"])
    #expect(listen.map(\.kind) == [.tcp(host: "127.0.0.1", port: 1), .tcp(host: "::1", port: 2)])
    #expect(try loadText("cors: {origins: []}").settings.cors.origins == [])
  }

  @Test func tellsWhatAReloadTakesUp() throws {
    let before = try load()
    let after = try load(flags: [("log.level", "debug"), ("data", "/d"), ("token.access_ttl", "10m")])
    let changes = Settings.changes(from: before, to: after)
    #expect(changes.reloadable == ["log.level"])
    #expect(changes.needRestart == ["data", "master_key_file", "store.url"])
    #expect(Settings.changes(from: before, to: before).reloadable.isEmpty)
  }
}
