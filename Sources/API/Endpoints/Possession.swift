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
    let presented = try presentedAccess(exchange)
    let evidence = evidence(exchange)
    return try await bearer(exchange, presented) { () async throws(Refusal) in
      try await issuer.bearer(presented.token, isDPoP: presented.isDPoP, evidence)
    }
  }

  /// The token of the Authorization field.
  func presentedAccess(_ exchange: Exchange) throws(Refusal) -> PresentedAccess {
    guard let field = exchange.field(.authorization) else { throw Refusal(.missingToken, cause: "no_token") }
    let parts = field.split(separator: " ", maxSplits: 1)
    let scheme = parts.first?.lowercased() ?? ""
    guard parts.count == 2, scheme == "bearer" || scheme == "dpop" else {
      throw Refusal(.missingToken, cause: "no_bearer")
    }
    return PresentedAccess(token: String(parts[1]), isDPoP: scheme == "dpop")
  }

  /// Runs `check`, and tells the log and the client what comes of it.
  func bearer(
    _ exchange: Exchange, _ presented: PresentedAccess, _ check: () async throws(Refusal) -> Bearer
  ) async throws(Refusal) -> Bearer {
    do {
      let bearer = try await check()
      if let nonce = bearer.nextNonce { exchange.add("DPoP-Nonce", nonce) }
      exchange.userID = bearer.user.id.description
      exchange.sessionID = bearer.session.id.description
      return bearer
    } catch {
      // Here these are challenges to the token's use, whatever else the endpoint does.
      switch error.code {
      case .invalidToken where presented.isDPoP: throw Refusal(.invalidBoundToken, cause: error.cause)
      case .insufficientScope where presented.isDPoP: throw Refusal(.challengedScope, cause: error.cause)
      case .invalidDPoPProof(let why): throw Refusal(.challengedProof(why), cause: error.cause)
      case .useDPoPNonce(let nonce): throw Refusal(.challengedNonce(nonce), cause: error.cause)
      default: throw error
      }
    }
  }
}

/// An access token as a request presents it.
struct PresentedAccess {
  let token: String
  /// Whether it came by the scheme `DPoP` (RFC 9449 section 7.1).
  let isDPoP: Bool
}
