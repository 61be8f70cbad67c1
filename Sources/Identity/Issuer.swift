// The domain as one event loop sees it: the latest snapshot, and the cryptographic contexts which one thread may use.
//
// Not Sendable: the compiler confines it to its loop. Its operations are async functions that run on the loop's actor;
// while one waits for the store or the hashing pool, others go on. What it does stands by topic in the files of
// Accounts/ and Sessions/.

import JOSE
import Passwords
import Proofs
package import Storage
import Telemetry

/// One event loop's issuer of tokens.
package final class Issuer {
  package let authority: Authority
  package private(set) var snapshot: Snapshot
  private(set) var contexts: Contexts
  let counts: Counts
  let proofCounts: ProofCounts
  /// Waits without holding the loop, for so many milliseconds.
  package let sleep: (Int) async -> Void

  /// - Parameter sleep: waits on the loop's own timer.
  package init(_ authority: Authority, sleep: @escaping (Int) async -> Void) throws {
    self.authority = authority
    self.sleep = sleep
    snapshot = authority.snapshot
    counts = Counts(authority.metrics)
    proofCounts = ProofCounts(authority.metrics)
    contexts = try Contexts(snapshot, authority.replays)
  }

  /// Serves by a new snapshot from now on; what is in flight ends by the one it began with or this.
  package func adopt(_ snapshot: Snapshot) throws {
    contexts = try Contexts(snapshot, authority.replays)
    self.snapshot = snapshot
  }

  package var policy: Policy { snapshot.policy }
  package var store: any Store { authority.store }

  func moment() -> Clock.Moment { authority.clock.moment() }
}

/// The cryptographic contexts of one snapshot's keys, for one thread.
struct Contexts {
  let refreshTokens: RefreshTokenCodec
  let deviceTokens: DeviceTokenCodec
  let referenceTokens: ReferenceTokenCodec
  let accessTokens: AccessTokenWriter
  let clients: ClientContexts
  let verifier: TokenVerifier
  let proofs: ProofChecker
  let verified = VerifiedTokens()
  /// Signs the answers to introspection.
  let introspections: TokenSigner?

  init(_ snapshot: Snapshot, _ replays: Replays) throws {
    refreshTokens = try RefreshTokenCodec(snapshot.ring)
    deviceTokens = try DeviceTokenCodec(snapshot.ring)
    referenceTokens = try ReferenceTokenCodec(snapshot.ring.secrets[.referenceToken, default: [:]])
    accessTokens = try AccessTokenWriter(snapshot.ring, referenceTokens, issuer: snapshot.policy.issuer)
    clients = try ClientContexts(snapshot)
    verifier = try TokenVerifier(keys: snapshot.ring.published)
    introspections = try snapshot.ring.signing[snapshot.ring.algorithm].map { (key) throws(JOSEError) in
      try TokenSigner(key: key, type: IntrospectionAnswer.type)
    }
    proofs = try snapshot.ring.proofChecker(replays)
  }
}

/// Who asks: what the audit trail and the hashing queue need to know of a request.
package struct Requester: Sendable {
  package let address: String
  /// The address as far as it tells one party from another: IPv4 whole, IPv6 by its /64.
  package let addressPrefix: UInt64
  package let requestID: String
  package let userAgent: String?

  package init(address: String, addressPrefix: UInt64, requestID: String, userAgent: String?) {
    self.address = address
    self.addressPrefix = addressPrefix
    self.requestID = requestID
    self.userAgent = userAgent
  }

  var context: RequestContext { RequestContext(actor: "user", address: address, requestID: requestID) }
}

/// What a client gets: RFC 6749 section 5.1.
package struct TokenAnswer: Sendable {
  /// The access token's characters.
  package let accessTokenText: [UInt8]
  /// Seconds.
  package let expiresIn: Int64
  package let refreshToken: String
  /// Seconds.
  package let refreshExpiresIn: Int64
  package let scope: String
  package let sessionID: UniqueID
  package let userID: UniqueID
  /// `Bearer`, or `DPoP` (RFC 9449 section 5).
  package let tokenType: String
  package var deviceToken: String?

  package var accessToken: String { String(decoding: accessTokenText, as: UTF8.self) }
}

/// One loop's counters.
final class Counts {
  let logins: Counter
  let loginRefusals: Counter
  let rotations: Counter
  let retries: Counter
  let retriesElsewhere: Counter
  let reuses: Counter
  let ahead: Counter
  let refreshRefusals: Counter
  let logouts: Counter
  let clients: Counter
  let clientRefusals: Counter
  let serviceTokens: Counter

  init(_ metrics: Metrics) {
    func refresh(_ outcome: String) -> Counter {
      metrics.counter("signet_refreshes_total", "Refresh tokens presented, by outcome.", labels: [("outcome", outcome)])
    }
    func login(_ outcome: String) -> Counter {
      metrics.counter("signet_logins_total", "Password logins, by outcome.", labels: [("outcome", outcome)])
    }
    logins = login("granted")
    loginRefusals = login("refused")
    rotations = refresh("rotated")
    retries = refresh("retried")
    retriesElsewhere = refresh("retried_elsewhere")
    reuses = refresh("reuse")
    ahead = refresh("ahead")
    refreshRefusals = refresh("refused")
    logouts = metrics.counter("signet_logouts_total", "Sessions ended by their user.")
    func clients(_ outcome: String) -> Counter {
      metrics.counter(
        "signet_client_authentications_total", "Clients that said who they are, by outcome.",
        labels: [("outcome", outcome)])
    }
    self.clients = clients("granted")
    clientRefusals = clients("refused")
    serviceTokens = metrics.counter("signet_client_tokens_total", "Access tokens issued to clients for themselves.")
  }
}

extension Refusal {
  /// What a failed store means to a client.
  package init(_ error: StoreError) {
    switch error {
    case .full, .readOnly, .busy, .overloaded, .closed:
      self.init(.temporarilyUnavailable(retryAfter: 1), cause: error.cause)
    // With SQLite's and the system's words: what was not foreseen is what an operator must be told.
    case .failed(let why): self.init(.serverError, cause: "\(error.cause): \(why)")
    case .exists, .missing, .schema: self.init(.serverError, cause: error.cause)
    }
  }

  /// What a refused hash means to a client.
  init(_ error: HashingError) {
    self.init(.temporarilyUnavailable(retryAfter: max(1, error.retryAfterSeconds)), cause: "hashing_\(error)")
  }
}
