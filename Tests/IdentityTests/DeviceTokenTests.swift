// The device token: good for the user it was made for, and in the one spelling that was written.

import OpenSSL
import Storage
import Testing

@testable import Identity

@Suite struct DeviceTokenTests {
  @Test func goodForItsUserAlone() async throws {
    let world = try World()
    let codec = try DeviceTokenCodec(try await world.ring())
    let (ada, grace) = (UniqueID(random: Random.bytes(16)), UniqueID(random: Random.bytes(16)))
    let token = codec.make(for: ada)
    #expect(codec.isGood(token, for: ada) && !codec.isGood(token, for: grace))
    #expect(codec.make(for: ada) != token)
  }

  @Test func refusedAlteredAnywhere() async throws {
    let world = try World()
    let ring = try await world.ring()
    let codec = try DeviceTokenCodec(ring)
    let ada = UniqueID(random: Random.bytes(16))
    let token = Array(codec.make(for: ada))
    for index in token.indices {
      var altered = token
      altered[index] = token[index] == "A" ? "B" : "A"
      #expect(!codec.isGood(String(altered), for: ada))
    }
    #expect(!codec.isGood(String(token) + "A", for: ada) && !codec.isGood("", for: ada))
    // A tag for one purpose is never good for another.
    let refresh = try RefreshTokenCodec(ring).write(RefreshToken(epoch: 7, session: ada, generation: 0))
    #expect(!codec.isGood("sgd_" + refresh.dropFirst(4), for: ada))
  }
}
