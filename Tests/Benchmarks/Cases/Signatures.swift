// Tokens made and checked on one thread, beside `openssl speed` in turns: what Signet adds to the bare signature.

import JOSE
import OpenSSL

extension Case {
  static let signatures = Case(name: "jose", about: "tokens signed and verified, beside openssl speed") { _ in
    try [(SignatureAlgorithm.es256, "ecdsap256"), (.rs256, "rsa2048"), (.eddsa, "ed25519")].flatMap {
      try figures($0.0, $0.1)
    }
  }

  /// Three rounds, in turns; the medians. The bare signature is what must keep up: of a token, Ed25519 also hashes all
  /// bytes twice.
  private static func figures(_ algorithm: SignatureAlgorithm, _ name: String) throws -> [Figure] {
    let key = try SigningKey.generate(algorithm)
    var rates = [[Double]](repeating: [], count: 6)
    for _ in 0..<3 {
      let limit = try OpenSSLSpeed(name)
      let bare = try bare(algorithm)
      let all = [
        limit.signing, limit.verifying, bare.signing, bare.verifying, try signatures(key), try verifications(key),
      ]
      for (index, rate) in all.enumerated() { rates[index].append(rate) }
    }
    let medians = rates.map { $0.sorted()[1] }
    let signing = Figure.Limit(name: "openssl speed \(name), signatures/s", value: medians[0])
    let verifying = Figure.Limit(name: "openssl speed \(name), verifications/s", value: medians[1])
    let title = algorithm.rawValue
    return [
      figure("\(title) signatures", medians[2], signing), figure("\(title) verifications", medians[3], verifying),
      Figure(name: "\(title) tokens signed", value: medians[4], unit: "/s", limit: signing),
      Figure(name: "\(title) tokens verified", value: medians[5], unit: "/s", limit: verifying),
    ]
  }

  private static func figure(_ name: String, _ value: Double, _ limit: Figure.Limit) -> Figure {
    Figure(name: name, value: value, unit: "/s", target: .atLeast((limit.value * 0.9).rounded(.up)), limit: limit)
  }

  /// Signatures over 32 bytes, like `openssl speed`.
  private static func bare(_ algorithm: SignatureAlgorithm) throws -> (signing: Double, verifying: Double) {
    let key = try PrivateKey.generate(algorithm.keyKind)
    let signer = try Signer(key: key, scheme: algorithm.scheme)
    let verifier = try Verifier(key: key.publicKey, scheme: algorithm.scheme)
    let input = [UInt8](repeating: 0x61, count: 32)
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    let signing = try Machine.processorRate {
      try input.withUnsafeBytes { bytes in
        try signature.withUnsafeMutableBytes { try signer.sign(bytes, into: $0) }
      }
    }
    let verifying = Machine.processorRate {
      let isValid = input.withUnsafeBytes { bytes in signature.withUnsafeBytes { verifier.isValid($0, over: bytes) } }
      precondition(isValid)
    }
    return (signing, verifying)
  }

  private static func signatures(_ key: SigningKey) throws -> Double {
    let signer = try TokenSigner(key: key, type: "at+jwt")
    var token: [UInt8] = []
    return try Machine.processorRate {
      token.removeAll(keepingCapacity: true)
      try signer.sign(payload: payload, into: &token)
    }
  }

  private static func verifications(_ key: SigningKey) throws -> Double {
    var token: [UInt8] = []
    try TokenSigner(key: key, type: "at+jwt").sign(payload: payload, into: &token)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    return try Machine.processorRate { _ = try verifier.verify(compact: token, type: "at+jwt") }
  }

  /// The claims of an access token, in size and form.
  private static let payload = Array(
    #"""
    {"iss":"https://auth.example.com","sub":"b198522e-e544-433f-b430-b490ab2dc995","aud":["https://api.example.com",
    "https://auth.example.com"],"exp":1769863496,"iat":1769862896,"jti":"AAAAAAyDrBhB94Ye-cZkXA","client_id":"signet",
    "sid":"422a4bfe-fb94-4c45-8b06-8541cd68466d","auth_time":1769862896,"amr":["pwd"],"roles":["editor"]}
    """#.utf8)
}
