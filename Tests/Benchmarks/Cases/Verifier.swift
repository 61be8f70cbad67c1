// What SignetVerifier costs beyond the check of the signature: key lookup, decoding, claims, locks.
//
// In processor time of this process, which does nothing else meanwhile, and as the best of many short rounds of each in
// turns: what disturbs a round makes it longer, never shorter.

import Foundation
import JOSE
import JSON
import OpenSSL
import SignetVerifier

extension Case {
  static let verifier = Case(name: "verifier", about: "access tokens verified by SignetVerifier") { _ in
    var figures: [Figure] = []
    for algorithm in [SignatureAlgorithm.es256, .rs256, .eddsa] {
      let sample = try SampleToken(algorithm)
      let (bare, whole) = try await sample.measure()
      figures += Figure.beyondSignature(
        "SignetVerifier, \(algorithm.rawValue)", bare: bare, whole: whole, atMost: 10)
    }
    return figures
  }
}

/// A token like Signet's own, and both ways to check it.
private struct SampleToken {
  private let token: String
  private let verifier: SignetVerifier
  private let bare: Verifier
  private let input: [UInt8]
  private let signature: [UInt8]

  init(_ algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    let now = Int64(Date().timeIntervalSince1970)
    let claims = """
      {"iss":"https://login.example.com","sub":"b198522e-e544-433f-b430-b490ab2dc995",\
      "aud":["api","https://login.example.com"],"exp":\(now + 86_400),"iat":\(now),"jti":"AAAAAAyDrBhB94Ye-cZkXA",\
      "client_id":"signet","sid":"422a4bfe-fb94-4c45-8b06-8541cd68466d","auth_time":\(now),"amr":["pwd"],\
      "scope":"orders:read orders:write","roles":["editor"]}
      """
    var bytes: [UInt8] = []
    try TokenSigner(key: key, type: "at+jwt").sign(payload: Array(claims.utf8), into: &bytes)
    token = String(decoding: bytes, as: UTF8.self)
    guard let period = bytes.lastIndex(of: UInt8(ascii: ".")) else { throw Failure("no token") }
    input = Array(bytes[..<period])
    signature = try Base64URL.decode(String(decoding: bytes[(period + 1)...], as: UTF8.self))
    bare = try Verifier(key: key.publicJWK.key, scheme: algorithm.scheme)
    var writer = JSONWriter()
    try JWKSet([key.publicJWK]).write(into: &writer)
    verifier = try SignetVerifier(
      issuer: "https://login.example.com", audience: "api", keys: .fetching(GivenKeys(document: writer.bytes)))
  }

  /// Microseconds for the signature alone, and for everything.
  func measure() async throws -> (bare: Double, whole: Double) {
    var (bareBest, wholeBest) = (Double.infinity, Double.infinity)
    let size = 200
    for _ in 0..<40 {
      let start = Self.processorTime
      for _ in 0..<size {
        let isValid = signature.withUnsafeBytes { signature in
          input.withUnsafeBytes { bare.isValid(signature, over: $0) }
        }
        guard isValid else { throw Failure("a good signature is refused") }
      }
      let middle = Self.processorTime
      for _ in 0..<size { _ = try await verifier.verify(token) }
      bareBest = min(bareBest, (middle - start) / Double(size))
      wholeBest = min(wholeBest, (Self.processorTime - middle) / Double(size))
    }
    return (bareBest, wholeBest)
  }

  /// Microseconds that the whole process has had: an async call may end on another thread than it began on.
  private static var processorTime: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e6 + Double(time.tv_nsec) / 1e3
  }
}

/// A key set that is fetched without a network, so that the cache is part of what is measured.
private struct GivenKeys: KeySetFetching {
  let document: [UInt8]

  func fetch(entityTag: String?) async throws(FetchProblem) -> KeySetAnswer {
    KeySetAnswer(.document(document), maxAge: 3600)
  }
}
