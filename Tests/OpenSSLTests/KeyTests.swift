// Keys: out and in again, and signatures by reused contexts.

import OpenSSL
import Testing

@Suite struct KeyTests {
  static let kinds: [(KeyKind, SignatureScheme)] = [
    (.p256, .ecdsa(.p256)), (.p384, .ecdsa(.p384)), (.p521, .ecdsa(.p521)), (.ed25519, .ed25519),
    (.rsa(bits: 2048), .rsaPKCS1(.sha256)), (.rsa(bits: 2048), .rsaPSS(.sha256)),
  ]

  @Test(arguments: kinds) func keysSurviveTheirForms(kind: KeyKind, scheme: SignatureScheme) throws {
    let key = try PrivateKey.generate(kind)
    #expect(key.kind == kind)
    let parameters = try key.publicKey.parameters()
    let copy = try PrivateKey(pkcs8: try key.pkcs8())
    #expect(try copy.publicKey.parameters() == parameters)
    #expect(try copy.pkcs8() == key.pkcs8())
    #expect(throws: OpenSSLError.self) { try PrivateKey(pkcs8: try key.pkcs8() + [0]) }
    #expect(throws: OpenSSLError.self) { try PrivateKey(pkcs8: try key.pkcs8().dropLast()) }
    let spki = try key.publicKey.spki()
    #expect(try PublicKey(spki: spki).parameters() == parameters)
    #expect(throws: OpenSSLError.self) { try PublicKey(spki: spki + [0]) }
    #expect(try PublicKey(pem: try key.publicKey.pem()).spki() == spki)
    #expect(try PublicKey(parameters).spki() == spki)
    #expect(try PrivateKey(parameters, try key.parameters()).pkcs8() == key.pkcs8())
  }

  @Test func keysForAgreementSurviveTheirForms() throws {
    let key = try PrivateKey.generate(.x25519)
    #expect(key.kind == .x25519)
    let parameters = try key.publicKey.parameters()
    #expect(try PrivateKey(parameters, key.parameters()).pkcs8() == key.pkcs8())
    #expect(try PrivateKey(pkcs8: key.pkcs8()).publicKey.parameters() == parameters)
    let other = try PrivateKey.generate(.x25519).parameters()
    #expect(throws: OpenSSLError.self) { try PrivateKey(parameters, other) }
    #expect(throws: OpenSSLError.self) { try Signer(key: key, scheme: .ed25519) }
  }

  @Test(arguments: kinds) func contextsAreReused(kind: KeyKind, scheme: SignatureScheme) throws {
    let key = try PrivateKey.generate(kind)
    let signer = try Signer(key: key, scheme: scheme)
    let verifier = try Verifier(key: key.publicKey, scheme: scheme)
    // Enough signatures that an r or s with leading zeros comes up among P-256's (one in 128).
    for round in 0..<(kind == .p256 ? 1000 : kind == .p384 ? 200 : 20) {
      let message = Array("message \(round)".utf8)
      var signature = [UInt8](repeating: 0, count: signer.signatureSize)
      try message.withUnsafeBytes { message in
        try signature.withUnsafeMutableBytes { try signer.sign(message, into: $0) }
        #expect(signature.withUnsafeBytes { verifier.isValid($0, over: message) })
        signature[round % signature.count] ^= 0x10
        #expect(!signature.withUnsafeBytes { verifier.isValid($0, over: message) })
        signature[round % signature.count] ^= 0x10
        #expect(!signature.dropLast().withUnsafeBytes { verifier.isValid($0, over: message) })
        #expect(
          !signature.withUnsafeBytes { verifier.isValid($0, over: UnsafeRawBufferPointer(rebasing: message[1...])) })
      }
    }
  }

  @Test func zeroSignaturesAreRefused() throws {
    // CVE-2022-21449: r = s = 0 must not pass.
    let verifier = try Verifier(key: try PrivateKey.generate(.p256).publicKey, scheme: .ecdsa(.p256))
    let zeros = [UInt8](repeating: 0, count: 64)
    #expect(!zeros.withUnsafeBytes { verifier.isValid($0, over: $0) })
  }

  @Test func schemesKeepToTheirKeys() throws {
    let key = try PrivateKey.generate(.ed25519)
    #expect(throws: OpenSSLError.self) { try Signer(key: key, scheme: .ecdsa(.p256)) }
    #expect(throws: OpenSSLError.self) { try Verifier(key: key.publicKey, scheme: .rsaPKCS1(.sha256)) }
  }

  @Test func pointsOffTheCurveAreRefused() throws {
    let one = [UInt8](repeating: 1, count: 32)
    #expect(throws: OpenSSLError.self) { try PublicKey(.ec(.p256, x: one, y: one)) }
    #expect(throws: OpenSSLError.self) { try PublicKey(.ec(.p256, x: [1], y: one)) }
    #expect(throws: OpenSSLError.self) { try PublicKey(.okp(.ed25519, x: [1])) }
  }
}
