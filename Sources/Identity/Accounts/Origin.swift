// The origins (RFC 6454) whose pages may use a client in cookie mode, and which of them a browser counts as the issuer's
// own site: to others it doesn't send a cookie that is `SameSite=Strict`.

import Glibc
import PublicSuffixes
import Storage

/// An origin, or the origin of a URL, as far as sites go.
package struct WebOrigin: Sendable, Equatable {
  package let scheme: String
  package let host: String

  /// Reads `scheme://host[:port]`, in lower case as browsers write it; what follows after a slash is left out. Nil for any
  /// other text.
  package init?(_ text: String) {
    guard let scheme = ["https", "http"].first(where: { text.hasPrefix($0 + "://") }) else { return nil }
    let authority = text.dropFirst(scheme.count + 3).prefix { $0 != "/" }
    let end = authority.hasPrefix("[") ? authority.firstIndex(of: "]").map(authority.index(after:)) : nil
    let host = authority.prefix(upTo: end ?? authority.firstIndex(of: ":") ?? authority.endIndex)
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    self.scheme = scheme
    self.host = host.lowercased()
  }

  /// Whether a browser counts both as one site ("schemefully same site" in the HTML standard): one scheme, and one host
  /// or one registrable domain; ports don't matter. Nil when that can't be told because libpsl is missing.
  package func isSameSite(as other: WebOrigin) -> Bool? {
    guard scheme == other.scheme else { return false }
    if host == other.host { return true }
    guard !isAddress, !other.isAddress else { return false }
    guard let suffixes = PublicSuffixes.shared else { return nil }
    guard let domain = suffixes.registrableDomain(of: host) else { return false }
    return domain == suffixes.registrableDomain(of: other.host)
  }

  /// An IP address has no parent domain.
  private var isAddress: Bool {
    var address = in_addr()
    return host.hasPrefix("[") || inet_pton(AF_INET, host, &address) == 1
  }
}

/// Which clients' pages come from which origin, and what is wrong with origins that can't be served.
package struct PageOrigins: Sendable, Equatable {
  private var clients: [String: [String]] = [:]
  /// One sentence for each origin that isn't served.
  package private(set) var faults: [String] = []

  init(_ records: some Collection<RegisteredClient>, _ policy: Policy) {
    for record in records.map(\.record) {
      for origin in record.origins {
        if let fault = Self.objection(to: origin, policy) {
          faults.append("client_origin client=\(record.id): \(fault)")
        } else {
          clients[origin, default: []].append(record.id)
        }
      }
    }
    faults.sort()
  }

  /// Whether no origin is served.
  package var isEmpty: Bool { clients.isEmpty }

  /// The clients that have registered this origin; none for any other.
  package func clients(of origin: String) -> [String] { clients[origin] ?? [] }

  /// What is wrong with an origin for this issuer's cookie; nil when nothing is.
  package static func objection(to origin: String, _ policy: Policy) -> String? {
    objection(to: origin, issuer: policy.issuer, cookiesCrossSites: policy.cookiesCrossSites)
  }

  /// What is wrong with an origin for that issuer's cookie; nil when nothing is.
  static func objection(to origin: String, issuer url: String, cookiesCrossSites: Bool) -> String? {
    guard let page = WebOrigin(origin), let issuer = WebOrigin(url), !origin.hasSuffix("/") else {
      return "\(origin) is no origin; write it as https://app.example.com"
    }
    guard !cookiesCrossSites else { return nil }
    switch page.isSameSite(as: issuer) {
    case true: return nil
    case nil: return "whether \(origin) is same-site with \(url) is libpsl's to say; install libpsl5"
    case false:
      return "\(origin) isn't same-site with \(url), so browsers won't send it the cookie; serve both from one "
        + "domain by one scheme, or set cookie.same_site to none"
    }
  }
}
