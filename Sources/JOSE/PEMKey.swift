// A key in PEM as the JWK it would be, so that whatever reads JWKs takes it too. PEM names no algorithm and no use.

package import JSON
import OpenSSL

/// Keys in PEM.
package enum PEMKey {
  /// The JWK of a `PUBLIC KEY` or an unencrypted private key (PKCS#8, SEC 1, PKCS#1), without `alg` and `use`; throws
  /// `invalidKey`. The caller reads it for a purpose, which checks it.
  package static func jwk(_ pem: String) throws(JOSEError) -> JSONValue {
    var writer = JSONWriter()
    defer { wipe(&writer.bytes) }
    do {
      writer.beginObject()
      if pem.contains("PRIVATE KEY-----") {
        let key = try PrivateKey(pem: pem, passphrase: nil)
        try key.publicKey.parameters().writeMembers(into: &writer)
        try key.parameters().writePrivateMembers(into: &writer)
      } else {
        try PublicKey(pem: pem).parameters().writeMembers(into: &writer)
      }
      writer.endObject()
    } catch { throw .invalidKey }
    guard let value = try? JSONValue.parse(writer.bytes) else { throw .invalidKey }
    return value
  }
}
