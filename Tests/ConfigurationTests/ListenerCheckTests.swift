// What must hold between listeners, TLS, proxies and the issuer.

import Testing

@testable import Configuration

@Suite struct ListenerCheckTests {
  private static let open = "listen: [\"0.0.0.0:8080\"]\n"
  private static let name = "issuer: https://login.example.com\n"
  private static let files = "tls: {certificate: /c, key: /k}\n"
  private static let plain =
    " which would serve plain HTTP outside loopback; give tls.certificate and tls.key, "
    + "listen on 127.0.0.1, or set tls.mode to off behind a proxy that does TLS"

  @Test(arguments: [
    (open, "F:1: listen has 0.0.0.0:8080," + plain),
    (name + files + "listen: [\"http://0.0.0.0:80\", \"[::]:443\"]\n", "F:3: listen has 0.0.0.0:80," + plain),
    (
      "tls: {certificate: /c, key: /k, mode: \"on\"}\n" + name + "listen: [\"http://[::]:80\"]\n",
      "F:3: listen has [::]:80," + plain
    ),
    (open + name + files, "good"), (open + name + "tls: {mode: off}\n", "good"),
    (
      "admin: {listen: \"0.0.0.0:8081\"}\ntls: {mode: off}\n",
      "F:1: admin.listen 0.0.0.0:8081 would serve operators plain HTTP outside loopback; "
        + "listen on 127.0.0.1 or set it to off"
    ),
  ])
  func plainHTTP(text: String, expected: String) { #expect(error(text) == expected) }

  /// A key in the place of its path: `SIGNET_TLS_KEY_FILE` names a file that holds the path.
  @Test(arguments: ["\"-----BEGIN PRIVATE KEY-----\\nMHcCAQEEIIkX\"", "-----BEGIN PRIVATE KEY----- MHcCAQEEIIkX"])
  func aKeyIsNotShown(key: String) {
    #expect(
      error("tls:\n  certificate: /c\n  key: \(key)\n")
        == "F:3: tls.key what was given, which is no path but what a file holds, is not good; give a path")
  }

  @Test(arguments: [
    ("tls: {certificate: /c}\n", "F:1: tls.certificate needs tls.key; give the path of its private key"),
    ("\ntls: {key: /k}\n", "F:2: tls.key needs tls.certificate; give the path of the certificate it belongs to"),
    (
      "tls: {mode: off}\nlisten: [\"https://127.0.0.1:1\"]\n",
      "F:2: 127.0.0.1:1 is to speak TLS without a certificate; give tls.certificate and tls.key"
    ),
    (
      "listen: [\"127.0.0.1:1\"]\ntls: {mode: \"on\"}\n",
      "F:2: 127.0.0.1:1 is to speak TLS without a certificate; give tls.certificate and tls.key"
    ),
    (
      "listen: [\"unix:/x\"]\ntls: {mode: \"on\"}\n",
      "F:2: tls.mode on needs a certificate; give tls.certificate and tls.key"
    ),
    (
      "tls: {client_certificate: verified}\n",
      "F:1: tls.client_certificate verified needs tls.client_ca; "
        + "give the path of the issuers' certificates, or say any"
    ),
    ("tls: {client_certificate: any}\n", "good"), (files, "good"),
  ])
  func certificates(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    (
      "listen: [\"[::]:1\", \"0.0.0.0:1\"]\ntls: {mode: off}\nissuer: https://a.example\n",
      "F:1: [::]:1 takes every address, those of IPv4 too, so nobody can listen on 0.0.0.0:1 beside it; "
        + "take one of them out"
    ),
    (
      "listen: [\"0.0.0.0:8081\"]\ntls: {mode: off}\nissuer: https://a.example\n",
      "F:1: 0.0.0.0:8081 takes every address of IPv4, so nobody can listen on 127.0.0.1:8081 beside it; "
        + "take one of them out"
    ),
    ("admin: {listen: \"127.0.0.1:8080\"}", "F:1: two listeners want 127.0.0.1:8080; give each its own place"),
    ("admin: {listen: \"localhost:8080\"}", "F:1: two listeners want 127.0.0.1:8080; give each its own place"),
    (
      files + "listen: [\"127.0.0.1:1\", \"https://127.0.0.1:1\"]",
      "F:2: two listeners want 127.0.0.1:1; give each its own place"
    ),
    (
      name + "listen: [\"unix:/x\", \"unix:/x?mode=0600\"]",
      "F:2: two listeners want unix:/x; give each its own place"
    ),
    ("listen: [\"127.0.0.1:0\"]\nadmin: {listen: \"127.0.0.1:0\"}", "good"),
  ])
  func places(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    (
      "listen: [\"127.0.0.1:1?proxy=v2\"]\n",
      "F:1: listen has 127.0.0.1:1 with proxy=v2, but no proxy is trusted; name the proxy's network in proxy.trusted"
    ),
    (
      name + "proxy: {trusted: [\"::1\"]}\nlisten: [\"unix:/x?proxy=v2\"]\n",
      "F:2: listen has unix:/x with proxy=v2, but proxy.trusted doesn't have the word unix; add it"
    ),
    (name + "proxy: {trusted: [unix]}\nlisten: [\"unix:/x?proxy=v2\"]\n", "good"),
    ("proxy: {trusted: [127.0.0.1]}\nlisten: [\"127.0.0.1:1?proxy=v2\"]\n", "good"),
  ])
  func proxies(text: String, expected: String) { #expect(error(text) == expected) }

  @Test(arguments: [
    (
      open + "tls: {mode: off}\n",
      "F:1: issuer must be set, since listen has 0.0.0.0:8080 outside loopback; "
        + "give the URL that clients use, such as https://login.example.com"
    ),
    (
      "listen: [\"unix:/x\"]\n",
      "F:1: issuer must be set, since a Unix socket has no URL; "
        + "give the URL that clients use, such as https://login.example.com"
    ),
    ("listen: [\"unix:/x\", \"127.0.0.1:1\"]\n", "good"),
    (
      open + "tls: {mode: off}\nissuer: http://login.example.com\n",
      #"F:3: issuer "http://login.example.com" is plain HTTP outside loopback; give an https URL"#
    ),
    (
      "issuer: https://a.example\ntoken: {audience: \"https://a.example/admin\"}",
      "F:2: token.audience must not be the issuer's; name the services' own API"
    ),
    (
      "issuer: https://a.example\ntoken: {audience: \"https://a.example\"}",
      "F:2: token.audience must not be the issuer's; name the services' own API"
    ),
  ])
  func issuers(text: String, expected: String) { #expect(error(text) == expected) }

  @Test func aCertificateThatNobodyUsesIsWarnedOf() throws {
    let flags = [("tls.certificate", "/c"), ("tls.key", "/k"), ("tls.mode", "off")]
    #expect(
      try load(flags: flags).warnings == [
        "tls.certificate is given, but no listener speaks TLS; write https:// before one, or tls.mode on"
      ])
    #expect(try load(flags: flags + [("listen", "https://127.0.0.1:1")]).warnings == [])
  }

  @Test func certificatesFromNobody() throws {
    let flags = [("proxy.client_certificate", "true")]
    #expect(
      try load(flags: flags).warnings == [
        "proxy.client_certificate is true, but no proxy is trusted; name its network in proxy.trusted"
      ])
    #expect(try load(flags: flags + [("proxy.trusted", "192.0.2.1")]).warnings == [])
  }
}
