// PEM in and out, ours and the openssl command's.

import JOSE
import JSON
import OpenSSL
import Testing

@Suite struct PEMTests {
  private let passphrase = Array("correct horse battery staple".utf8)

  @Test(arguments: SignatureAlgorithm.available) func roundTrip(algorithm: SignatureAlgorithm) throws {
    let key = try SigningKey.generate(algorithm)
    let pem = try key.encryptedPEM(passphrase: passphrase)
    #expect(pem.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
    let copy = try SigningKey(pem: pem, passphrase: passphrase, algorithm: algorithm)
    #expect(copy.kid == key.kid)
    #expect(try copy.pkcs8 == key.pkcs8)
    #expect(try PublicJWK(pem: key.publicJWK.pem, algorithm: algorithm).kid == key.kid)
  }

  @Test func refusals() throws {
    let key = try SigningKey.generate(.es256)
    let pem = try key.encryptedPEM(passphrase: passphrase)
    #expect(throws: JOSEError.invalidKey) { try SigningKey(pem: pem, passphrase: Array("wrong".utf8)) }
    #expect(throws: JOSEError.invalidKey) { try SigningKey(pem: pem) }
    #expect(throws: JOSEError.invalidKey) { try SigningKey(pem: key.publicJWK.pem) }
    #expect(throws: JOSEError.invalidKey) { try PublicJWK(pem: pem) }
    #expect(throws: JOSEError.invalidKey) { try SigningKey(pem: "") }
    #expect(throws: JOSEError.invalidKey) { try SigningKey(pem: String(repeating: "-", count: 1 << 17)) }
    #expect(throws: JOSEError.cryptographyFailed) { try key.encryptedPEM(passphrase: []) }
    #expect(throws: JOSEError.unsupportedKey) { try SigningKey(pem: pem, passphrase: passphrase, algorithm: .es384) }
    #expect(throws: JOSEError.unsupportedKey) { try PublicJWK(pem: key.publicJWK.pem, algorithm: .rs256) }
  }

  @Test func roundsAreBounded() throws {
    let pem = try SigningKey.generate(.es256).encryptedPEM(passphrase: passphrase)
    let lines = pem.split(separator: "\n").dropFirst().dropLast()
    let base64 = lines.joined().map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 }.filter { $0 != "=" }
    var der = try Base64URL.decode(String(base64))
    // 600,000, as a DER integer.
    let rounds = try #require(der.firstRange(of: [2, 3, 0x09, 0x27, 0xC0]))
    der.replaceSubrange(rounds, with: [2, 3, 0x7F, 0xFF, 0xFF])
    let text = Base64URL.encode(der).map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    let padding = String(repeating: "=", count: (4 - text.count % 4) % 4)
    let slow = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\(String(text))\(padding)\n-----END ENCRYPTED PRIVATE KEY-----\n"
    #expect(throws: OpenSSLError.self) { try PrivateKey(pem: slow, passphrase: passphrase) }
    do { _ = try PrivateKey(pem: slow, passphrase: passphrase) } catch { #expect("\(error)".contains("rounds")) }
  }

  static let foreign: [(command: String, algorithm: SignatureAlgorithm, passphrase: String?)] = [
    // With an `EC PARAMETERS` block before it.
    ("ecparam -genkey -name prime256v1", .es256, nil), ("ecparam -genkey -noout -name secp521r1", .es512, nil),
    ("genrsa -traditional 2048", .rs256, nil), ("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", .ps256, nil),
    ("genpkey -algorithm ED25519", .eddsa, nil),
    ("genpkey -algorithm ED25519 | openssl pkcs8 -topk8 -v2 aes128 -passout pass:one", .eddsa, "one"),
    ("genpkey -algorithm ED25519 | openssl pkcs8 -topk8 -scrypt -passout pass:two", .eddsa, "two"),
  ]

  @Test(.enabled(if: run("openssl version").succeeded, "no openssl command"), arguments: foreign)
  func opensslsKeysAreRead(command: String, algorithm: SignatureAlgorithm, passphrase: String?) throws {
    try withFolder { folder in
      #expect(run("cd \(folder) && (openssl \(command)) >key.pem 2>log").succeeded)
      let pem = text(try #require(readFile(folder + "/key.pem")))
      let key = try SigningKey(pem: pem, passphrase: passphrase.map { Array($0.utf8) }, algorithm: algorithm)
      #expect(
        run("cd \(folder) && openssl pkey -in key.pem -passin pass:\(passphrase ?? "") -pubout >public").succeeded)
      #expect(try text(#require(readFile(folder + "/public"))) == key.publicJWK.pem)
    }
  }

  @Test(
    .enabled(if: run("openssl version").succeeded, "no openssl command"),
    arguments: [
      "genrsa -traditional -aes128 -passout pass:a 2048",
      "genpkey -algorithm ED25519 | openssl pkcs8 -topk8 -v1 PBE-SHA1-3DES -passout pass:a",
      "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048", "genpkey -algorithm ED448",
      "ecparam -genkey -name secp256k1", "genrsa 1024",
    ])
  func opensslsOtherKeysAreRefused(command: String) throws {
    try withFolder { folder in
      #expect(run("cd \(folder) && (openssl \(command)) >key.pem 2>log").succeeded)
      let pem = text(try #require(readFile(folder + "/key.pem")))
      for passphrase in [nil, Array("a".utf8)] {
        #expect(throws: JOSEError.self) { try SigningKey(pem: pem, passphrase: passphrase) }
      }
    }
  }

  @Test(.enabled(if: run("openssl version").succeeded, "no openssl command")) func opensslReadsOurs() throws {
    try withFolder { folder in
      let key = try SigningKey.generate(.es384)
      writeFile(folder + "/key.pem", Array(try key.encryptedPEM(passphrase: passphrase).utf8))
      let result = run("cd \(folder) && openssl pkey -in key.pem -passin 'pass:\(text(passphrase))' -pubout")
      #expect(result.output == (try key.publicJWK.pem))
    }
  }
}
