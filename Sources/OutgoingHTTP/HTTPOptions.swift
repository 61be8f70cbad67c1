// How one client fetches. What isn't here is decided for all: no redirects, no cookies, HTTP/1.1, TLS 1.2 at least.

/// A client's settings.
package struct HTTPOptions: Sendable {
  /// Whose certificates are believed.
  package enum Trust: Sendable, Equatable {
    /// Those of the system's authorities, for the host that the URL names.
    case system
    /// Those of the authorities in a PEM file and of nobody else, for the host that the URL names.
    case authorities(file: String)
    /// Any. Only where nothing secret is sent and nobody else can answer, or the answer decides nothing.
    case anyone
  }

  /// The `User-Agent` field.
  package var userAgent: String
  package var trust = Trust.system
  /// Whether the proxies that `https_proxy`, `http_proxy` and `no_proxy` name are used.
  package var usesEnvironmentProxies = false
  /// From the first packet to the last, in milliseconds.
  package var timeout = 10_000
  /// Until the connection stands, TLS included, in milliseconds.
  package var connectTimeout = 5_000
  /// The largest body, in bytes.
  package var largestBody = 1 << 20

  package init(userAgent: String) { self.userAgent = userAgent }
}

/// One field of a request or an answer.
package struct HTTPField: Sendable, Equatable {
  /// In an answer, in lower case.
  package let name: String
  package let value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// An answer, whatever its status; a redirect is one too.
package struct HTTPAnswer: Sendable {
  package let status: Int
  /// In the order in which they came.
  package let fields: [HTTPField]
  package let body: [UInt8]

  /// The values of every field of that name (in lower case), as one list (RFC 9110 5.3); nil when there is none.
  package func list(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}
