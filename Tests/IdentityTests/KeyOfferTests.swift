// Which algorithms there are keys for: the configured ones, and on demand what every server can do.

import JOSE
import Storage
import Testing

@testable import Identity

@Suite struct KeyOfferTests {
  private let offers = KeyOffers(.es256, [.es256, .rs256, .mlDSA44, .mlDSA65])

  private func node(able: [String], offered: [String] = []) -> NodeRecord {
    NodeRecord(id: UniqueID(high: 1, low: 2), seenAt: 0, issuer: "x", able: able, offered: offered, keys: "")
  }

  private func demand(_ names: String...) -> KeyDemand {
    var demand = KeyDemand()
    demand.algorithms = names
    return demand
  }

  @Test func whatIsOnDemandNeedsAClientAndEveryServer() {
    let (new, old) = (node(able: ["ES256", "RS256", "ML-DSA-44", "ML-DSA-65"]), node(able: ["ES256", "RS256"]))
    #expect(offers.needed(KeyDemand(), [new]).algorithms == [.es256, .rs256])
    #expect(offers.needed(demand("ML-DSA-44"), [new, new]).algorithms == [.es256, .rs256, .mlDSA44])
    #expect(offers.needed(demand("ML-DSA-44", "ML-DSA-87"), [new]).algorithms == [.es256, .rs256, .mlDSA44])
    #expect(offers.needed(demand("ML-DSA-44"), [new, old]).algorithms == [.es256, .rs256])
    // As the usual one it is what every client asks for.
    #expect(KeyOffers(.mlDSA65, [.mlDSA65, .es256]).needed(KeyDemand(), [new]).algorithms == [.mlDSA65, .es256])
    #expect(KeyOffers(.mlDSA65, [.mlDSA65, .es256]).needed(KeyDemand(), [old]).algorithms == [.es256])
  }

  @Test func whatNobodyNeedsIsWithdrawn() {
    func key(_ algorithm: String, _ state: KeyState) -> KeyRecord {
      KeyRecord(
        kid: algorithm, algorithm: algorithm, state: state, publicKey: [], publicMAC: [], privateKey: nil, createdAt: 0,
        activatedAt: nil)
    }
    let keys = [
      key("ES256", .active), key("ML-DSA-44", .pending), key("EdDSA", .active), key("PS256", .retired),
      key("XYZ", .active),
    ]
    let needed = offers.needed(KeyDemand(), [])
    #expect(needed.unneeded(keys, []) == ["EdDSA", "ML-DSA-44", "XYZ"])
    #expect(needed.unneeded(keys, [node(able: [], offered: ["EdDSA"])]) == ["ML-DSA-44", "XYZ"])
    #expect(offers.unneeded(keys, []) == ["EdDSA", "XYZ"])
  }

  @Test(arguments: ["HS256", "none", "es256", "", "ES256 "]) func onlyKnownAlgorithmsAreOffered(_ name: String) {
    #expect(throws: KeyRingError.self) { try KeyOffers(algorithm: name) }
    #expect(throws: KeyRingError.self) { try KeyOffers(algorithm: "ES256", algorithms: [name]) }
  }

  @Test func theUsualOneIsAlwaysAmongThem() throws {
    #expect(try KeyOffers(algorithm: "EdDSA", algorithms: ["ES256", "EdDSA"]).algorithms == [.eddsa, .es256])
    #expect(try KeyOffers(algorithm: "EdDSA").algorithms == [.eddsa])
  }

  /// Every algorithm of this OpenSSL makes keys which wrap, unwrap and sign; one that it lacks says so.
  @Test func everyAlgorithmHasKeys() async throws {
    let names = KeyOffers.usable.filter { !$0.isOnDemand }.map(\.rawValue)
    let world = try World()
    _ = try await world.ring("ES256", nil, offering: names)
    let ring = try await world.ring("ES256", nil, offering: names)
    #expect(Set(ring.signing.keys.map(\.rawValue)) == Set(names) && ring.published.count == 2 * names.count)
    if let lacking = SignatureAlgorithm.allCases.first(where: { !$0.isAvailable }) {
      await #expect(throws: KeyRingError.self) { try await world.ring("ES256", nil, offering: [lacking.rawValue]) }
    }
  }
}
