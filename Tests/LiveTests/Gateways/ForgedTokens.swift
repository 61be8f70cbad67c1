// Tokens that no gateway may take. Most are signed by Signet's own key, taken out with `key export --private`, and differ from
// a good token in one thing alone; so whoever refuses them has looked at that very thing.

import Foundation

/// Makes tokens with a server's own key.
struct Forger: Sendable {
  let server: LiveServer
  /// A good token to start from.
  let good: Tokens
  /// The private key, encrypted.
  private let key: String
  private static let passphrase = "a passphrase of the tests"

  static func taking(from server: LiveServer) async throws -> Forger {
    let good = try await server.login()
    let file = try server.folder.write(passphrase, to: "passphrase")
    let key = try await server.done(["key", "export", "--private", try good.kid, "--passphrase-file", file])
    return Forger(server: server, good: good, key: key)
  }

  /// Bad tokens by what is wrong with them.
  func badTokens() async throws -> [String: String] {
    guard let made = try await run("bad").object else { throw HarnessError("no tokens") }
    return made.compactMapValues(\.string)
  }

  /// The good token with other claims, well signed.
  func token(_ claims: JSON) async throws -> String {
    guard let token = try await run(claims.text).string else { throw HarnessError("no token") }
    return token
  }

  private func run(_ wanted: String) async throws -> JSON {
    try JSON(try await server.python(Self.script, [key, Self.passphrase, good.access, wanted]))
  }

  private static let script = #"""
    import base64, hashlib, hmac, json, sys, time
    import jwt
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

    pem, passphrase, good, wanted = sys.argv[1:]
    key = load_pem_private_key(pem.encode(), passphrase.encode())
    header, payload, signature = good.split(".")
    claims = jwt.decode(good, options={"verify_signature": False})
    kid = jwt.get_unverified_header(good)["kid"]

    def part(value):
        raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    # With a header in Signet's order, which is not PyJWT's.
    def sign(changed={}, without=None, key=key, **head):
        changed = {name: value for name, value in {**claims, **changed}.items() if name != without}
        text = part({"alg": "ES256", "typ": "at+jwt", "kid": kid, **head}) + "." + part(changed)
        pair = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return text + "." + part(b"".join(number.to_bytes(32, "big") for number in pair))

    def symmetric(secret):
        text = part({"alg": "HS256", "typ": "at+jwt", "kid": kid}) + "." + payload
        return text + "." + part(hmac.new(secret, text.encode(), hashlib.sha256).digest())

    if wanted != "bad":
        print(json.dumps(sign(json.loads(wanted))))
        sys.exit()
    now, stranger, public = int(time.time()), ec.generate_private_key(ec.SECP256R1()), key.public_key()
    text = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    none = {"alg": "none", "typ": "at+jwt"}
    print(json.dumps({
        "expired": sign({"iat": now - 700, "exp": now - 100}), "without exp": sign(without="exp"),
        "for another audience": sign({"aud": ["other", claims["iss"]]}), "without aud": sign(without="aud"),
        "by another issuer": sign({"iss": "https://other.example.com"}), "without iss": sign(without="iss"),
        "by a stranger's key": sign(key=stranger), "by an unknown key": sign(key=stranger, kid="unknown"),
        "altered": header + "." + part({**claims, "sub": "root"}) + "." + signature,
        "another signature": header + "." + payload + "." + part(bytes(64)),
        "without signature": header + "." + payload + ".",
        "alg none": part(none) + "." + payload + ".", "alg none, kid": part({**none, "kid": kid}) + "." + payload + ".",
        "alg none, signed": part({**none, "kid": kid}) + "." + payload + "." + signature,
        "HS256, the public key": symmetric(text), "HS256, the public key in a line": symmetric(text.strip()),
        "HS256, the key's bytes": symmetric(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)),
        "no access token": sign(typ="JWT"), "a status list": sign(typ="statuslist+jwt"),
        "bound by DPoP": sign({"cnf": {"jkt": "A" * 43}}), "bound by mTLS": sign({"cnf": {"x5t#S256": "A" * 43}}),
        "junk": "x", "dots": "..", "nothing": "",
    }))
    """#
}
