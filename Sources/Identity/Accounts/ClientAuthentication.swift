// Which client sends a request: it proves itself by the one method that it is registered for, and by no other.
//
// Unknown client, wrong secret and wrong method are one refusal at one cost: a client that isn't there is compared with a
// digest that no secret has. Secrets are 256 random bits, so SHA-256 is all that keeping them needs.

import OpenSSL
import Storage
import Telemetry

extension Issuer {
  /// The client that the credentials prove; a public one needs none.
  package func authenticate(_ credentials: ClientCredentials) async throws(Refusal) -> RegisteredClient {
    do throws(Refusal) {
      let client = try await proven(credentials)
      counts.clients.add()
      return client
    } catch {
      counts.clientRefusals.add()
      throw error
    }
  }

  private func proven(_ credentials: ClientCredentials) async throws(Refusal) -> RegisteredClient {
    switch credentials.proof {
    case .secret(let secret, let method):
      let client = registered(credentials.clientID)
      let isGood = ClientSecret.isGood(secret, for: client?.record.authentication, now: moment().now)
      guard let client else { throw Refusal(.invalidClient, cause: "unknown_client") }
      try check(client, uses: method)
      guard isGood else { throw Refusal(.invalidClient, cause: "wrong_secret") }
      return client
    case .assertion(let compact): return try await client(asserting: compact, as: credentials.clientID)
    case .certificate(let verified, let presented):
      return try client(credentials.clientID, showing: verified, presented)
    }
  }

  /// The client of that id, by its bytes: a dictionary finds texts that are canonically equivalent too.
  func registered(_ id: String?) -> RegisteredClient? {
    guard let id, let client = snapshot.clients[id], client.record.id.utf8.elementsEqual(id.utf8) else { return nil }
    return client
  }

  /// Throws unless it is the client's method. A public client has none, whatever its row says.
  func check(_ client: RegisteredClient, uses method: ClientAuthentication.Method) throws(Refusal) {
    guard !client.record.isPublic, client.record.authentication.method == method else {
      throw Refusal(.invalidClient, cause: "another_method")
    }
  }
}

/// Secrets of clients.
package enum ClientSecret {
  /// A digest that no secret has, as far as anybody can find out.
  private static let nobody = [UInt8](repeating: 0, count: Digest.sha256Size)

  /// What is kept of a secret.
  package static func digest(of secret: String) -> [UInt8] { Digest.sha256(Array(secret.utf8)) }

  /// Whether it is the present secret, or the one before while that is good still. Both are compared whatever comes of
  /// the first.
  static func isGood(_ secret: String, for authentication: ClientAuthentication?, now: Int64) -> Bool {
    let digest = digest(of: secret)
    let isPresent = constantTimeEqual(digest, authentication?.secret?.digest ?? nobody)
    let isPrevious = constantTimeEqual(digest, authentication?.previousSecret?.digest ?? nobody)
    return isPresent || (isPrevious && now < authentication?.previousSecret?.until ?? .min)
  }
}
