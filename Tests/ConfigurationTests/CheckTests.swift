// What must hold between settings, and the syntax of addresses and durations.

import Testing

@testable import Configuration

@Suite struct CheckTests {
  private static let open = "listen: [\"0.0.0.0:8080\"]\n"

  @Test(arguments: [
    (
      open,
      "F:1: listen has 0.0.0.0:8080, which would serve plain HTTP outside loopback; listen on 127.0.0.1, "
        + "or set tls.mode to off behind a proxy that does TLS"
    ),
    (
      open + "tls: {mode: off}\n",
      "F:1: issuer must be set, since listen has 0.0.0.0:8080 outside loopback; "
        + "give the URL that clients use, such as https://login.example.com"
    ),
    (
      open + "tls: {mode: off}\nissuer: http://login.example.com\n",
      #"F:3: issuer "http://login.example.com" is plain HTTP outside loopback; give an https URL"#
    ),
    (open + "tls: {mode: off}\nissuer: https://login.example.com\n", "good"),
    (
      "admin: {listen: \"0.0.0.0:8081\"}\ntls: {mode: off}\n",
      "F:1: admin.listen 0.0.0.0:8081 would serve operators plain HTTP outside loopback; "
        + "listen on 127.0.0.1 or set it to off"
    ),
    ("admin: {listen: \"127.0.0.1:8080\"}", "F:1: two listeners want 127.0.0.1:8080; give each its own port"),
    ("listen: [\"127.0.0.1:0\"]\nadmin: {listen: \"127.0.0.1:0\"}", "good"),
    (
      "issuer: https://a.example\ntoken: {audience: \"https://a.example/admin\"}",
      "F:2: token.audience must not be the issuer's; name the services' own API"
    ),
    (
      "issuer: https://a.example\ntoken: {audience: \"https://a.example\"}",
      "F:2: token.audience must not be the issuer's; name the services' own API"
    ),
  ])
  func listenersAndIssuer(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    (
      "session: {retry_window: 6m}",
      "F:1: session.retry_window (6m) is more than half of token.access_ttl (10m); give at most 5m"
    ),
    (
      "token: {access_ttl: 1m}\nsession: {retry_window: 31s}",
      "F:2: session.retry_window (31s) is more than half of token.access_ttl (1m); give at most 30s"
    ),
    ("session: {retry_window: 5m}", "good"), ("session: {retry_window: 0s}", "good"),
    (
      "session: {idle_ttl: 91d}",
      "F:1: session.idle_ttl (91d) is more than session.absolute_ttl (90d); give at most as much"
    ),
    (
      "session: {absolute_ttl: 5m}",
      "F:1: session.absolute_ttl (5m) is less than token.access_ttl (10m); give at least as much"
    ),
    ("token: {access_ttl: 1s}", "good"),
    (
      "password: {memory_kib: 15, parallelism: 2}",
      "F:1: password.memory_kib (15) is less than Argon2id needs; give at least 16, 8 for each lane"
    ),
    (
      "password: {memory_kib: 2097152}",
      "F:1: password.memory_kib times hashing.threads is 16777216 KiB, "
        + "more than half of this machine's 16777216 KiB; lower one of them"
    ),
  ])
  func timesAndMemory(text: String, expected: String) { #expect(error(text) == expected) }

  @Test func warnsOfWeakHashes() throws {
    let loaded = try load(flags: [("password.memory_kib", "1024")])
    #expect(loaded.warnings.count == 1 && loaded.warnings[0].hasPrefix("password.memory_kib times"))
  }

  @Test(arguments: [
    "https://a.example", "https://a.example:8443", "https://a.example/tenant/one", "http://127.0.0.1:8080",
    "http://localhost", "http://[::1]:8080",
  ])
  func issuersThatAreGood(text: String) { #expect(Issuer.isGood(text) && Issuer.isProtected(text)) }

  @Test(arguments: [
    "", "a.example", "https://", "https://a.example/", "https://a.example?x=1", "https://a.example#x",
    "ftp://a.example",
    "https://user@a.example", "https://a.example:0", "https://a.example:65536", "https://a b", "https://a.example//x",
    "https://a.example/x/", "https://-a.example", "https://1.2.3", "https://[::g]", "https://é.example",
  ])
  func issuersThatAreNot(text: String) { #expect(!Issuer.isGood(text)) }

  @Test(arguments: [
    ("127.0.0.1:80", true), ("127.1.2.3:80", true), ("localhost:80", true), ("[::1]:80", true),
    ("[0:0:0:0:0:0:0:1]:80", true), ("0.0.0.0:80", false), ("[::]:80", false), ("127.example:80", false),
    ("http://10.0.0.1:80", false),
  ])
  func loopback(text: String, expected: Bool) { #expect(ListenAddress(text)?.isLoopback == expected) }

  @Test(arguments: [
    "127.0.0.1", ":80", "*:80", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:080", "127.0.0.1:65536", "::1:80", "[::1]",
    "https://127.0.0.1:80", "http://127.0.0.1:80/", "256.0.0.1:80", "a..b:80", "unix:/x", "a_b:80",
  ])
  func addressesThatAreNot(text: String) { #expect(ListenAddress(text) == nil) }

  @Test(arguments: [
    ("sqlite:///var/lib/x.db", "/var/lib/x.db"), ("sqlite:///./x.db", "./x.db"), ("sqlite:///../x.db", "../x.db"),
    ("sqlite://x.db", nil), ("sqlite:///", nil), ("sqlite:///x/", nil), ("sqlite:///x?mode=ro", nil), ("x.db", nil),
  ])
  func storePaths(url: String, expected: String?) { #expect(StoreURL.path(url) == expected) }

  @Test(arguments: [
    ("0s", 0), ("90s", 90), ("10m", 600), ("1h30m", 5400), ("14d", 1_209_600), ("1d2h3m4s", 93_784),
    ("9223372036854775807s", Int.max),
  ])
  func durations(text: String, seconds: Int) { #expect(DurationText.parse(text) == seconds) }

  @Test(arguments: [
    "", "0", "10", "s", "m10", "-1s", "+1s", "1.5h", "1 h", "30m1h", "1m1m", "10ms", "1S", "01s", "1w",
    "9223372036854775808s", "106751991167301d", "106751991167300d9223372036854775807s",
  ])
  func notDurations(text: String) { #expect(DurationText.parse(text) == nil) }

  @Test func durationsAreWrittenShort() {
    #expect(
      [0, 60, 90, 5400, 1_209_600, 93_784].map(DurationText.text) == ["0s", "1m", "1m30s", "1h30m", "14d", "1d2h3m4s"])
  }

  @Test func distancesCountEdits() {
    #expect(Nearest.distance(Array("kitten".utf8), Array("sitting".utf8)) == 3)
    #expect(Nearest.distance(Array("ab".utf8), Array("ba".utf8)) == 1)
    #expect(Nearest.distance([], Array("abc".utf8)) == 3)
  }

  @Test func theMachineIsSeen() {
    let machine = Machine.current()
    #expect(machine.cores >= 1 && machine.memoryKiB > 1024)
  }
}
