// What an access token costs beyond its signature: claims written, `jti` made, encoded. In processor time, and as the best of
// many short rounds of each in turns, as in Verifier.swift.

import Identity
import JOSE
import OpenSSL
import Passwords
import Storage
import Telemetry

extension Case {
  static let issuing = Case(name: "issue", about: "complete access tokens beside their bare signatures") { _ in
    var figures: [Figure] = []
    for algorithm in [SignatureAlgorithm.es256, .rs256, .eddsa] {
      let (bare, whole) = try await SampleIssuer(algorithm).measure()
      figures += Figure.beyondSignature(
        "access token issued, \(algorithm.rawValue)", bare: bare, whole: whole, atMost: 3)
    }
    return figures
  }
}

/// An issuer over a store of its own, as an event loop has one, and a session.
private struct SampleIssuer {
  private let folder: TemporaryFolder
  private let issuer: Issuer
  private let found: SessionAndUser
  private let signer: Signer
  private static let now: Int64 = 1_700_000_000_000

  init(_ algorithm: SignatureAlgorithm) async throws {
    folder = try TemporaryFolder()
    let metrics = Metrics()
    let options = SQLiteStore.Options(path: folder.path + "/signet.db", now: Self.now)
    let store = try SQLiteStore(options, epoch: 1, digest: { Digest.sha256($0) }, metrics: metrics)
    let policy = Policy(
      issuer: "https://login.example.com", audience: "api", algorithm: algorithm.rawValue, accessTTL: 600_000,
      idleTTL: 86_400_000, absoluteTTL: 86_400_000, retryWindow: 60_000, revokesRetriesElsewhere: false,
      maxSessionsPerUser: 10, minimumPasswordLength: 8)
    let clock = Clock()
    let upkeep = KeyUpkeep(store, .file(folder.path + "/master.key"), node: UniqueID(high: 1, low: 1))
    let ring = try await upkeep.ring(policy, clock.moment()).ring
    let hashing = HashingPool(threads: 1, queue: 1, deadline: 1000, parameters: .standard)
    let snapshot = Snapshot(policy: policy, ring: ring, clients: try await store.clients())
    let authority = Authority(store: store, hashing: hashing, clock: clock, metrics: metrics, snapshot: snapshot)
    hashing.stop()
    store.close()
    issuer = try Issuer(authority) { _ in }
    found = Self.session
    signer = try Signer(key: PrivateKey.generate(algorithm.keyKind), scheme: algorithm.scheme)
  }

  private static var session: SessionAndUser {
    let user = UserRecord(
      id: UniqueID(high: 2, low: 2), username: "ada", email: nil, emailVerified: false, passwordHash: nil,
      roles: #"["editor"]"#, claimsVersion: 1, disabledAt: nil, createdAt: now)
    let session = NewSession(
      id: UniqueID(high: 3, low: 3), userID: user.id, clientID: ClientRecord.builtIn, scope: "orders:read orders:write",
      audience: "api", amr: "pwd", now: now, idleDeadline: now + 86_400_000, absoluteDeadline: now + 86_400_000,
      addressPrefix: 0, device: nil, address: "127.0.0.1", userAgent: nil)
    return SessionAndUser(session: SessionRecord(session, claimsVersion: 1), user: user)
  }

  /// Microseconds for the signature alone, over as many bytes, and for the token.
  func measure() throws -> (bare: Double, whole: Double) {
    let token = try issuer.accessToken(of: found, scope: found.session.scope, issuedAt: Self.now)
    let input = Array(token[..<(token.lastIndex(of: UInt8(ascii: ".")) ?? 0)])
    var signature = [UInt8](repeating: 0, count: signer.signatureSize)
    var (bareBest, wholeBest) = (Double.infinity, Double.infinity)
    for _ in 0..<40 {
      let start = Machine.processorTime
      for _ in 0..<200 {
        try input.withUnsafeBytes { bytes in
          try signature.withUnsafeMutableBytes { try signer.sign(bytes, into: $0) }
        }
      }
      let middle = Machine.processorTime
      for _ in 0..<200 { _ = try issuer.accessToken(of: found, scope: found.session.scope, issuedAt: Self.now) }
      bareBest = min(bareBest, (middle - start) / 200 * 1e6)
      wholeBest = min(wholeBest, (Machine.processorTime - middle) / 200 * 1e6)
    }
    return (bareBest, wholeBest)
  }
}
