// Tokens made and checked on one thread, beside `openssl speed` in turns: what Signet adds to the bare signature.

import JOSE
import OpenSSL

extension Case {
  static let signatures = Case(name: "jose", about: "tokens signed and verified, beside openssl speed") { _ in
    try [(SignatureAlgorithm.es256, "ecdsap256"), (.rs256, "rsa2048"), (.eddsa, "ed25519")].flatMap {
      try figures($0.0, $0.1)
    }
  }

  /// Three rounds, in turns; the medians.
  private static func figures(_ algorithm: SignatureAlgorithm, _ name: String) throws -> [Figure] {
    let key = try SigningKey.generate(algorithm)
    var (signed, verified): ([Double], [Double]) = ([], [])
    var (signing, verifying): ([Double], [Double]) = ([], [])
    for _ in 0..<3 {
      let limit = try OpenSSLSpeed(name)
      signing.append(limit.signing)
      verifying.append(limit.verifying)
      signed.append(try signatures(key))
      verified.append(try verifications(key))
    }
    return [
      figure("\(algorithm.rawValue) tokens signed", signed, "openssl speed \(name), signatures/s", signing),
      figure("\(algorithm.rawValue) tokens verified", verified, "openssl speed \(name), verifications/s", verifying),
    ]
  }

  private static func figure(_ name: String, _ values: [Double], _ limit: String, _ limits: [Double]) -> Figure {
    let bound = limits.sorted()[1]
    return Figure(
      name: name, value: values.sorted()[1], unit: "/s", target: .atLeast((bound * 0.9).rounded(.up)),
      limit: Figure.Limit(name: limit, value: bound))
  }

  private static func signatures(_ key: SigningKey) throws -> Double {
    let signer = try TokenSigner(key: key, type: "at+jwt")
    var token: [UInt8] = []
    return try Machine.rate(seconds: 1) {
      token.removeAll(keepingCapacity: true)
      try signer.sign(payload: payload, into: &token)
    }
  }

  private static func verifications(_ key: SigningKey) throws -> Double {
    var token: [UInt8] = []
    try TokenSigner(key: key, type: "at+jwt").sign(payload: payload, into: &token)
    let verifier = try TokenVerifier(keys: [key.publicJWK])
    return try Machine.rate(seconds: 1) { _ = try verifier.verify(compact: token, type: "at+jwt") }
  }

  /// The claims of an access token, in size and form.
  private static let payload = Array(
    #"""
    {"iss":"https://auth.example.com","sub":"b198522e-e544-433f-b430-b490ab2dc995","aud":["https://api.example.com",
    "https://auth.example.com"],"exp":1769863496,"iat":1769862896,"jti":"AAAAAAyDrBhB94Ye-cZkXA","client_id":"signet",
    "sid":"422a4bfe-fb94-4c45-8b06-8541cd68466d","auth_time":1769862896,"amr":["pwd"],"roles":["editor"]}
    """#.utf8)
}
