// The fixed data which the derivation of an agreed key hashes in (RFC 7518 4.6.2): the algorithm which the key is for,
// and what the header says of the two parties.

import JSON
import OpenSSL

/// What both sides of ECDH-ES must agree on beside the secret.
struct AgreementInfo {
  /// PartyUInfo and PartyVInfo: whatever the sender writes, usually nothing. Bounded, as they come from strangers.
  private static let largestParty = 512

  private let producer: [UInt8]
  private let recipient: [UInt8]

  /// Of a token made here: nothing.
  init() { (producer, recipient) = ([], []) }

  /// Of a token that came: `apu` and `apv`, each absent or at most 512 bytes in base64url; throws `invalidHeader`.
  init(_ header: JSONValue) throws(JOSEError) {
    producer = try Self.party(header["apu"])
    recipient = try Self.party(header["apv"])
  }

  private static func party(_ member: JSONValue?) throws(JOSEError) -> [UInt8] {
    guard let member else { return [] }
    guard let text = member.string, text.utf8.count <= Base64URL.encodedSize(largestParty),
      let bytes = try? Base64URL.decode(text)
    else { throw .invalidHeader }
    return bytes
  }

  /// The derived key: with ECDH-ES the content encryption's, with ECDH-ES+A256KW the one that wraps.
  func key(
    from secret: SecretBytes, _ algorithm: KeyManagementAlgorithm, _ content: ContentEncryption
  ) throws(OpenSSLError) -> SecretBytes {
    let isDirect = algorithm == .ecdhES
    let size = isDirect ? content.keySize : AESKeyWrap.keySize
    let name = Array((isDirect ? content.rawValue : algorithm.rawValue).utf8)
    var info: [UInt8] = []
    for field in [name, producer, recipient] { info += Self.number(field.count) + field }
    // SuppPubInfo is the key's size in bits; SuppPrivInfo is empty.
    info += Self.number(size * 8)
    return try ConcatKDF.derive(from: secret, info: info, size: size)
  }

  /// 32 bits, big-endian.
  private static func number(_ value: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt32(value).bigEndian) { Array($0) }
  }
}
