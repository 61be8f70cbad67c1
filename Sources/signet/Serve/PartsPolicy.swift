// What the settings mean to the domain.

import Configuration
import Identity
import Storage

extension Parts {
  /// The policy of these settings; issuer and algorithms stay what they were at start.
  func policy(_ settings: Settings) -> Policy {
    var policy = Self.policy(settings, issuer)
    policy.algorithm = first.token.algorithm.rawValue
    policy.algorithms = first.token.algorithms.map(\.rawValue)
    policy.cookiesCrossSites = first.cookie.sameSite == .none
    return policy
  }

  static func policy(_ settings: Settings, _ issuer: String) -> Policy {
    var policy = Policy(
      issuer: issuer, audience: settings.token.audience, algorithm: settings.token.algorithm.rawValue,
      algorithms: settings.token.algorithms.map(\.rawValue), keys: settings.keyPolicy,
      accessTTL: Int64(settings.token.accessTTL.milliseconds), idleTTL: Int64(settings.session.idleTTL.milliseconds),
      absoluteTTL: Int64(settings.session.absoluteTTL.milliseconds),
      retryWindow: Int64(settings.session.retryWindow.milliseconds),
      revokesRetriesElsewhere: settings.session.retryElsewhere == .revoke,
      maxSessionsPerUser: settings.session.maxPerUser, minimumPasswordLength: settings.password.minLength,
      cookiesCrossSites: settings.cookie.sameSite == .none, statusLists: settings.token.statusList == .on)
    policy.takesCertificates = settings.takesClientCertificates
    guard settings.tls.credentials != nil else { return policy }
    switch settings.tls.clientCertificate {
    case .none: break
    case .verified: policy.clientMethods += [.tlsClientAuth]
    case .any: policy.clientMethods += (settings.tls.clientCA == nil ? [] : [.tlsClientAuth]) + [.selfSignedTLS]
    }
    return policy
  }
}

extension Settings {
  /// Whether a client's certificate can come to us: in a handshake of ours, or from a proxy (RFC 9440).
  fileprivate var takesClientCertificates: Bool {
    if !proxy.trusted.isEmpty { return true }
    return tls.credentials != nil && tls.clientCertificate != .none
  }

  /// When keys rotate and go.
  var keyPolicy: KeyPolicy {
    KeyPolicy(
      rotateEvery: Int64(key.rotateEvery.milliseconds), publishBefore: Int64(key.publishBefore.milliseconds),
      retireAfter: Int64(key.retireAfter.milliseconds))
  }

  /// What the issuer offers.
  func offers() throws(KeyRingError) -> KeyOffers {
    try KeyOffers(algorithm: token.algorithm.rawValue, algorithms: token.algorithms.map(\.rawValue))
  }
}
