// `signet jose` as other programs and people use it.

import Foundation
import Testing

@Suite struct JoseTests {
  /// Every form, in both directions, with PyJWT, joserfc, jwcrypto and openssl.
  @Test(.needsPython, .needsOpenSSL) func othersAgree() async throws {
    let folder = try Folder()
    let output = try await Finished.run(
      try #require(Programs.python), ["-c", joseMatrix, Programs.signet], folder: folder)
    #expect(output.status == 0, "\(output)")
    #expect(output.output.split(separator: "\n").count == 13 + 4 * 7, "\(output)")
  }

  @Test func aTokenIsSignedAndVerified() async throws {
    let jose = try Jose()
    let key = try await jose.done(["generate", "--alg", "ES256"])
    try jose.write(key, to: "key")
    let token = try await jose.done(["sign", "--key", "key", "--alg", "ES256", "--typ", "at+jwt"], "payload")
    #expect(try await jose.done(["verify", "--key", "key"], token) == "payload")
    try jose.write(try await jose.done(["public"], key), to: "public")
    #expect(text(ofFile: jose.folder.path + "/public").contains("\"d\"") == false)
    #expect(try await jose.done(["verify", "--key", "public"], token) == "payload")
    let told = try JSON(try await jose.done(["verify", "--key", "public", "--json"], token))
    #expect(told["alg"] == "ES256" && told["payload"] == "cGF5bG9hZA")
    #expect(told["kid"]?.string == (try await jose.done(["thumbprint"], key)).trimmed)
  }

  /// PEM names no algorithm, so `--alg` does.
  @Test(.needsOpenSSL) func openSSLsKeysAreTaken() async throws {
    let jose = try Jose()
    let made = try await Finished.run(
      try #require(Programs.openssl), ["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
      folder: jose.folder)
    try jose.write(made.output, to: "key")
    let token = try await jose.done(["sign", "--key", "key", "--alg", "PS256"], "payload")
    #expect(try await jose.done(["verify", "--key", "key", "--alg", "PS256"], token) == "payload")
    #expect(try await jose.failure(["verify", "--key", "key"], token).contains("algorithm"))
    let sealed = try await jose.done(["encrypt", "--key", "key", "--alg", "RSA-OAEP-256"], "payload")
    #expect(try await jose.done(["decrypt", "--key", "key"], sealed) == "payload")
  }

  @Test func theKeyDecidesWhatIsAllowed() async throws {
    let jose = try Jose()
    for (name, algorithm) in [("es", "ES256"), ("hs", "HS256"), ("ecdh", "ECDH-ES")] {
      try jose.write(try await jose.done(["generate", "--alg", algorithm]), to: name)
    }
    #expect(try await jose.failure(["sign", "--key", "es", "--alg", "ES384"], "x").contains("is for ES256"))
    #expect(try await jose.failure(["sign", "--key", "ecdh", "--alg", "ES256"], "x").contains("no key for signing"))
    #expect(
      try await jose.failure(["encrypt", "--key", "es", "--alg", "ECDH-ES"], "x").contains("no key for encrypting"))
    let token = try await jose.done(["sign", "--key", "hs", "--alg", "HS256"], "x")
    #expect(try await jose.failure(["verify", "--key", "es"], token).contains("isn't good"))
    // The public key's text as a MAC key: what every library once fell for.
    let forged = try await jose.done(["sign", "--key", "hs", "--alg", "HS256"], "x")
    #expect(try await jose.failure(["verify", "--key", "es"], forged).contains("isn't good"))
  }

  /// A set of both kinds, with a weak key and an unknown one among them.
  @Test func ofASetTheNamedKeyIsTaken() async throws {
    let jose = try Jose()
    let keys = [
      try await jose.done(["generate", "--alg", "ES256"]), try await jose.done(["generate", "--alg", "HS256"]),
      try await jose.done(["generate", "--alg", "EdDSA"]),
    ]
    let strange = #"{"kty":"XYZ","kid":"1"},{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"2"}"#
    try jose.write("{\"keys\":[\(strange),\(keys.joined(separator: ","))]}", to: "set")
    for key in keys {
      try jose.write(key, to: "key")
      let algorithm = try #require(try JSON(key)["alg"]?.string)
      let token = try await jose.done(["sign", "--key", "key", "--alg", algorithm], "x")
      #expect(try await jose.done(["verify", "--key", "set"], token) == "x")
    }
    #expect(try await jose.failure(["sign", "--key", "set", "--alg", "ES256"], "x").contains("--kid"))
    let kid = try #require(try JSON(keys[0])["kid"]?.string)
    let token = try await jose.done(["sign", "--key", "set", "--kid=\(kid)", "--alg", "ES256"], "x")
    #expect(try await jose.done(["verify", "--key", "set"], token) == "x")
  }

  @Test(arguments: [
    (["verify", "--key", "absent"], "", 1, "can't be read"), (["verify", "--key", "garbage"], "", 1, "holds no JWK"),
    (["verify"], "", 2, "--key"), (["sign", "--key", "es"], "", 2, "--alg"),
    (["generate", "--alg", "none"], "", 2, "isn't known"), (["generate", "--alg", "ES257"], "", 2, "isn't known"),
    (["generate", "--alg", "ECDH-ES", "--crv", "P-257"], "", 2, "isn't known"),
    (["encrypt", "--key", "ecdh", "--alg", "ECDH-ES", "--enc", "A192GCM"], "", 2, "isn't known"),
    (["encrypt", "--key", "ecdh", "--alg", "RSA1_5"], "", 1, "not for RSA1_5"),
    (["verify", "--key", "es"], "", 1, "isn't good"), (["verify", "--key", "es"], "a.b.c", 1, "isn't good"),
    (["decrypt", "--key", "ecdh"], "a.b.c.d.e", 1, "can't be decrypted"), (["thumbprint"], "{}", 1, "isn't a key"),
    (["public"], #"{"kty":"oct","k":"AQAB"}"#, 1, "no public half"),
  ])
  func whatIsWrongIsSaid(_ arguments: [String], _ input: String, _ status: Int, _ words: String) async throws {
    let jose = try Jose()
    try jose.write("garbage", to: "garbage")
    for (name, algorithm) in [("es", "ES256"), ("ecdh", "ECDH-ES")] {
      try jose.write(try await jose.done(["generate", "--alg", algorithm]), to: name)
    }
    let finished = try await jose.run(arguments, input)
    #expect(Int(finished.status) == status, "\(finished)")
    #expect(finished.output.isEmpty && finished.errors.contains(words), "\(finished)")
    #expect(finished.errors.split(separator: "\n").count == 1, "\(finished)")
  }

  /// Refused before anything is computed or unpacked.
  @Test func hostileTokensCostNothing() async throws {
    let jose = try Jose()
    try jose.write(try await jose.done(["generate", "--alg", "A256KW"]), to: "key")
    let header = #"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2s":"AAAA","p2c":2147483647}"#
    let zipped = #"{"alg":"A256KW","enc":"A256GCM","zip":"DEF"}"#
    let huge = "{\"alg\":\"A256KW\",\"enc\":\"A256GCM\",\"x\":\"\(String(repeating: "a", count: 10 << 20))\"}"
    for (header, words) in [
      (header, "can't be decrypted"), (zipped, "can't be decrypted"), (huge, "larger than 1 MiB"),
    ] {
      let token = Data(header.utf8).base64EncodedString().replacing("=", with: "").replacing("+", with: "-")
        .replacing("/", with: "_")
      #expect(try await jose.failure(["decrypt", "--key", "key"], token + ".AAAA.AAAA.AAAA.AAAA").contains(words))
    }
  }
}

/// A folder, and the command run in it.
private struct Jose {
  let folder: Folder

  init() throws { folder = try Folder() }

  func write(_ text: String, to name: String) throws { try folder.write(text, to: name) }

  /// Runs the command; the names of keys are files of the folder.
  func run(_ arguments: [String], _ input: String? = nil) async throws -> Finished {
    var words = arguments
    if let place = words.firstIndex(of: "--key"), place + 1 < words.count {
      words[place + 1] = folder.path + "/" + words[place + 1]
    }
    return try await Finished.run(Programs.signet, ["jose"] + words, input: input, folder: folder)
  }

  func done(_ arguments: [String], _ input: String? = nil) async throws -> String {
    let finished = try await run(arguments, input)
    guard finished.status == 0 else { throw HarnessError("signet jose \(arguments): \(finished)") }
    return finished.output
  }

  func failure(_ arguments: [String], _ input: String? = nil) async throws -> String {
    let finished = try await run(arguments, input)
    #expect(finished.status == 1, "\(arguments): \(finished)")
    return finished.errors
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
