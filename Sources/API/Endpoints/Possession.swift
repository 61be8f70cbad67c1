// What a request shows of its keys, taken out of its fields and its connection.

import HTTPServer
import Identity
import Storage

extension Endpoints {
  /// What the request shows.
  func evidence(_ exchange: Exchange) -> Evidence {
    Evidence(
      method: "\(exchange.method.name)", path: exchange.path, proof: exchange.field(.dpop),
      certificate: exchange.presentedCertificate)
  }

  /// What a request for tokens has proved.
  func proven(_ exchange: Exchange) throws(Refusal) -> Proven {
    let proven = try issuer.proven(evidence(exchange))
    if let nonce = proven.nextNonce { exchange.add("DPoP-Nonce", nonce) }
    return proven
  }

  /// What a request with a refresh token has proved. Beside what isn't one a proof isn't looked at: the request is refused
  /// anyway, and has cost a MAC instead of a signature.
  func proven(_ exchange: Exchange, by refreshToken: String) throws(Refusal) -> Proven {
    guard exchange.field(.dpop) == nil || issuer.isOurs(refreshToken: refreshToken) else { return Proven() }
    return try proven(exchange)
  }

  /// Whom the request's access token speaks for (RFC 6750 section 2.1, RFC 9449 section 7.1).
  func bearer(_ exchange: Exchange) async throws(Refusal) -> Bearer {
    guard let field = exchange.field(.authorization) else { throw Refusal(.missingToken, cause: "no_token") }
    let parts = field.split(separator: " ", maxSplits: 1)
    let scheme = parts.first?.lowercased() ?? ""
    guard parts.count == 2, scheme == "bearer" || scheme == "dpop" else {
      throw Refusal(.missingToken, cause: "no_bearer")
    }
    let bearer = try await bearer(String(parts[1]), isDPoP: scheme == "dpop", exchange)
    exchange.userID = bearer.user.id.description
    exchange.sessionID = bearer.session.id.description
    return bearer
  }

  private func bearer(_ token: String, isDPoP: Bool, _ exchange: Exchange) async throws(Refusal) -> Bearer {
    do {
      let bearer = try await issuer.bearer(token, isDPoP: isDPoP, evidence(exchange))
      if let nonce = bearer.nextNonce { exchange.add("DPoP-Nonce", nonce) }
      return bearer
    } catch {
      // Here these are challenges to the token's use, whatever else the endpoint does.
      switch error.code {
      case .invalidToken where isDPoP: throw Refusal(.invalidBoundToken, cause: error.cause)
      case .invalidDPoPProof(let why): throw Refusal(.challengedProof(why), cause: error.cause)
      case .useDPoPNonce(let nonce): throw Refusal(.challengedNonce(nonce), cause: error.cause)
      default: throw error
      }
    }
  }
}
