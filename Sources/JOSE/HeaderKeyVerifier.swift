// A compact JWS that brings its own key: it proves that its maker holds the private half, and nothing else. RFC 9449's
// proofs are of this kind. `TokenVerifier` refuses such a header, and this takes no other, so neither passes for the other.
//
// Reading and checking the signature are two steps: a caller refuses by the claims what it can before it pays for the
// signature. One thread owns it (it is not Sendable).

import JSON
import OpenSSL

/// Reads and verifies JWS whose key stands in their header, on one thread.
package final class HeaderKeyVerifier {
  /// Keys that are remembered: a client's next token has the same header. 256 of P-256 are less than a megabyte, and one
  /// that is found again saves the reading and checking of the key, which costs about as much as the signature.
  package static let remembered = 256

  private let type: String
  private let algorithms: Set<SignatureAlgorithm>
  private let size: Int
  private var slots: [HeaderKey?]

  /// - Parameters:
  ///   - type: what `typ` must be.
  ///   - algorithms: the ones which are taken.
  ///   - size: the largest token that is looked at, in bytes.
  package init(
    type: String, algorithms: [SignatureAlgorithm], size: Int, remembering count: Int = HeaderKeyVerifier.remembered
  ) {
    (self.type, self.algorithms, self.size) = (type, Set(algorithms), size)
    slots = Array(repeating: nil, count: max(1, count))
  }

  /// Takes a token apart; its signature is still to be checked.
  package func read(_ compact: UnsafeRawBufferPointer) throws(JOSEError) -> HeaderKeyToken {
    let parts = try CompactParts(compact, largest: size)
    let key = try key(parts.header)
    guard parts.signature.count == Base64URL.encodedSize(key.verifier.signatureSize) else { throw .invalidSignature }
    return HeaderKeyToken(
      thumbprint: key.thumbprint, payload: try Base64URL.decode(parts.payload), key: key, owner: self,
      signature: try Base64URL.decode(parts.signature), input: Array(parts.signingInput))
  }

  private func key(_ text: UnsafeRawBufferPointer) throws(JOSEError) -> HeaderKey {
    if let known = slots[index(of: text)], known.text.elementsEqual(text) { return known }
    let header = try KeyHeader(try Base64URL.decode(text))
    // RFC 8725 3.11: a token made for another purpose must not pass for this one.
    guard let named = header.type, TokenHeader.isSameType(named, type) else { throw .typeMismatch }
    guard let algorithm = SignatureAlgorithm(name: header.algorithm), algorithms.contains(algorithm) else {
      throw .algorithmMismatch
    }
    let jwk = try PublicJWK(header.key, for: algorithm)
    let verifier: Verifier
    do { verifier = try Verifier(key: jwk.key, scheme: algorithm.scheme) } catch { throw .cryptographyFailed }
    return HeaderKey(text: Array(text), thumbprint: jwk.parameters.thumbprintBytes, verifier: verifier)
  }

  /// Keeps a key whose signature was good, in place of whichever stands there.
  fileprivate func remember(_ key: HeaderKey) {
    let index = key.text.withUnsafeBytes { self.index(of: $0) }
    if slots[index] !== key { slots[index] = key }
  }

  private func index(of text: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: text)
    return Int(UInt(bitPattern: hasher.finalize()) % UInt(slots.count))
  }
}

/// A key as it stood in a header.
final class HeaderKey {
  /// The header, in base64url.
  let text: [UInt8]
  let thumbprint: [UInt8]
  let verifier: Verifier

  init(text: [UInt8], thumbprint: [UInt8], verifier: Verifier) {
    (self.text, self.thumbprint, self.verifier) = (text, thumbprint, verifier)
  }
}

/// A token that brought its key, before its signature was checked: anybody may have written it.
package struct HeaderKeyToken {
  /// SHA-256 over the key's required members (RFC 7638), 32 bytes.
  package let thumbprint: [UInt8]
  /// What it says.
  package let payload: [UInt8]
  let key: HeaderKey
  let owner: HeaderKeyVerifier
  let signature: [UInt8]
  let input: [UInt8]

  /// Throws `invalidSignature` unless the maker of the token holds the key.
  package func checkSignature() throws(JOSEError) {
    let isGood = signature.withUnsafeBytes { signature in
      input.withUnsafeBytes { key.verifier.isValid(signature, over: $0) }
    }
    guard isGood else { throw .invalidSignature }
    owner.remember(key)
  }
}

/// The header of such a token.
private struct KeyHeader {
  let algorithm: String
  let type: String?
  let key: JSONValue

  init(_ json: [UInt8]) throws(JOSEError) {
    guard let header = try? JSONValue.parse(json, depth: 8), header.object != nil else { throw .invalidHeader }
    // Nothing else may say where the key is, or change what the parts mean.
    for (name, error) in TokenHeader.refused where name != "jwk" && header[name] != nil { throw error }
    guard let algorithm = header["alg"] else { throw .missingAlgorithm }
    guard let algorithm = algorithm.string, let key = header["jwk"], key.object != nil else { throw .invalidHeader }
    (self.algorithm, self.key) = (algorithm, key)
    if let type = header["typ"] {
      guard let text = type.string else { throw .invalidHeader }
      self.type = text
    } else {
      type = nil
    }
  }
}

extension PublicJWK {
  /// A key that a stranger sent for use by one algorithm. Throws `privateKeyInHeader` when it holds anything private: who
  /// sends that has told it to everybody on the way.
  fileprivate init(_ value: JSONValue, for algorithm: SignatureAlgorithm) throws(JOSEError) {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"] where value[name] != nil {
      throw .privateKeyInHeader
    }
    let members = try JWKMembers(value, for: .verify)
    if let name = members.alg {
      guard SignatureAlgorithm(name: name) == algorithm else { throw .algorithmMismatch }
    }
    let parameters = try members.publicParameters(fromHeader: true)
    let key: PublicKey
    do { key = try PublicKey(parameters) } catch { throw .invalidKey }
    guard algorithm.accepts(key.kind) else { throw .algorithmMismatch }
    self.init(key, parameters, algorithm, members.kid)
  }
}
