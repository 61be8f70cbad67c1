// A key for HMAC. Whoever verifies with one could have made the token, so it is a type of its own: nothing that verifies
// with public keys takes it, and no endpoint takes what it signs.

package import JSON
import OpenSSL

/// A symmetric key for exactly one MAC algorithm.
package final class MACKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// The longest key, in bytes; HMAC hashes anything longer than a block anyway.
  package static let largest = 1024

  package let algorithm: MACAlgorithm
  /// Nil when the key has no name: a thumbprint would be a hash of the secret (RFC 7638 7).
  package let kid: String?
  /// Whether the key may make tags, and may check them (RFC 7517 4.3).
  package let signs, verifies: Bool
  private let secret: SecretBytes

  package var description: String { "MACKey(\(algorithm.rawValue))" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// Copies the key. Throws `weakKey` when it is shorter than the algorithm's hash (RFC 7518 3.2), `invalidKey` beyond
  /// `largest`.
  package convenience init(bytes: [UInt8], algorithm: MACAlgorithm, kid: String?) throws(JOSEError) {
    try self.init(bytes, algorithm, kid, signs: true, verifies: true)
  }

  private init(
    _ bytes: [UInt8], _ algorithm: MACAlgorithm, _ kid: String?, signs: Bool, verifies: Bool
  ) throws(JOSEError) {
    guard bytes.count >= algorithm.hash.size else { throw .weakKey }
    guard bytes.count <= Self.largest else { throw .invalidKey }
    secret = SecretBytes(copying: bytes)
    self.algorithm = algorithm
    self.kid = kid
    self.signs = signs
    self.verifies = verifies
  }

  /// Reads a JWK of type `oct`, which must name its algorithm. Throws `unsupportedKey` for another type or algorithm or
  /// none, `wrongKeyUse` when it is neither for signing nor for verifying, `weakKey`, `invalidKey`.
  package convenience init(_ value: JSONValue) throws(JOSEError) {
    let members = try JWKMembers(anyUse: value)
    guard members.kty == "oct", let alg = members.alg, let algorithm = MACAlgorithm(name: alg) else {
      throw .unsupportedKey
    }
    let (signs, verifies) = (members.declaredUse.allows(.sign), members.declaredUse.allows(.verify))
    guard signs || verifies else { throw .wrongKeyUse }
    var bytes = try members.symmetricKey()
    defer { wipe(&bytes) }
    try self.init(bytes, algorithm, members.kid, signs: signs, verifies: verifies)
  }

  /// A new random key, as long as the hash.
  package static func generate(_ algorithm: MACAlgorithm, kid: String? = nil) throws(JOSEError) -> MACKey {
    var bytes = Random.bytes(algorithm.hash.size)
    defer { wipe(&bytes) }
    return try MACKey(bytes: bytes, algorithm: algorithm, kid: kid)
  }

  /// The RFC 7638 thumbprint: a hash of the secret, which tells it to whoever can guess it (RFC 7638 7).
  package var thumbprint: String { secret.withBytes { Thumbprint.of(symmetric: $0) } }

  /// Writes the JWK with the key in it, as an object; the caller wipes the writer's bytes.
  package func writeSecret(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("kty", "oct")
    secret.withBytes { writer.member("k", Base64URL.encode($0)) }
    if let kid { writer.member("kid", kid) }
    writer.member("alg", algorithm.rawValue)
    writer.member("use", "sig")
    if signs != verifies { writer.member("key_ops", [signs ? "sign" : "verify"]) }
    writer.endObject()
  }

  /// A keyed context for one thread.
  func context() throws(JOSEError) -> HMAC {
    do { return try HMAC(key: secret, hash: algorithm.hash) } catch { throw .cryptographyFailed }
  }
}
