// What must hold between times and hashing's costs, and the syntax of URLs and durations.

import Testing

@testable import Configuration

@Suite struct CheckTests {
  private static let badRedis =
    "F:1: redis.url is no such URL; give redis://[user:password@]host[:port][/database] or "
    + "unix://[user:password@]/path[?db=number]"

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
    ("redis: {url: redis://127.0.0.1}", "good"), ("redis: {url: 'redis://a:p%40ss@[::1]:7000/3'}", "good"),
    ("redis: {url: 'unix://:p@/run/redis.sock?db=2'}", "good"), ("redis: {url: 'unix:///run/redis.sock'}", "good"),
    ("redis: {url: 'redis://a:hidden@host:0'}", Self.badRedis),
    ("redis: {url: 'redis://a:hid%zzden@host'}", Self.badRedis),
    ("redis: {url: 'redis://hidden@host'}", Self.badRedis), ("redis: {url: 'redis://host/hidden'}", Self.badRedis),
    ("redis: {url: 'unix://a:hidden@host/path'}", Self.badRedis),
    ("redis: {url: 'http://a:hidden@host'}", Self.badRedis),
    ("redis: {url: 'unix:///run/redis.sock?hidden'}", Self.badRedis),
    (
      "redis: {url: 'rediss://a:hidden@host'}",
      "F:1: redis.url asks for TLS, which this build's hiredis doesn't do; give redis:// or unix:// to a tunnel on this "
        + "machine, such as stunnel's"
    ),
    ("key: {rotate_every: 0s, publish_before: 90d}", "good"), ("key: {rotate_every: 3s, publish_before: 2s}", "good"),
    (
      "key: {rotate_every: 1d}",
      "F:1: key.rotate_every (1d) is not more than key.publish_before (1d); give more, or 0s for never"
    ),
    (
      "key:\n  rotate_every: 2d\n  publish_before: 3d",
      "F:2: key.rotate_every (2d) is not more than key.publish_before (3d); give more, or 0s for never"
    ),
    ("token: {algorithm: RS256, algorithms: [EdDSA, RS256]}", "good"),
    (
      "token:\n  algorithm: RS256\n  algorithms: [ES256, EdDSA]",
      "F:3: token.algorithms leaves out token.algorithm (RS256); give ES256, EdDSA, RS256"
    ),
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
