// The key that a client shares with the issuer, for tokens signed by a MAC: made here, or brought by an operator.
//
// Whoever verifies such a token could have made it, so no endpoint of Signet takes one, and the key signs nothing else.

package import JOSE
package import JSON
package import OpenSSL
package import Storage

/// A MAC key on its way into the store.
package struct NewClientMACKey {
  /// What may be told of it.
  package let record: ClientMACKey
  package let bytes: SecretBytes
  /// Whether Signet made it, so that somebody has yet to be shown it.
  package let isGenerated: Bool

  /// Bytes that a kid may have; it stands in every token.
  private static let kidLimit = 64

  /// A new random key, as long as the hash (RFC 7518 section 3.2), with a random kid.
  package init(generating algorithm: MACAlgorithm) {
    bytes = SecretBytes(random: algorithm.hash.size)
    isGenerated = true
    record = ClientMACKey(kid: Self.newKID(), algorithm: algorithm.rawValue)
  }

  /// Takes a symmetric JWK (RFC 7518 section 6.4).
  /// - Parameter wanted: the algorithm that the operator names; without, the key's own, or HS256.
  package init(_ jwk: JSONValue, wanted: MACAlgorithm?) throws(TokenFormError) {
    let members: JWKMembers
    do { members = try JWKMembers(jwk, for: .sign) } catch {
      throw .macKey("it isn't a symmetric JWK for signatures: \(error)")
    }
    guard members.kty == "oct" else {
      throw .macKey("it has kty \"\(Self.shown(members.kty))\"; a MAC key's is \"oct\"")
    }
    let algorithm = try Self.algorithm(members.alg, wanted)
    var key: [UInt8]
    do { key = try members.symmetricKey() } catch { throw .macKey("its member k isn't base64url") }
    defer { wipe(&key) }
    try Self.checkSize(key.count, algorithm)
    guard Set(key).count > 1 else { throw .macKey("it is one byte over and over, not a random key") }
    record = ClientMACKey(kid: try Self.kid(members, key, algorithm), algorithm: algorithm.rawValue)
    bytes = SecretBytes(copying: key)
    isGenerated = false
  }

  private static func checkSize(_ size: Int, _ algorithm: MACAlgorithm) throws(TokenFormError) {
    guard size <= MACKey.largest else { throw .macKey("it has more than \(MACKey.largest) bytes") }
    guard size >= algorithm.hash.size else {
      throw .macKey("it has \(size) bytes and \(algorithm.rawValue) needs \(algorithm.hash.size) at least")
    }
  }

  private static func algorithm(_ alg: String?, _ wanted: MACAlgorithm?) throws(TokenFormError) -> MACAlgorithm {
    guard let alg else { return wanted ?? .hs256 }
    guard let own = MACAlgorithm(rawValue: alg) else {
      throw .macKey("it is for \(shown(alg)); a MAC key is for HS256, HS384 or HS512")
    }
    if let wanted, wanted != own { throw .macKey("it is for \(own.rawValue), not \(wanted.rawValue)") }
    return own
  }

  /// The key's own kid, unless it tells something of the key.
  private static func kid(
    _ members: JWKMembers, _ bytes: [UInt8], _ algorithm: MACAlgorithm
  ) throws(TokenFormError) -> String {
    guard let kid = members.kid else { return newKID() }
    guard (1...kidLimit).contains(kid.utf8.count), kid.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw .macKey("its kid isn't 1 to \(kidLimit) bytes of visible ASCII")
    }
    // RFC 7638 section 7: the thumbprint of a symmetric key lets others try keys against it.
    let thumbprint = try? MACKey(bytes: bytes, algorithm: algorithm, kid: nil).thumbprint
    guard kid != Base64URL.encode(bytes), kid != thumbprint else {
      throw .macKey("its kid is computed from the key and would stand in every token; give it another")
    }
    return kid
  }

  private static func newKID() -> String { Base64URL.encode(Random.bytes(12)) }

  /// A piece of somebody's file, for an error.
  private static func shown(_ text: String) -> String { Label.text(text, limit: 20) }

  /// The key as a JWK: for the client's services, shown once.
  package var jwk: JSONValue {
    .object([
      JSONMember("kty", .string("oct")), JSONMember("k", .string(bytes.withBytes { Base64URL.encode(Array($0)) })),
      JSONMember("alg", .string(record.algorithm)), JSONMember("kid", .string(record.kid)),
    ])
  }
}
