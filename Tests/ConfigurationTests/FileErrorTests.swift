// Every mistake in a file, with its exact line.

import Testing

@testable import Configuration

@Suite struct FileErrorTests {
  @Test(arguments: [
    (
      "session:\n  retry_windw: 10s\n",
      #"F:2: "session.retry_windw" is no known key; the nearest is session.retry_window"#
    ),
    ("sesion:\n  retry_window: 10s\n", #"F:1: "sesion" is no known key; the nearest is session"#),
    ("\nretry_window: 10s\n", #"F:2: "retry_window" is no known key; the nearest is session.retry_window"#),
    ("session: {timeout: 1s}", #"F:1: "session.timeout" is no known key; config/signet.yaml lists them all"#),
    ("<<: {data: x}", #"F:1: "<<" is no known key; config/signet.yaml lists them all"#),
    ("data: a\nissuer: http://localhost\ndata: b\n", "F:3: data stands on line 1 already; keep one"),
    ("log: {level: info}\nlog: {format: text}\n", "F:2: log stands on line 1 already; keep one"),
    ("log: {level: info}\nlog.level: debug\n", "F:2: log.level stands on line 1 already; keep one"),
    ("master_key: abc\n", "F:1: master_key is not taken from a file; set SIGNET_MASTER_KEY or master_key_file"),
  ])
  func keys(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    ("data:\n  - a\n", "F:1: data must be one value, not a list; give a path"),
    ("data: {a: b}\n", "F:1: data must be one value, not a mapping"),
    ("log: info\n", "F:1: log must be a mapping, its keys indented below it"),
    ("log:\n  - info\n", "F:2: log must be a mapping, its keys indented below it"),
    (
      "issuer:\n",
      "F:1: issuer has no value; give an http or https URL without query, "
        + "fragment or a slash at its end or take the line out"
    ),
    ("- a\n", "F:1: the file must be a mapping of keys to values, such as token: {access_ttl: 10m}"),
    ("hello\n", "F:1: the file must be a mapping of keys to values, such as token: {access_ttl: 10m}"),
    ("? [a]\n: b\n", "F:1: a key must be a plain name, such as issuer"),
    ("listen: [[a]]\n", "F:1: listen must be a list of single values"),
    ("listen: []\n", "F:1: listen is empty; give a list of \(ListenAddress.shape)"),
    ("listen: [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n", #"F:1: listen names "127.0.0.1:1" twice; take one out"#),
  ])
  func shapes(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    (
      "token:\n  access_ttl: 10x\n",
      #"F:2: token.access_ttl "10x" is not good; give a duration from 1s to 1d, such as 90s, 10m, 1h30m or 14d"#
    ),
    (
      "token: {access_ttl: 2d}\n",
      #"F:1: token.access_ttl "2d" is not good; give a duration from 1s to 1d, such as 90s, 10m, 1h30m or 14d"#
    ),
    ("session: {max_per_user: 0}", #"F:1: session.max_per_user "0" is not good; give a number from 1 to 10000"#),
    ("session: {max_per_user: 0x10}", #"F:1: session.max_per_user "0x10" is not good; give a number from 1 to 10000"#),
    (
      "token: {algorithm: none}",
      #"F:1: token.algorithm "none" is not good; give one of ES256, ES384, ES512, RS256, RS384, RS512, "#
        + "PS256, PS384, PS512, EdDSA, ML-DSA-44, ML-DSA-65, ML-DSA-87"
    ),
    ("token: {algorithms: []}", "F:1: token.algorithms is empty; give a list of \(Check.algorithm.shape)"),
    ("token: {algorithms: [HS256]}", #"F:1: token.algorithms "HS256" is not good; give "# + Check.algorithm.shape),
    ("tls: {mode: auto}", #"F:1: tls.mode "auto" is not good; give one of on, off"#),
    ("store: {migrate: yes}", #"F:1: store.migrate "yes" is not good; give true or false"#),
    ("data: \"a\\nb\"", #"F:1: data "a?b" is not good; give a path"#),
    ("listen: [\"127.0.0.1\"]", #"F:1: listen "127.0.0.1" is not good; give "# + ListenAddress.shape),
    (
      "store: {url: \"postgres://x/y\"}",
      #"F:1: store.url "postgres://x/y" is not good; give sqlite:///PATH (sqlite:///./PATH for a relative one)"#
    ),
    ("cors: {origins: [\"*\"]}", #"F:1: cors.origins "*" is not good; give an origin such as https://app.example.com"#),
  ])
  func values(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    ("data: &a x\n", "F:1: anchors (&) are not taken; write the value out"),
    ("log: &a {level: info}\n", "F:1: anchors (&) are not taken; write the value out"),
    ("data: a\nissuer: *a\n", "F:2: aliases (*) are not taken; write the value out"),
    ("data: !!str x\n", "F:1: tags (!) are not taken; write the value alone"),
    ("listen: !x [a]\n", "F:1: tags (!) are not taken; write the value alone"),
    ("data: a\n---\ndata: b\n", "F:2: a second document begins; keep one"),
    ("data: a\n\tb: c\n", "F:2: not YAML: found a tab character that violates indentation; mend the line"),
    ("data: a\n  b: c\n", "F:2: not YAML: mapping values are not allowed in this context; mend the line"),
    ("data: \"a\n", "F:2: not YAML: found unexpected end of stream; mend the line"),
  ])
  func yaml(text: String, expected: String) { #expect(error(text) == expected) }

  @Test func bytesThatAreNoText() {
    #expect(
      error(Array("data: a\nissuer: ".utf8) + [0xFF, 0x0A])
        == "F:2: not YAML: invalid leading UTF-8 octet; save the file as UTF-8 text")
    #expect(
      error(Array("data: a\n".utf8) + [0])
        == "F:2: not YAML: control characters are not allowed; save the file as UTF-8 text")
  }

  @Test func unreadableFiles() {
    #expect(
      error(flags: []) == "good"
        && error(environment: ["SIGNET_CONFIG": "/nowhere/signet.yaml"])
          == "/nowhere/signet.yaml: cannot read the configuration: No such file or directory; "
          + "mend the path or the file's mode"
    )
    #expect(
      error(environment: ["SIGNET_CONFIG": "/tmp"])
        == "/tmp: cannot read the configuration: Is a directory; mend the path or the file's mode")
    #expect(
      error([UInt8](repeating: 0x23, count: (1 << 20) + 1))
        == "F: cannot read the configuration: it is larger than 1048576 bytes; mend the path or the file's mode")
  }

  @Test func hostileDepthEndsAtOnce() {
    let deep = String(repeating: "[", count: 1 << 20)
    #expect(error("listen: " + deep.dropLast(8)) == "F:1: listen must be a list of single values")
    let mapping = String(repeating: "{a: ", count: 1 << 16)
    #expect(error(mapping) == #"F:1: "a" is no known key; config/signet.yaml lists them all"#)
  }

  @Test func foreignTextIsCutAndCleaned() {
    let line = error("data: 1\n\"" + String(repeating: "k", count: 500) + "\": 1\n")
    #expect(
      line == "F:2: \"\(String(repeating: "k", count: 57))...\" is no known key; config/signet.yaml lists them all")
  }
}
