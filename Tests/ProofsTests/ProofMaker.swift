// A client that makes proofs, good ones and whatever a test asks for.

@testable import JOSE
import JSON
import OpenSSL
import Proofs

let now: Int64 = 1_700_000_100_000
let uri = "https://login.example.com/v1/refresh"

/// A key and what is signed by it.
struct ProofMaker {
  let key: SigningKey

  init(_ algorithm: SignatureAlgorithm = .es256) throws { key = try SigningKey.generate(algorithm) }

  init(_ key: SigningKey) { self.key = key }

  /// The key's thumbprint, 32 bytes.
  var thumbprint: [UInt8] { (try? Base64URL.decode(key.publicJWK.thumbprint)) ?? [] }

  var jwk: String {
    var writer = JSONWriter()
    key.publicJWK.write(into: &writer)
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// A proof with some claims and members of the header replaced by other JSON, or by nothing.
  func proof(_ claims: [String: String?] = [:], header: [String: String?] = [:]) throws -> String {
    let usualHeader: [String: String?] = [
      "typ": #""dpop+jwt""#, "alg": "\"\(key.algorithm.rawValue)\"", "jwk": jwk,
    ]
    let usual: [String: String?] = [
      "jti": "\"\(Base64URL.encode(Random.bytes(12)))\"", "htm": #""POST""#, "htu": "\"\(uri)\"",
      "iat": "\(now / 1000)",
    ]
    return try sign(Self.object(usualHeader.merging(header) { $1 }), Self.object(usual.merging(claims) { $1 }))
  }

  /// What is signed as it stands.
  func sign(_ header: String, _ payload: String) throws -> String {
    let input = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
    let signer = try Signer(key: key.privateKey, scheme: key.algorithm.scheme)
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    try Array(input.utf8).withUnsafeBytes { input in
      try signature.withUnsafeMutableBytes { try signer.sign(input, into: $0) }
    }
    return input + "." + Base64URL.encode(signature)
  }

  private static func object(_ members: [String: String?]) -> String {
    "{" + members.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }.joined(separator: ",") + "}"
  }
}

/// A server's side.
struct Side {
  let replays: Replays
  let nonces: ProofNonces
  let checker: ProofChecker
  static let nonceKey = [UInt8](repeating: 7, count: 32)

  /// - Parameter startedAt: two minutes ago, usually.
  init(startedAt: Int64 = now - 120_000, sharing replays: Replays? = nil, capacity: Int = 1 << 12) throws {
    self.replays = replays ?? Replays(now: startedAt, capacity: capacity)
    nonces = try ProofNonces(keys: [Self.nonceKey], for: self.replays)
    checker = ProofChecker(self.replays, nonces)
  }

  /// Why a proof is refused; nil when it is good.
  func refusal(
    _ proof: String, method: String = "POST", uri: String = uri, token: String? = nil, boundTo: [UInt8]? = nil,
    at time: Int64 = now
  ) -> ProofRefusal? {
    do throws(ProofRefusal) {
      _ = try checker.check(
        proof, ProofRequest(method: method, uri: uri, accessToken: token, boundTo: boundTo, now: time))
      return nil
    } catch { return error }
  }
}
