// Entries of `listen`, which of them speak TLS, and networks that are trusted.

import Testing

@testable import Configuration

@Suite struct ListenerTests {
  @Test(arguments: [
    ("127.0.0.1:80", true), ("127.1.2.3:80", true), ("localhost:80", true), ("[::1]:80", true),
    ("[0:0:0:0:0:0:0:1]:80", true), ("0.0.0.0:80", false), ("[::]:80", false), ("http://10.0.0.1:80", false),
    ("unix:/x", true),
  ])
  func loopback(text: String, expected: Bool) { #expect(ListenAddress(text)?.isLoopback == expected) }

  @Test func everyForm() {
    let tcp = ListenAddress("https://[::]:443?proxy=v2")
    #expect(tcp?.kind == .tcp(host: "::", port: 443) && tcp?.scheme == .https && tcp?.expectsProxyHeader == true)
    #expect(tcp?.description == "[::]:443")
    let plain = ListenAddress("127.0.0.1:0")
    #expect(plain?.kind == .tcp(host: "127.0.0.1", port: 0) && plain?.scheme == .unsaid)
    #expect(plain?.expectsProxyHeader == false && plain?.place == nil)
    #expect(ListenAddress("http://localhost:1")?.scheme == .http)
    #expect(ListenAddress("localhost:1")?.place == "127.0.0.1:1")
    let unix = ListenAddress("unix:/run/a b.sock?mode=0600&proxy=v2")
    #expect(unix?.kind == .unix(path: "/run/a b.sock", mode: 0o600) && unix?.expectsProxyHeader == true)
    #expect(unix?.description == "unix:/run/a b.sock" && unix?.scheme == .unsaid)
    #expect(ListenAddress("unix:/x")?.kind == .unix(path: "/x", mode: 0o660))
    #expect(ListenAddress("unix:/x?mode=777")?.kind == .unix(path: "/x", mode: 0o777))
    #expect(ListenAddress("unix:/" + String(repeating: "x", count: 106)) != nil)
  }

  @Test(arguments: [
    "127.0.0.1", ":80", "*:80", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:080", "127.0.0.1:65536", "::1:80", "[::1]",
    "http://127.0.0.1:80/", "256.0.0.1:80", "a..b:80", "a_b:80", "a.example:80", "tcp://127.0.0.1:80",
    "https://unix:/x", "unix:x", "unix:", "unix:/", "unix:/x/", "unix:/a\nb", "unix://x?", "UNIX:/x",
    "unix:/" + String(repeating: "x", count: 107), "127.0.0.1:80?", "127.0.0.1:80?proxy=v1",
    "127.0.0.1:80?proxy=v2&proxy=v2", "127.0.0.1:80?proxy=v2&", "127.0.0.1:80?mode=0660", "unix:/x?mode=",
    "unix:/x?mode=8",
    "unix:/x?mode=0888", "unix:/x?mode=1777", "unix:/x?mode=0060", "unix:/x?mode=00660", "unix:/x?mode=0660&mode=0660",
  ])
  func addressesThatAreNot(text: String) { #expect(ListenAddress(text) == nil) }

  @Test(arguments: [
    ("a.example:80", "an IP address of this machine, or localhost, for the host"),
    ("unix:x", "unix: and the absolute path of a socket, of at most 107 bytes"),
    ("127.0.0.1:80?mode=0660", "mode= with unix:/path only"),
    (
      "127.0.0.1:80?proxy=1",
      "proxy=v2, or mode= and an octal number such as 0660, each once, joined by &, after the ?"
    ),
  ])
  func theComplaintSaysWhatIsGood(text: String, mend: String) {
    #expect(error("listen: [\"\(text)\"]") == "F:1: listen \"\(text)\" is not good; give \(mend)")
  }

  @Test(arguments: ["https://127.0.0.1:1", "127.0.0.1:1?proxy=v2", "unix:x", "on", ""])
  func operatorsThatAreNot(text: String) {
    #expect(
      error("admin: {listen: \"\(text)\"}")
        == "F:1: admin.listen \"\(text)\" is not good; give host:port, http://host:port, unix:/path or off")
  }

  @Test func operatorsThatAre() throws {
    #expect(try load(flags: [("admin.listen", "off")]).settings.admin.listen == nil)
    let unix = try load(flags: [("admin.listen", "unix:/x?mode=0600")]).settings.admin.listen
    #expect(unix?.kind == .unix(path: "/x", mode: 0o600))
  }

  /// Which listeners speak TLS: mode, whether there is a certificate, and the entry's own scheme.
  @Test(arguments: [
    (nil, false, "127.0.0.1:1", false), (nil, true, "127.0.0.1:1", true), (nil, true, "http://127.0.0.1:1", false),
    (nil, true, "https://0.0.0.0:1", true), ("on", true, "0.0.0.0:1", true), ("on", true, "http://127.0.0.1:1", false),
    ("off", true, "127.0.0.1:1", false), ("off", true, "https://127.0.0.1:1", true), ("off", false, "0.0.0.0:1", false),
    ("on", true, "unix:/x", false), (nil, true, "unix:/x", false), (nil, false, "unix:/x", false),
  ])
  func whoSpeaksTLS(mode: String?, certificate: Bool, listen: String, expected: Bool) throws {
    var flags = [("listen", listen), ("issuer", "https://a.example")]
    if let mode { flags.append(("tls.mode", mode)) }
    if certificate { flags += [("tls.certificate", "/c"), ("tls.key", "/k")] }
    let settings = try load(flags: flags).settings
    #expect(settings.speaksTLS(settings.listen[0]) == expected)
  }

  @Test func theIssuingListener() throws {
    let settings = try load(flags: [("listen", "unix:/x,127.0.0.1:1,[::1]:2")]).settings
    #expect(settings.issuingListener?.description == "127.0.0.1:1")
  }

  @Test func theCertificateDecidesTheModeAndTheAuthorityTheClients() throws {
    let files = [("tls.certificate", "/c"), ("tls.key", "/k")]
    #expect(try load(flags: files).settings.tls.mode == .on)
    #expect(try load(flags: files + [("tls.mode", "off")]).settings.tls.mode == .off)
    #expect(try load(flags: files + [("tls.client_ca", "/a")]).settings.tls.clientCertificate == .verified)
    let asked = files + [("tls.client_ca", "/a"), ("tls.client_certificate", "none")]
    #expect(try load(flags: asked).settings.tls.clientCertificate == .none)
    let changes = Settings.changes(from: try load(), to: try load(flags: files + [("tls.client_ca", "/a")]))
    #expect(changes.reloadable == ["tls.certificate", "tls.key", "tls.client_ca", "tls.client_certificate"])
    #expect(changes.needRestart == ["tls.mode"])
  }
}

@Suite struct NetworkTests {
  @Test(arguments: [
    "10.0.0.0/8", "192.0.2.7", "192.0.2.7/32", "0.0.0.0/0", "::1", "::1/128", "2001:db8::/32", "::/0", "fe80::/10",
    "::ffff:10.0.0.0/104", "unix",
  ])
  func networks(text: String) throws {
    #expect(try load(flags: [("proxy.trusted", text)]).settings.proxy.trusted == [text])
  }

  @Test(arguments: [
    "", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0/8", "::/129", "::1/x", "10.0.0.0/8/8",
    "localhost", "unix:/x", "[::1]", "10.0.0.0 /8", "UNIX",
  ])
  func textsThatAreNot(text: String) {
    #expect(
      error("proxy: {trusted: [\"\(text)\"]}")
        == "F:1: proxy.trusted \"\(text)\" is not good; give a network such as 10.0.0.0/8, an address, or the word unix"
    )
  }

  @Test(arguments: [
    ("10.0.0.1/8", "10.0.0.0/8"), ("192.0.2.129/25", "192.0.2.128/25"), ("1.2.3.4/0", "0.0.0.0/0"),
    ("2001:db8::1/32", "2001:db8::/32"), ("fe80::1/9", "fe80::/9"), ("10.255.0.0/9", "10.128.0.0/9"),
  ])
  func bitsBeyondThePrefix(text: String, right: String) {
    #expect(error("proxy: {trusted: [\"\(text)\"]}") == "F:1: proxy.trusted \"\(text)\" is not good; give \(right)")
  }

  @Test func whoMayHandOnCertificates() throws {
    #expect(
      error("proxy: {trusted: [\"::/0\"], client_certificate: true}")
        == "F:1: proxy.trusted has ::/0, so with proxy.client_certificate anybody could claim any certificate; name the "
        + "proxy's network")
    let warned = try load(flags: [("proxy.client_certificate", "true"), ("proxy.trusted", "::1")]).warnings
    #expect(warned == [])
    #expect(try load(flags: [("proxy.client_certificate", "true")]).warnings.count == 1)
    let both = try load(
      flags: [
        ("proxy.client_certificate", "true"), ("proxy.trusted", "::1"), ("listen", "127.0.0.1:8080?proxy=v2"),
      ]
    ).warnings
    #expect(both.count == 1 && both.first?.contains("where Client-Cert isn't taken from the proxy") == true)
  }

  @Test func everybodyIsWarnedOf() throws {
    #expect(
      try load(flags: [("proxy.trusted", "unix,::/0")]).warnings == [
        "proxy.trusted has ::/0, which lets every client claim any address; name the proxy's network"
      ])
  }
}
