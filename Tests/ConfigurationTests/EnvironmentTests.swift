// Variables, files that variables name, flags, and that no secret shows.

import Configuration
import Glibc
import Testing

@Suite struct EnvironmentTests {
  @Test func aFileGivesAnySettingsValue() throws {
    try withFile(Array("20s\n".utf8)) { path in
      let loaded = try load(environment: ["SIGNET_SESSION_RETRY_WINDOW_FILE": path])
      #expect(loaded.settings.session.retryWindow == .seconds(20))
      #expect(loaded.origin(of: "session.retry_window") == .environment("SIGNET_SESSION_RETRY_WINDOW_FILE"))
      #expect(loaded.warnings.isEmpty)
      #expect(
        error(environment: ["SIGNET_SESSION_RETRY_WINDOW_FILE": path, "SIGNET_SESSION_RETRY_WINDOW": "1s"])
          == "environment SIGNET_SESSION_RETRY_WINDOW: SIGNET_SESSION_RETRY_WINDOW_FILE is set as well; keep one")
    }
    #expect(
      error(environment: ["SIGNET_DATA_FILE": "/nowhere/x"])
        == #"environment SIGNET_DATA_FILE: cannot read "/nowhere/x": No such file or directory; mend path or mode"#)
    try withFile([0xFF, 0xFE]) { path in
      #expect(
        error(environment: ["SIGNET_DATA_FILE": path])
          == "environment SIGNET_DATA_FILE: \"\(path)\" is not UTF-8 text; write it anew")
    }
  }

  @Test func theMasterKeysFileIsItsOwnSetting() throws {
    let loaded = try load(environment: ["SIGNET_MASTER_KEY_FILE": "/run/secrets/key"])
    #expect(loaded.settings.masterKeyFile == "/run/secrets/key")
    #expect(loaded.settings.masterKey == nil)
  }

  @Test func unknownVariablesWarnWithTheNearest() throws {
    let loaded = try load(environment: [
      "SIGNET_SESION_RETRY_WINDOW": "1s", "SIGNET_SERVICE_HOST": "10.0.0.1", "PATH": "/bin", "SIGNETX": "1",
    ])
    #expect(
      loaded.warnings == [
        #""SIGNET_SERVICE_HOST" in the environment names no setting and was ignored"#,
        #""SIGNET_SESION_RETRY_WINDOW" in the environment names no setting and was ignored; "#
          + "the nearest is SIGNET_SESSION_RETRY_WINDOW",
      ])
  }

  @Test func badValuesNameTheirSource() {
    #expect(
      error(environment: ["SIGNET_SESSION_MAX_PER_USER": "many"])
        == #"environment SIGNET_SESSION_MAX_PER_USER: session.max_per_user "many" is not good; "#
        + #"give a number from 1 to 10000"#
    )
    #expect(
      error(flags: [("log.level", "loud")])
        == #"flag log.level: log.level "loud" is not good; "#
        + "give one of trace, debug, info, notice, warning, error, critical")
    #expect(
      error(flags: [("sesion.retry_window", "1s")])
        == #"flag sesion.retry_window: "sesion.retry_window" is no known key; the nearest is session.retry_window"#)
    #expect(error(flags: [("master_key", "geheim")]).contains("geheim") == false)
  }

  @Test func noSecretShows() throws {
    let secret = "GEHEIM-0123456789"
    let loaded = try load(environment: ["SIGNET_MASTER_KEY": secret])
    #expect(loaded.settings.masterKey?.reveal() == secret)
    var dumped = ""
    dump(loaded, to: &dumped)
    dump(loaded.settings.masterKey, to: &dumped)
    let shown = [
      "\(loaded)", String(reflecting: loaded), "\(loaded.rows)", "\(loaded.settings)", dumped,
      String(describing: loaded.settings.masterKey), String(reflecting: loaded.settings.masterKey),
    ]
    for text in shown { #expect(!text.contains("GEHEIM")) }
    let row = loaded.rows.first { $0.key == "master_key" }
    #expect(row?.value == "[hidden]")
    #expect(row?.origin == "environment SIGNET_MASTER_KEY")
    #expect(loaded.secretVariables == ["SIGNET_MASTER_KEY", "SIGNET_MASTER_KEY_PREVIOUS", "SIGNET_REDIS_URL"])
    // In the file it is refused without being quoted.
    #expect(!error("master_key: \(secret)\n").contains("GEHEIM"))
    let changed = try load(environment: ["SIGNET_MASTER_KEY": "other"])
    // Once read it leaves the environment, so a reload says nothing of it.
    #expect(Settings.changes(from: loaded, to: changed).needRestart.isEmpty)
  }

  @Test func rowsShowWhatHolds() throws {
    let rows = try load(flags: [("cors.origins", "https://a.example,https://b.example")]).rows
    func value(_ key: String) -> String? { rows.first { $0.key == key }?.value }
    #expect(rows.map(\.key) == Table.rows.map(\.key))
    #expect(value("issuer") == "(the first listener's URL)")
    #expect(value("token.access_ttl") == "10m")
    #expect(value("cors.origins") == "https://a.example,https://b.example")
    #expect(value("master_key_file") == "./data/master.key")
    #expect(value("server.loops") == "8")
    #expect(rows.first { $0.key == "cors.origins" }?.origin == "flag cors.origins")
    #expect(rows.allSatisfy { !$0.description.isEmpty })
  }
}
