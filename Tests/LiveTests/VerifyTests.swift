// Other people's libraries verify our tokens with nothing but the served JWK Set.

import Foundation
import Testing

@Suite struct VerifyTests {
  static let algorithms = ["ES256", "RS256", "EdDSA"]

  @Test(.needsPython, arguments: algorithms) func pyJWTAndJoserfcVerify(_ algorithm: String) async throws {
    try await withServer(["token.algorithm=\(algorithm)"]) { server in
      let id = try await server.addUser()
      let tokens = try await server.refresh(try await server.login().refresh)
      let output = try await server.python(Self.script, [server.issuer, tokens.access, algorithm])
      let results = try JSON(output)
      #expect(results["pyjwt"]?.string == id)
      #expect(results["joserfc"]?.string == id)
      #expect(results["thumbprints"] == true)
      #expect(results["altered_refused"] == true)
    }
  }

  /// As a service would: the key by `kid` from the served set, algorithm, issuer, audience and type pinned.
  static let script = """
    import json, sys, urllib.request
    import jwt
    from joserfc import jwt as jose
    from joserfc.jwk import KeySet
    issuer, token, algorithm = sys.argv[1:]
    uri = json.load(urllib.request.urlopen(issuer + "/.well-known/oauth-authorization-server"))["jwks_uri"]
    document = json.load(urllib.request.urlopen(uri))
    key = jwt.PyJWKClient(uri).get_signing_key_from_jwt(token)
    options = {"require": ["exp", "iat", "iss", "sub", "aud", "jti"]}
    def check(text):
      return jwt.decode_complete(text, key, algorithms=[algorithm], audience="api", issuer=issuer, options=options)
    checked = check(token)
    assert checked["header"]["typ"] == "at+jwt"
    keys = KeySet.import_key_set(document)
    other = jose.decode(token, keys, algorithms=[algorithm, "Ed25519"])
    claims = jose.JWTClaimsRegistry(
      iss={"essential": True, "value": issuer}, aud={"essential": True, "value": "api"}, exp={"essential": True})
    claims.validate(other.claims)
    head, body, signature = token.split(".")
    try:
      check(".".join([head, body, ("B" if signature[0] == "A" else "A") + signature[1:]]))
      refused = False
    except jwt.InvalidSignatureError:
      refused = True
    print(json.dumps({
      "pyjwt": checked["payload"]["sub"], "joserfc": other.claims["sub"], "altered_refused": refused,
      "thumbprints": all(key.thumbprint() == one["kid"] for key, one in zip(keys.keys, document["keys"]))}))
    """

  @Test(.needsOpenSSL, arguments: algorithms) func opensslVerifies(_ algorithm: String) async throws {
    try await withServer(["token.algorithm=\(algorithm)"]) { server in
      try await server.addUser()
      let tokens = try await server.login()
      let keys = try await server.get("/.well-known/jwks.json").json["keys"]?.array ?? []
      let kid = try tokens.header["kid"]
      let key = try #require(keys.first { $0["kid"] == kid })
      let parts = tokens.access.split(separator: ".")
      try server.folder.write("\(parts[0]).\(parts[1])", to: "input")
      try write(try #require(base64URLBytes(parts[2])), algorithm, to: server.folder.path + "/signature")
      try write(try PublicKeyDER.bytes(key), to: server.folder.path + "/key.der")
      let digest = algorithm == "EdDSA" ? ["-rawin"] : ["-rawin", "-digest", "sha256"]
      let finished = try await Finished.run(
        try #require(Programs.openssl),
        [
          "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", server.folder.path + "/key.der", "-in",
          server.folder.path + "/input", "-sigfile", server.folder.path + "/signature",
        ] + digest, folder: server.folder)
      #expect(finished.status == 0, "\(finished)")
      // And so does the command, from the data folder's keys and from the served ones.
      for source in [[], ["--jwks", server.issuer + "/.well-known/jwks.json"]] {
        try await server.done(["token", "verify", "-", "--issuer", server.issuer] + source, input: tokens.access)
      }
    }
  }

  private func write(_ signature: [UInt8], _ algorithm: String, to path: String) throws {
    try write(algorithm == "ES256" ? DER.ecdsa(signature) : signature, to: path)
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}

/// A JWK as a SubjectPublicKeyInfo, put together by hand so that nothing of ours stands between the set and openssl.
enum PublicKeyDER {
  static func bytes(_ jwk: JSON) throws -> [UInt8] {
    func member(_ name: String) throws -> [UInt8] {
      guard let bytes = jwk[name]?.string.flatMap({ base64URLBytes($0) }) else {
        throw HarnessError("no \(name) in \(jwk)")
      }
      return bytes
    }
    switch jwk["kty"]?.string {
    case "EC": return DER.key(DER.ecPublicKey + DER.prime256v1, [4] + (try member("x") + member("y")))
    case "OKP": return DER.key(DER.ed25519, try member("x"))
    default:
      let numbers = DER.element(0x30, DER.integer(try member("n")) + DER.integer(try member("e")))
      return DER.key(DER.rsaEncryption + [5, 0], numbers)
    }
  }
}

/// As much of X.690 as three kinds of keys need.
enum DER {
  static let ecPublicKey: [UInt8] = [6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1]
  static let prime256v1: [UInt8] = [6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]
  static let ed25519: [UInt8] = [6, 3, 0x2B, 0x65, 0x70]
  static let rsaEncryption: [UInt8] = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1]

  static func key(_ algorithm: [UInt8], _ key: [UInt8]) -> [UInt8] {
    element(0x30, element(0x30, algorithm) + element(3, [0] + key))
  }

  /// r and s one after the other (RFC 7518 section 3.4), as openssl wants them.
  static func ecdsa(_ raw: [UInt8]) -> [UInt8] {
    element(0x30, integer(Array(raw[..<32])) + integer(Array(raw[32...])))
  }

  static func integer(_ bytes: [UInt8]) -> [UInt8] {
    let trimmed = Array(bytes.drop { $0 == 0 })
    return element(2, (trimmed.first ?? 0x80) >= 0x80 ? [0] + trimmed : trimmed)
  }

  static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
    let count = content.count
    if count < 128 { return [tag, UInt8(count)] + content }
    return count < 256
      ? [tag, 0x81, UInt8(count)] + content : [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xFF)] + content
  }
}
