// Clients' secrets: made here, shown once, kept as a digest; and the one before, for the time of changing over.

import JOSE
import OpenSSL
package import Storage

extension ClientSecret {
  /// How long the secret before stays good where nobody says otherwise, in milliseconds: a day.
  package static let usualKeep: Int64 = 86_400_000
  /// How long it may at most: 30 days.
  package static let longestKeep: Int64 = 30 * 86_400_000

  /// 256 random bits in base64url.
  package static func make() -> String { Base64URL.encode(Random.bytes(32)) }

  /// Puts a new secret in the place of the present one, which stays good for a while. The one before that is good no
  /// longer, so that there are never more than two.
  /// - Parameter keep: for how long, in milliseconds; 0: it ends now.
  /// - Returns: the new one.
  package static func rotate(_ client: inout ClientRecord, keep: Int64, now: Int64) throws(ClientError) -> String {
    guard client.authentication.method.takesSecret, let old = client.authentication.secret else {
      throw ClientError("authentication", "\(client.authentication.method.rawValue) has no secret to rotate")
    }
    guard (0...longestKeep).contains(keep) else {
      throw ClientError("keep", "the secret before stays good for \(longestKeep / 86_400_000) days at most")
    }
    let secret = make()
    client.authentication.secret = .init(digest: digest(of: secret))
    client.authentication.previousSecret = keep == 0 ? nil : .init(digest: old.digest, until: now + keep)
    return secret
  }
}

extension Issuer {
  /// What may be registered of clients under the policy in force.
  package var clientRules: ClientRules {
    ClientRules(
      issuer: policy.issuer, audience: policy.audience, offers: Array(snapshot.ring.signing.keys),
      usual: snapshot.ring.algorithm, cookiesCrossSites: policy.cookiesCrossSites)
  }
}

extension ClientRules {
  /// A random `client_id`.
  package static func newID() -> String { UniqueID(random: Random.bytes(16)).description }

  /// Makes a client whole and checks it: where its method compares secrets and it has none, it gets one.
  /// - Returns: the secret that was made, which nobody will see again.
  package func complete(_ client: inout ClientRecord) throws(ClientError) -> String? {
    var secret: String?
    if client.authentication.method.takesSecret, client.authentication.secret == nil {
      let made = ClientSecret.make()
      client.authentication.secret = .init(digest: ClientSecret.digest(of: made))
      secret = made
    }
    try check(client)
    return secret
  }
}
