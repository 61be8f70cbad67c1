// The JWT by which a client proves itself (RFC 7523 sections 2.2 and 3): signed by a key that was registered for it, for this
// issuer and nobody else, for a short while, and once.
//
// The key says which algorithm it is for; a header only names it. Where several issuers share a client, an assertion for
// one must be of no use to another, so the audience is the issuer's very text and the only one.

import JOSE
import JSON
import OpenSSL
import Storage

/// An assertion whose signature is good.
struct ClientAssertion {
  /// How far ahead it may expire, in milliseconds: for so long its id has to be remembered.
  static let longest: Int64 = 3_600_000
  /// How much the clocks may differ, in milliseconds.
  static let leeway: Int64 = 30_000
  /// Bytes that one may have.
  static let size = 8192
  /// Bytes that its `jti` may have.
  private static let identifierLimit = 256
  /// What `typ` may say, where it says something: RFC 7519 section 5.1, and the name that newer drafts give it. So that no
  /// JWT which the client has signed for another purpose passes for one.
  private static let types: Set<String> = ["jwt", "client-authentication+jwt"]

  /// Stands for client and `jti` in the store.
  let id: [UInt8]
  /// When it is of no use any more, in milliseconds since 1970.
  let until: Int64

  /// The client that an assertion claims to be from, for finding the key it must be signed by.
  static func claimedClient(_ compact: String) -> String? {
    guard let token = try? UnverifiedToken(compact: Array(compact.utf8), size: size), !token.isEncrypted else {
      return nil
    }
    return token.claims?["sub"]?.string
  }

  /// Throws the reason against it, in a word.
  init(_ compact: String, from client: String, by keys: TokenVerifier, issuer: String, now: Int64) throws(Failure) {
    let bytes = Array(compact.utf8)
    let payload: JSONValue
    do {
      let verified = try keys.verify(compact: bytes, type: nil)
      let header = try UnverifiedToken(compact: bytes, size: Self.size).header
      guard Self.isType(header["typ"]) else { throw JOSEError.typeMismatch }
      payload = try verified.claims
      try Claims.check(
        payload: payload, issuer: client, audience: issuer, now: now / 1000, leeway: Self.leeway / 1000)
    } catch {
      throw Failure(cause: "\(error)")
    }
    guard payload["sub"]?.string?.utf8.elementsEqual(client.utf8) == true else { throw Failure(cause: "another sub") }
    // The audience was found; it must be the only one.
    guard (payload["aud"]?.array?.count ?? 1) == 1 else { throw Failure(cause: "further audiences") }
    guard let expiry = payload["exp"]?.number, expiry * 1000 <= Double(now + Self.longest + Self.leeway) else {
      throw Failure(cause: "exp is too far ahead")
    }
    guard let jti = payload["jti"]?.string, (1...Self.identifierLimit).contains(jti.utf8.count) else {
      throw Failure(cause: "no jti")
    }
    // A second more, since what it is compared with is whole seconds.
    until = Int64(expiry * 1000) + Self.leeway + 1000
    // An id has no zero byte, so no two pairs are one text.
    id = Digest.sha256(Array(client.utf8) + [0] + Array(jti.utf8))
  }

  private static func isType(_ typ: JSONValue?) -> Bool {
    guard let typ else { return true }
    guard let text = typ.string?.lowercased() else { return false }
    return types.contains(text.hasPrefix("application/") ? String(text.dropFirst("application/".count)) : text)
  }

  /// Why it proves nothing.
  struct Failure: Error { let cause: String }
}

extension Issuer {
  /// The client that an assertion proves.
  func client(asserting compact: String, as id: String?) async throws(Refusal) -> RegisteredClient {
    guard compact.utf8.count <= ClientAssertion.size, let claimed = ClientAssertion.claimedClient(compact),
      id == nil || id?.utf8.elementsEqual(claimed.utf8) == true
    else { throw Refusal(.invalidClient, cause: "malformed_assertion") }
    guard let client = registered(claimed) else { throw Refusal(.invalidClient, cause: "unknown_client") }
    try check(client, uses: .privateKeyJWT)
    guard let keys = contexts.clients.keys(of: client) else { throw Refusal(.invalidClient, cause: "no_client_keys") }
    let moment = moment()
    let assertion: ClientAssertion
    do throws(ClientAssertion.Failure) {
      assertion = try ClientAssertion(compact, from: claimed, by: keys.verifier, issuer: policy.issuer, now: moment.now)
    } catch {
      throw Refusal(.invalidClient, cause: "assertion: \(error.cause)")
    }
    let taken: Bool
    do {
      taken = try await store.takeAssertion(
        TakenAssertion(id: assertion.id, until: assertion.until, now: moment.now, forgets: moment.settled > .min))
    } catch { throw Refusal(error) }
    guard taken else { throw Refusal(.invalidClient, cause: "assertion_replayed") }
    return client
  }
}
