// What the settings mean to the domain.

import Configuration
import Identity
import Storage

extension Parts {
  /// The policy of these settings; issuer, algorithms and proxies stay what they were at start.
  func policy(_ settings: Settings) -> Policy {
    var policy = Self.policy(settings, issuer, first.proxy)
    policy.algorithm = first.token.algorithm.rawValue
    policy.algorithms = first.token.algorithms.map(\.rawValue)
    policy.cookiesCrossSites = first.cookie.sameSite == .none
    return policy
  }

  /// - Parameter proxy: what holds of proxies until the next start.
  static func policy(_ settings: Settings, _ issuer: String, _ proxy: Settings.Proxy) -> Policy {
    var policy = Policy(
      issuer: issuer, audience: settings.token.audience, algorithm: settings.token.algorithm.rawValue,
      algorithms: settings.token.algorithms.map(\.rawValue), keys: settings.keyPolicy,
      accessTTL: Int64(settings.token.accessTTL.milliseconds), idleTTL: Int64(settings.session.idleTTL.milliseconds),
      absoluteTTL: Int64(settings.session.absoluteTTL.milliseconds),
      retryWindow: Int64(settings.session.retryWindow.milliseconds),
      revokesRetriesElsewhere: settings.session.retryElsewhere == .revoke,
      maxSessionsPerUser: settings.session.maxPerUser, minimumPasswordLength: settings.password.minLength,
      cookiesCrossSites: settings.cookie.sameSite == .none, statusLists: settings.token.statusList == .on)
    let takesAny = settings.takesAnyCertificate || !proxy.trusted.isEmpty && proxy.clientCertificate
    policy.takesCertificates = settings.takesVerifiedCertificates || takesAny
    if settings.takesVerifiedCertificates { policy.clientMethods.append(.tlsClientAuth) }
    if takesAny { policy.clientMethods.append(.selfSignedTLS) }
    return policy
  }
}

extension Settings {
  /// Whether clients show certificates that an authority of ours has signed: in our own handshake.
  fileprivate var takesVerifiedCertificates: Bool {
    tls.credentials != nil && tls.clientCertificate != .none && tls.clientCA != nil
  }

  /// Whether they may show whichever they have, there.
  fileprivate var takesAnyCertificate: Bool { tls.credentials != nil && tls.clientCertificate == .any }

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
