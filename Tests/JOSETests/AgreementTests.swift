// Other implementations agree: the openssl command on exported PEM, PyJWT and joserfc on tokens both ways.

import JOSE
import JSON
import Testing

@Suite struct AgreementTests {
  @Test func opensslVerifiesWithThePEM() throws {
    guard run("openssl version").succeeded else {
      print("SKIPPED: no openssl command")
      return
    }
    try withFolder { folder in
      for algorithm in [SignatureAlgorithm.es256, .rs256] {
        let key = try SigningKey.generate(algorithm)
        let parts = try token(key).split(separator: UInt8(ascii: "."))
        writeFile(folder + "/key.pem", Array(try key.publicJWK.pem.utf8))
        writeFile(folder + "/input", Array(parts[0] + [UInt8(ascii: ".")] + parts[1]))
        let signature = try Base64URL.decode(text(Array(parts[2])))
        writeFile(folder + "/signature", algorithm == .es256 ? der(signature) : signature)
        let result = run("cd \(folder) && openssl dgst -sha256 -verify key.pem -signature signature input")
        #expect(result.output == "Verified OK\n")
      }
    }
  }

  @Test func pythonAgrees() throws {
    guard let python = environment("SIGNET_PYTHON"), run("\(python) -c 'import jwt, joserfc'").succeeded else {
      print("SKIPPED: set SIGNET_PYTHON to a Python that has PyJWT and joserfc")
      return
    }
    try withFolder { folder in
      // PyJWT has no ML-DSA.
      for algorithm in SignatureAlgorithm.allCases.dropLast(3) {
        let key = try SigningKey.generate(algorithm)
        var writer = JSONWriter()
        key.publicJWK.write(into: &writer)
        writeFile(folder + "/key.json", writer.bytes)
        writeFile(folder + "/token", try token(key))
        writeFile(folder + "/script.py", Array(Self.script.utf8))
        let result = run("cd \(folder) && \(python) script.py \(algorithm.rawValue)")
        #expect(result.succeeded, "\(result.output)")
        let theirs = try #require(readFile(folder + "/theirs"))
        let jwk = try PublicJWK(try JSONValue.parse(try #require(readFile(folder + "/theirs.json"))))
        let verified = try TokenVerifier(keys: [jwk]).verify(compact: theirs, type: "at+jwt")
        #expect(try verified.claims["sub"]?.string == "they")
      }
    }
  }

  @Test(
    .enabled(if: MLDSATests.isAvailable, "OpenSSL before 3.5 has no ML-DSA"),
    arguments: [SignatureAlgorithm.mlDSA44, .mlDSA65, .mlDSA87])
  func jwcryptoAgreesOnMLDSA(algorithm: SignatureAlgorithm) throws {
    guard let python = environment("SIGNET_PYTHON"), run("\(python) -c 'import jwcrypto.jwk'").succeeded else {
      print("SKIPPED: set SIGNET_PYTHON to a Python that has jwcrypto")
      return
    }
    try withFolder { folder in
      let key = try SigningKey.generate(algorithm)
      var writer = JSONWriter()
      try key.writePrivate(into: &writer)
      writeFile(folder + "/key.json", writer.bytes)
      writeFile(folder + "/token", try token(key))
      writeFile(folder + "/script.py", Array(Self.jwcryptoScript.utf8))
      // Without this test's own OpenSSL: Python brings one.
      let result = run("cd \(folder) && env -u LD_LIBRARY_PATH \(python) script.py \(algorithm.rawValue)")
      #expect(result.succeeded, "\(result.output)")
      let jwk = try SigningKey(try JSONValue.parse(try #require(readFile(folder + "/theirs.json")))).publicJWK
      let theirs = try #require(readFile(folder + "/theirs"))
      #expect(try text(TokenVerifier(keys: [jwk]).verify(compact: theirs, type: nil).payload) == "they")
    }
  }

  private func token(_ key: SigningKey) throws -> [UInt8] {
    var output: [UInt8] = []
    try TokenSigner(key: key, type: "at+jwt").sign(payload: Array(#"{"sub":"we"}"#.utf8), into: &output)
    return output
  }

  /// r‖s as DER.
  private func der(_ raw: [UInt8]) -> [UInt8] {
    let integers = [raw[..<32], raw[32...]].flatMap { half in
      let trimmed = Array(half.drop { $0 == 0 })
      let positive = (trimmed.first ?? 0x80) > 0x7F ? [0] + trimmed : trimmed
      return [2, UInt8(positive.count)] + positive
    }
    return [0x30, UInt8(integers.count)] + integers
  }

  private static let script = """
    import json, sys, jwt
    from joserfc import jws, jwk
    algorithm = sys.argv[1]
    token = open('token').read()
    ours = json.load(open('key.json'))
    assert jwt.decode(token, jwt.PyJWK(ours).key, algorithms=[algorithm])['sub'] == 'we'
    kind = {'EC': jwk.ECKey, 'RSA': jwk.RSAKey, 'OKP': jwk.OKPKey}[ours['kty']]
    key = kind.import_key(ours)
    assert key.thumbprint() == ours['kid']
    jws.deserialize_compact(token, key, algorithms=[algorithm])
    theirs = kind.generate_key({'RSA': 2048}.get(ours['kty'], ours.get('crv')))
    public = dict(theirs.as_dict(private=False), kid=theirs.thumbprint(), alg=algorithm)
    public.pop('use', None), public.pop('key_ops', None)
    json.dump(public, open('theirs.json', 'w'))
    header = {'alg': algorithm, 'typ': 'at+jwt', 'kid': theirs.thumbprint()}
    open('theirs', 'w').write(jws.serialize_compact(header, json.dumps({'sub': 'they'}), theirs, algorithms=[algorithm]))
    """

  private static let jwcryptoScript = """
    import json, sys
    from jwcrypto import jwk, jws
    algorithm = sys.argv[1]
    ours = jwk.JWK.from_json(open('key.json').read())
    assert ours.thumbprint() == ours['kid']
    token = jws.JWS()
    token.deserialize(open('token').read(), ours.public())
    assert json.loads(token.payload)['sub'] == 'we'
    theirs = jwk.JWK.generate(kty='AKP', alg=algorithm)
    token = jws.JWS('they')
    token.add_signature(theirs, None, json.dumps({'alg': algorithm}), None)
    open('theirs', 'w').write(token.serialize(compact=True))
    open('theirs.json', 'w').write(theirs.export())
    """
}
