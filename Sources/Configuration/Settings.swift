// The configuration as the rest of the program sees it: typed, complete, checked.
//
// Every field is filled from the row of `Table` that names it; the values standing here are only what a field holds
// until then. A setting's default, range and reason stand in its row and nowhere else.

/// Every setting's value.
package struct Settings: Sendable, Equatable {
  /// The name in every token and URL, an http(s) URL without a slash at its end; nil: the first listener's URL.
  package internal(set) var issuer: String?
  /// Where the public listeners listen, one at least.
  package internal(set) var listen: [ListenAddress] = []
  package internal(set) var admin = Admin()
  /// The data folder.
  package internal(set) var data = ""
  /// The file that holds the master key, unless `masterKey` is given.
  package internal(set) var masterKeyFile = ""
  /// The master key as text, from the environment alone.
  package internal(set) var masterKey: Secret?
  /// The one before it, from the environment alone.
  package internal(set) var masterKeyPrevious: Secret?
  package internal(set) var tls = TLS()
  package internal(set) var proxy = Proxy()
  package internal(set) var server = Server()
  package internal(set) var limits = Limits()
  package internal(set) var token = Token()
  package internal(set) var key = Key()
  package internal(set) var session = Session()
  package internal(set) var password = Password()
  package internal(set) var hashing = Hashing()
  package internal(set) var log = Log()
  package internal(set) var cookie = Cookie()
  package internal(set) var cors = CORS()
  package internal(set) var store = Store()
  package internal(set) var redis = Redis()

  init() {}

  /// Whether a listener speaks TLS; the one place which decides it.
  package func speaksTLS(_ address: ListenAddress) -> Bool {
    switch address.scheme {
    case .http: false
    case .https: true
    case .unsaid: !address.isUnix && tls.mode == .on
    }
  }

  /// The listener whose URL is the issuer when none is set; nil when all are Unix sockets, which have no URL.
  package var issuingListener: ListenAddress? { listen.first { !$0.isUnix } }

  /// The issuer as far as it is known before a server listens: of a port that the system is to pick it says 0.
  package var expectedIssuer: String? {
    if let issuer { return issuer }
    guard let listener = issuingListener, case .tcp(let host, let port) = listener.kind else { return nil }
    return "\(speaksTLS(listener) ? "https" : "http")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }
}

extension Settings {
  /// The operators' listener.
  package struct Admin: Sendable, Equatable {
    /// Where it listens; nil: it is off.
    package internal(set) var listen: ListenAddress?
  }

  /// TLS on the public listeners.
  package struct TLS: Sendable, Equatable {
    /// Whether listeners without a scheme speak TLS.
    package enum Mode: String, Sendable, CaseIterable {
      case on, off
    }

    /// What is asked of a client's certificate.
    package enum ClientCertificate: String, Sendable, CaseIterable {
      /// None is asked for.
      case none
      /// One that `clientCA` issued may be shown; any other ends the handshake.
      case verified
      /// Any may be shown, also a self-signed one: it proves a key and no name.
      case any
    }

    /// Nil: nothing was said, so that plain HTTP is good on loopback only.
    package internal(set) var mode: Mode?
    /// The PEM file of the certificate and its chain; given exactly when `key` is.
    package internal(set) var certificate: String?
    /// The PEM file of the certificate's private key.
    package internal(set) var key: String?
    /// The PEM file of those who issue clients' certificates.
    package internal(set) var clientCA: String?
    package internal(set) var clientCertificate = ClientCertificate.none
    /// For how long browsers shall insist on TLS (RFC 6797); zero: nothing is said.
    package internal(set) var hsts = Duration.zero
  }

  /// Proxies in front.
  package struct Proxy: Sendable, Equatable {
    /// Where the client's address is read from.
    package enum Header: String, Sendable, CaseIterable {
      case auto, forwarded
      case xForwardedFor = "x_forwarded_for"
    }

    /// Networks as CIDR or single addresses, or the word `unix`; who is believed.
    package internal(set) var trusted: [String] = []
    package internal(set) var header = Header.auto
    /// Whether they are believed about the client's certificate, too.
    package internal(set) var clientCertificate = false
  }

  /// The event loops.
  package struct Server: Sendable, Equatable {
    package internal(set) var loops = 0
  }

  /// Bounds on what a stranger can make a listener hold.
  package struct Limits: Sendable, Equatable {
    package internal(set) var connections = 0
    package internal(set) var connectionsPerAddress = 0
    /// 0: without limit.
    package internal(set) var requestsPerConnection = 0
    /// TLS handshakes in progress.
    package internal(set) var handshakes = 0
    /// For a PROXY header and the TLS handshake together.
    package internal(set) var handshakeTimeout = Duration.zero
    package internal(set) var headBytes = 0
    package internal(set) var fields = 0
    package internal(set) var bodyBytes = 0
    package internal(set) var headTimeout = Duration.zero
    package internal(set) var bodyTimeout = Duration.zero
    package internal(set) var idleTimeout = Duration.zero
    package internal(set) var writeTimeout = Duration.zero
    package internal(set) var drainTimeout = Duration.zero
  }

  /// Access tokens.
  package struct Token: Sendable, Equatable {
    /// The JWS algorithm of new signing keys (RFC 7518 3.1, RFC 8037 3.1).
    package enum Algorithm: String, Sendable, CaseIterable {
      case es256 = "ES256"
      case es384 = "ES384"
      case es512 = "ES512"
      case rs256 = "RS256"
      case rs384 = "RS384"
      case rs512 = "RS512"
      case ps256 = "PS256"
      case ps384 = "PS384"
      case ps512 = "PS512"
      case edDSA = "EdDSA"
      /// RFC 9964; where the OpenSSL at run time has it.
      case mlDSA44 = "ML-DSA-44"
      case mlDSA65 = "ML-DSA-65"
      case mlDSA87 = "ML-DSA-87"
    }

    /// Whether there are status lists.
    package enum StatusList: String, Sendable, CaseIterable {
      case on, off
    }

    /// What signs the tokens of clients which chose nothing else.
    package internal(set) var algorithm = Algorithm.es256
    /// What the issuer has keys for and clients may choose among; `algorithm` is one of them.
    package internal(set) var algorithms: [Algorithm] = []
    package internal(set) var accessTTL = Duration.zero
    package internal(set) var audience = ""
    /// Whether the tokens of new sessions name a place in a status list.
    package internal(set) var statusList = StatusList.off
  }

  /// Signing keys.
  package struct Key: Sendable, Equatable {
    /// How old an active key gets; zero: it is replaced by hand alone.
    package internal(set) var rotateEvery = Duration.zero
    /// How long a key is published before it signs.
    package internal(set) var publishBefore = Duration.zero
    /// How long a key that no longer signs is published at least.
    package internal(set) var retireAfter = Duration.zero
  }

  /// Sessions and their refresh tokens.
  package struct Session: Sendable, Equatable {
    /// What a second retry in a row from another address prefix means.
    package enum RetryElsewhere: String, Sendable, CaseIterable {
      case allow, revoke
    }

    package internal(set) var idleTTL = Duration.zero
    package internal(set) var absoluteTTL = Duration.zero
    package internal(set) var retryWindow = Duration.zero
    package internal(set) var retryElsewhere = RetryElsewhere.allow
    package internal(set) var maxPerUser = 0
  }

  /// Argon2id's parameters and what a new password must be.
  package struct Password: Sendable, Equatable {
    package internal(set) var memoryKiB = 0
    package internal(set) var iterations = 0
    package internal(set) var parallelism = 0
    /// In characters.
    package internal(set) var minLength = 0
  }

  /// The pool that hashes passwords.
  package struct Hashing: Sendable, Equatable {
    package internal(set) var threads = 0
    package internal(set) var queue = 0
    package internal(set) var deadline = Duration.zero
  }

  /// The log on standard error.
  package struct Log: Sendable, Equatable {
    /// The lowest level written.
    package enum Level: String, Sendable, CaseIterable {
      case trace, debug, info, notice, warning, error, critical
    }

    /// JSON lines, or lines for people.
    package enum Format: String, Sendable, CaseIterable {
      case json, text
    }

    /// Which requests get a line.
    package enum Access: String, Sendable, CaseIterable {
      case errors, all, none
    }

    package internal(set) var level = Level.info
    package internal(set) var format = Format.json
    package internal(set) var access = Access.errors
  }

  /// The refresh token's cookie.
  package struct Cookie: Sendable, Equatable {
    /// From which sites' pages browsers send it.
    package enum SameSite: String, Sendable, CaseIterable {
      case strict, none
    }

    package internal(set) var sameSite = SameSite.strict
  }

  /// Browsers of other origins.
  package struct CORS: Sendable, Equatable {
    /// Origins as a browser sends them, `https://host[:port]`.
    package internal(set) var origins: [String] = []
  }

  /// The store.
  package struct Store: Sendable, Equatable {
    package internal(set) var url = ""
    package internal(set) var migrate = true

    /// The database file's path.
    package var path: String { StoreURL.path(url) ?? "" }
  }

  /// A Redis or Valkey server that is told what is denied.
  package struct Redis: Sendable, Equatable {
    /// Nil: there is none. It may hold a password.
    package internal(set) var url: Secret?

    /// What the URL says.
    package var server: RedisURL? { url.flatMap { try? RedisURL($0.reveal()) } }
  }
}
