// Tokens bound to a key or a certificate: which request may use which.

import JOSE
import JSON
import OpenSSL
import SignetVerifier
import Testing

@Suite struct BoundTokenTests {
  private let one: SigningKey, client: SigningKey
  private let issuer: FakeIssuer
  private let verifier: SignetVerifier
  private static let url = "https://api.example.com/orders/7"

  init() throws {
    one = try TestKeys.one.get()
    client = try TestKeys.two.get()
    issuer = FakeIssuer(one)
    verifier = try issuer.verifier()
    issuer.time.pass(seconds: 100)
  }

  private func proof(_ token: String, by key: SigningKey? = nil, _ changes: [String: String?] = [:]) throws -> String {
    let key = key ?? client
    let hash = Base64URL.encode(Digest.sha256(Array(token.utf8)))
    let claims: [String: String?] = [
      "jti": "\"\(Base64URL.encode(Random.bytes(12)))\"", "htm": #""GET""#, "htu": "\"\(Self.url)\"",
      "iat": "\(issuer.time.now)", "ath": "\"\(hash)\"",
    ]
    let members = claims.merging(changes) { $1 }.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
    var jwk = JSONWriter()
    key.publicJWK.write(into: &jwk)
    let header = #"{"typ":"dpop+jwt","alg":"ES256","jwk":\#(String(decoding: jwk.bytes, as: UTF8.self))}"#
    let input = [header, "{\(members.joined(separator: ","))}"].map { Base64URL.encode(Array($0.utf8)) }
      .joined(separator: ".")
    let signer = try Signer(key: PrivateKey(pkcs8: key.pkcs8), scheme: .ecdsa(.p256))
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    try Array(input.utf8).withUnsafeBytes { input in
      try signature.withUnsafeMutableBytes { try signer.sign(input, into: $0) }
    }
    return input + "." + Base64URL.encode(signature)
  }

  private func error(
    _ field: String?, dpop: String? = nil, method: String = "GET", url: String = url, certificate: [UInt8]? = nil,
    by other: SignetVerifier? = nil
  ) async -> VerificationError? {
    let shown = ProofOfPossession(method: method, url: url, dpop: dpop, certificate: certificate)
    do throws(VerificationError) {
      _ = try await (other ?? verifier).verify(authorization: field, shown)
      return nil
    } catch { return error }
  }

  private func bound(to confirmation: String) throws -> String { try issuer.token(one, ["cnf": confirmation]) }

  private func boundToKey() throws -> String { try bound(to: #"{"jkt":"\#(client.publicJWK.thumbprint)"}"#) }

  @Test func byAKey() async throws {
    let token = try boundToKey(), good = try proof(token)
    let shown = ProofOfPossession(method: "GET", url: Self.url + "?page=2", dpop: good)
    let verified = try await verifier.verify(authorization: "dpop \(token)", shown)
    #expect(verified.confirmation == .key(thumbprint: client.publicJWK.thumbprint))
    #expect(verified.dpopNonce == nil)
    let again = await error("DPoP \(token)", dpop: good)
    #expect(again == .invalidProof("the proof was used before"))
    #expect(await error("DPoP \(token)") == .invalidProof("the request has no DPoP proof"))
    #expect(await error("Bearer \(token)", dpop: try proof(token)) == .boundToken)
    await #expect(throws: VerificationError.boundToken) { try await verifier.verify(token) }
    await #expect(throws: VerificationError.boundToken) { try await verifier.verify(authorization: "Bearer \(token)") }
    let wrong: [(String, String)] = [
      (try proof(token, by: one), "the proof is by another key than the token is bound to"),
      (try proof(token, ["ath": nil]), "ath is not the hash of the access token"),
      (try proof(token + "x"), "ath is not the hash of the access token"),
      (try proof(token, ["htm": #""POST""#]), "htm is not the request's method"),
      (try proof(token, ["htu": #""https://api.example.com/orders/8""#]), "htu is not the request's URI"),
      (try proof(token, ["iat": "\(issuer.time.now - 61)"]), "iat is too long ago"),
      (try proof(token, ["iat": "\(issuer.time.now + 60)"]), "iat is in the future"),
    ]
    for (proof, why) in wrong { #expect(await error("DPoP \(token)", dpop: proof) == .invalidProof(why)) }
    let refusal = VerificationError.invalidProof("x")
    #expect(refusal.status == 401)
    #expect(
      refusal.challenge == #"DPoP error="invalid_dpop_proof", error_description="x", algs="ES256 EdDSA PS256 RS256""#)
  }

  @Test func nonces() async throws {
    let token = try boundToKey()
    let fresh = try issuer.verifier { $0.proofs.nonceKey = [UInt8](repeating: 1, count: 32) }
    let other = try issuer.verifier { $0.proofs.nonceKey = [UInt8](repeating: 1, count: 32) }
    guard case .nonceRequired(let nonce) = await error("DPoP \(token)", dpop: try proof(token), by: fresh) else {
      throw NeverHappened(what: "a nonce")
    }
    #expect(VerificationError.nonceRequired(nonce).dpopNonce == nonce)
    for verifier in [fresh, other] {
      #expect(await error("DPoP \(token)", dpop: try proof(token, ["nonce": "\"\(nonce)\""]), by: verifier) == nil)
    }
    issuer.time.pass(seconds: 61)
    let shown = ProofOfPossession(
      method: "GET", url: Self.url, dpop: try proof(token, ["nonce": "\"\(nonce)\""]))
    let result = try? await fresh.verify(authorization: "DPoP \(token)", shown)
    #expect(result == nil || result?.dpopNonce != nil)
  }

  @Test func byACertificate() async throws {
    let certificate: [UInt8] = [1, 2, 3]
    let thumbprint = Base64URL.encode(Digest.sha256(certificate))
    let token = try bound(to: #"{"x5t#S256":"\#(thumbprint)"}"#)
    #expect(await error("Bearer \(token)", certificate: certificate) == nil)
    #expect(await error("Bearer \(token)", certificate: [1, 2, 4]) == .wrongCertificate)
    #expect(await error("Bearer \(token)") == .boundToken)
    #expect(await error("DPoP \(token)", dpop: try proof(token), certificate: certificate) == .unboundToken)
  }

  @Test func byNothing() async throws {
    let token = try issuer.token(one)
    #expect(await error("Bearer \(token)") == nil)
    #expect(await error("DPoP \(token)", dpop: try proof(token)) == .unboundToken)
    #expect(await error(nil) == .missingToken)
    #expect(await error("Basic \(token)") == .missingToken)
    for claim in ["{}", "1", #"{"jkt":"x"}"#, #"{"jwk":{}}"#, #"{"jkt":1}"#, #"{"jkt":"\#(client.kid)","x":1}"#] {
      #expect(await error("Bearer \(try bound(to: claim))") == .invalidClaim("cnf"), "\(claim)")
    }
  }

  @Test func options() {
    #expect(throws: VerifierSetupError.self) { try issuer.verifier { $0.proofs.mostRemembered = 7 } }
    #expect(throws: VerifierSetupError.self) { try issuer.verifier { $0.proofs.nonceKey = [1] } }
  }
}
