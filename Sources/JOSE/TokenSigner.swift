// Makes compact JWS (RFC 7515 7.1) with one key, on one thread (it is not Sendable). The header never changes, so it is
// encoded once; payload and signature are encoded straight into the caller's buffer.

import JSON
import OpenSSL

/// Signs tokens of one type with one key, on one thread.
package final class TokenSigner {
  private enum Maker {
    case signature(Signer)
    case mac(HMAC)
  }

  private let maker: Maker
  /// `BASE64URL(header).`
  private let header: [UInt8]
  private var signature: [UInt8]

  /// Signs tokens whose `typ` is `type` ("at+jwt"), or which have none. Throws `cryptographyFailed`.
  package init(key: SigningKey, type: String?) throws(JOSEError) {
    let signer: Signer
    do { signer = try Signer(key: key.privateKey, scheme: key.algorithm.scheme) } catch { throw .cryptographyFailed }
    maker = .signature(signer)
    signature = [UInt8](repeating: 0, count: signer.signatureSize)
    header = Self.header(key.algorithm.rawValue, type, key.kid)
  }

  /// Makes tokens with a MAC, which only the other holder of the key can check. Throws `wrongKeyUse` for a key that may
  /// only verify.
  package init(mac key: MACKey, type: String?) throws(JOSEError) {
    guard key.signs else { throw .wrongKeyUse }
    maker = .mac(try key.context())
    signature = [UInt8](repeating: 0, count: key.algorithm.hash.size)
    header = Self.header(key.algorithm.rawValue, type, key.kid)
  }

  private static func header(_ algorithm: String, _ type: String?, _ kid: String?) -> [UInt8] {
    var writer = JSONWriter()
    writer.beginObject()
    writer.member("alg", algorithm)
    if let type { writer.member("typ", type) }
    if let kid { writer.member("kid", kid) }
    writer.endObject()
    var header: [UInt8] = []
    Base64URL.encode(writer.bytes, into: &header)
    return header + [UInt8(ascii: ".")]
  }

  /// Appends the token to `output`. On failure (the library's) `output` is as it was.
  package func sign(payload: UnsafeRawBufferPointer, into output: inout [UInt8]) throws(JOSEError) {
    let start = output.count
    output.reserveCapacity(max(start + size(payload: payload.count), output.capacity))
    output.append(contentsOf: header)
    Base64URL.encode(payload, into: &output)
    do throws(OpenSSLError) {
      try output.withUnsafeBufferPointer { buffer throws(OpenSSLError) in
        try signature.withUnsafeMutableBufferPointer { signature throws(OpenSSLError) in
          try sign(
            UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: buffer[start...])),
            into: UnsafeMutableRawBufferPointer(signature))
        }
      }
    } catch {
      output.removeLast(output.count - start)
      throw .cryptographyFailed
    }
    output.append(UInt8(ascii: "."))
    signature.withUnsafeBytes { Base64URL.encode($0, into: &output) }
  }

  /// Appends the token to `output`. On failure (the library's) `output` is as it was.
  package func sign(payload: [UInt8], into output: inout [UInt8]) throws(JOSEError) {
    try payload.withUnsafeBufferPointer { payload throws(JOSEError) in
      try sign(payload: UnsafeRawBufferPointer(payload), into: &output)
    }
  }

  private func sign(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(OpenSSLError) {
    switch maker {
    case .signature(let signer): try signer.sign(input, into: output)
    case .mac(let context): context.tag(input, into: output)
    }
  }

  /// The bytes of a token with so many bytes of payload.
  package func size(payload: Int) -> Int {
    header.count + Base64URL.encodedSize(payload) + 1 + Base64URL.encodedSize(signature.count)
  }
}
