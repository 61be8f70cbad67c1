// What must hold between listeners, TLS, proxies and the issuer.
//
// The rule behind all of them (RFC 6749 1.6, RFC 9700 2.6): tokens and passwords never cross a network in the clear,
// unless somebody has said that a proxy in front does TLS.

/// The rules over what is reachable from outside.
struct ListenerChecks {
  let loaded: Loaded

  private var settings: Settings { loaded.settings }
  private var tls: Settings.TLS { settings.tls }

  /// The first rule that the configuration breaks.
  func run() throws(ConfigurationError) {
    try checkTLS()
    try checkPlain()
    try checkPlaces()
    try checkProxies()
    try checkCertificates()
    try checkIssuer()
  }

  private func checkTLS() throws(ConfigurationError) {
    if tls.certificate != nil, tls.key == nil {
      throw error(["tls.certificate"], "tls.certificate needs tls.key; give the path of its private key")
    }
    if tls.key != nil, tls.certificate == nil {
      throw error(["tls.key"], "tls.key needs tls.certificate; give the path of the certificate it belongs to")
    }
    if tls.certificate == nil, let secure = settings.listen.first(where: { settings.speaksTLS($0) }) {
      throw error(
        secure.scheme == .https ? ["listen"] : ["tls.mode"],
        "\(secure) is to speak TLS without a certificate; give tls.certificate and tls.key")
    }
    if tls.certificate == nil, tls.mode == .on {
      throw error(["tls.mode"], "tls.mode on needs a certificate; give tls.certificate and tls.key")
    }
    if tls.clientCertificate == .verified, tls.clientCA == nil {
      throw error(
        ["tls.client_certificate"],
        "tls.client_certificate verified needs tls.client_ca; give the path of the issuers' certificates, or say any")
    }
  }

  private func checkPlain() throws(ConfigurationError) {
    if let open = settings.listen.first(where: { !$0.isLoopback && !settings.speaksTLS($0) }), tls.mode != .off {
      throw error(
        ["listen"],
        "listen has \(open), which would serve plain HTTP outside loopback; give tls.certificate and tls.key, "
          + "listen on 127.0.0.1, or set tls.mode to off behind a proxy that does TLS")
    }
    if let operators = settings.admin.listen, !operators.isLoopback {
      throw error(
        ["admin.listen"],
        "admin.listen \(operators) would serve operators plain HTTP outside loopback; "
          + "listen on 127.0.0.1 or set it to off")
    }
  }

  private func checkPlaces() throws(ConfigurationError) {
    let all = settings.listen + [settings.admin.listen].compactMap { $0 }
    let places = all.compactMap(\.place)
    if let twice = places.indices.first(where: { places[..<$0].contains(places[$0]) }) {
      throw error(["admin.listen", "listen"], "two listeners want \(places[twice]); give each its own place")
    }
    for wide in settings.listen {
      if let other = all.first(where: { $0 != wide && wide.covers($0) }) {
        throw error(
          ["admin.listen", "listen"],
          "\(wide) takes every address\(wide.isIPv6 ? ", those of IPv4 too" : " of IPv4"), so nobody can listen on "
            + "\(other) beside it; take one of them out")
      }
    }
  }

  private func checkProxies() throws(ConfigurationError) {
    let asking = settings.listen.filter(\.expectsProxyHeader)
    if settings.proxy.trusted.isEmpty, let first = asking.first {
      throw error(
        ["listen"],
        "listen has \(first) with proxy=v2, but no proxy is trusted; name the proxy's network in proxy.trusted")
    }
    if !settings.proxy.trusted.contains("unix"), let first = asking.first(where: \.isUnix) {
      throw error(
        ["proxy.trusted", "listen"],
        "listen has \(first) with proxy=v2, but proxy.trusted doesn't have the word unix; add it")
    }
  }

  private func checkCertificates() throws(ConfigurationError) {
    guard settings.proxy.clientCertificate,
      let all = settings.proxy.trusted.first(where: { NetworkText($0)?.isEverything == true })
    else { return }
    throw error(
      ["proxy.client_certificate", "proxy.trusted"],
      "proxy.trusted has \(all), so with proxy.client_certificate anybody could claim any certificate; name the "
        + "proxy's network")
  }

  private func checkIssuer() throws(ConfigurationError) {
    guard let issuer = settings.issuer else { return try checkDerivedIssuer() }
    guard Issuer.isProtected(issuer) else {
      throw error(["issuer"], "issuer \(Shown.text(issuer)) is plain HTTP outside loopback; give an https URL")
    }
    // Such tokens would be good at Signet's own endpoints, or as an operator's.
    if settings.token.audience == issuer || settings.token.audience.hasPrefix(issuer + "/") {
      throw error(["token.audience", "issuer"], "token.audience must not be the issuer's; name the services' own API")
    }
  }

  private func checkDerivedIssuer() throws(ConfigurationError) {
    let mend = "give the URL that clients use, such as https://login.example.com"
    guard settings.issuingListener != nil else {
      throw error(["issuer", "listen"], "issuer must be set, since a Unix socket has no URL; \(mend)")
    }
    guard let open = settings.listen.first(where: { !$0.isLoopback }) else { return }
    throw error(["issuer", "listen"], "issuer must be set, since listen has \(open) outside loopback; \(mend)")
  }

  /// What is good but probably not meant.
  func warnings() -> [String] {
    var lines: [String] = []
    if tls.certificate != nil, !settings.listen.contains(where: { settings.speaksTLS($0) }) {
      lines.append("tls.certificate is given, but no listener speaks TLS; write https:// before one, or tls.mode on")
    }
    if let all = settings.proxy.trusted.first(where: { NetworkText($0)?.isEverything == true }) {
      lines.append("proxy.trusted has \(all), which lets every client claim any address; name the proxy's network")
    }
    guard settings.proxy.clientCertificate else { return lines }
    if settings.proxy.trusted.isEmpty {
      lines.append("proxy.client_certificate is true, but no proxy is trusted; name its network in proxy.trusted")
    }
    if let listener = settings.listen.first(where: \.expectsProxyHeader) {
      lines.append(
        "listen has \(listener), where Client-Cert isn't taken from the proxy, since the connection counts as its client's; "
          + "for proxy.client_certificate use X-Forwarded-For instead of the PROXY protocol")
    }
    return lines
  }

  private func error(_ keys: [String], _ message: String) -> ConfigurationError { loaded.error(keys, message) }
}
