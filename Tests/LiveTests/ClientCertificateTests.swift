// Clients known by the certificate of their connection (RFC 8705), as Python's TLS shows it.

import Foundation
import Testing

@Suite struct ClientCertificateTests {
  @Test(.needsPython, .needsOpenSSL) func aCertificateProvesAClient() async throws {
    let folder = try Folder()
    let server = try await TestCertificate.make(folder)
    let authority = try await TestCertificate.make(folder, "authority", options: [])
    let names = ["-addext", "subjectAltName=DNS:shop.example,IP:192.0.2.7,email:a@shop.example,URI:spiffe://a/shop"]
    let member = try await TestCertificate.make(folder, "member", authority: authority, options: names)
    let stranger = try await TestCertificate.make(folder, "stranger", options: names)
    let own = try await TestCertificate.make(folder, "own", options: [])
    let settings =
      server.settings + [
        "issuer=https://auth.example", "tls.client_ca=\(authority.certificate)", "tls.client_certificate=any",
      ]
    try await withServer(settings) { live in
      let subjects = [
        "dn": "dn:CN=member", "spaced": "dn:cn=member ", "dns": "dns:SHOP.example", "ip": "ip:192.0.2.7",
        "email": "email:a@shop.example", "uri": "uri:spiffe://a/shop", "other": "dns:other.example",
        "part": "dns:example", "wrong": "dn:CN=stranger", "case": "uri:spiffe://A/shop",
      ]
      for (id, subject) in subjects {
        try await live.done([
          "client", "add", id, "--id", id, "--kind", "confidential", "--auth", "tls_client_auth", "--tls-subject",
          subject,
        ])
      }
      try await Self.addSelfSigned(own, folder, live)
      try await live.addConfidential("secret", [])
      let base = "https://localhost:\(try live.securePort)"
      let results = try #require(
        try JSON(
          try await live.python(Self.script, [base, server.certificate, folder.path, "http://127.0.0.1:\(live.port)"])
        ).object)
      #expect(results.count >= 24)
      for (name, result) in results { #expect(result == "as expected", "\(name): \(result)") }
      let methods = try await live.get("/.well-known/openid-configuration").json[
        "token_endpoint_auth_methods_supported"]
      #expect(methods?.array?.suffix(2) == ["tls_client_auth", "self_signed_tls_client_auth"])
      _ = (member, stranger)
    }
  }

  /// The certificate of a client behind a proxy proves it only where the operator says that the field is the proxy's own.
  @Test(.needsPython, .needsOpenSSL, arguments: [true, false]) func behindAProxy(isBelieved: Bool) async throws {
    let folder = try Folder()
    let (own, other) = (try await TestCertificate.make(folder, "own"), try await TestCertificate.make(folder, "other"))
    try await withServer(
      ["proxy.trusted=127.0.0.1", "proxy.client_certificate=\(isBelieved)"], folder: folder
    ) { live in
      try await Self.addSelfSigned(own, folder, live)
      // Returns when the server knows it, and so the one before.
      try await live.addConfidential("other", [])
      func token(_ certificate: TestCertificate?) async throws -> Answer {
        let form = "grant_type=client_credentials&client_id=self"
        var fields = [(name: "Content-Type", value: "application/x-www-form-urlencoded")]
        let lines = certificate.map { text(ofFile: $0.certificate).split(separator: "\n").dropFirst().dropLast() }
        if let lines { fields.append(("Client-Cert", ":\(lines.joined()):")) }
        return try await live.send(Request("POST", "/oauth2/token", fields, body: Array(form.utf8)))
      }
      #expect(try await token(own).status == (isBelieved ? 200 : 401))
      for refused in [other, nil] { #expect(try await token(refused).error == "invalid_client") }
    }
  }

  /// A client that is known by the key of its own certificate.
  private static func addSelfSigned(_ own: TestCertificate, _ folder: Folder, _ live: LiveServer) async throws {
    let jwks = folder.path + "/jwks"
    _ = try await live.python(keySet, [own.certificate, jwks])
    try await live.done([
      "client", "add", "self", "--id", "self", "--kind", "confidential", "--auth", "self_signed_tls_client_auth",
      "--jwks", jwks,
    ])
  }

  private static let keySet = """
    import json, sys
    from cryptography import x509
    from jwcrypto import jwk
    key = x509.load_pem_x509_certificate(open(sys.argv[1], "rb").read()).public_key()
    json.dump({"keys": [jwk.JWK.from_pyca(key).export_public(as_dict=True)]}, open(sys.argv[2], "w"))
    """

  private static let script = """
    import json, sys
    import requests
    base, trusted, folder, plain = sys.argv[1:]
    def post(client, name=None, url=base, **form):
        cert = (f"{folder}/{name}.pem", f"{folder}/{name}.key") if name else None
        return requests.post(url + "/oauth2/token", {"grant_type": "client_credentials", "client_id": client, **form},
                             cert=cert, verify=trusted)
    plan = {}
    for client in ("dn", "spaced", "dns", "ip", "email", "uri"):
        plan[client] = (200, post(client, "member"))
        plan[client + " by a stranger's"] = (401, post(client, "stranger"))
    for client in ("other", "part", "wrong", "case"):
        plan[client] = (401, post(client, "member"))
    plan["no certificate"] = (401, post("dn"))
    plan["self-signed where an authority's is wanted"] = (401, post("wrong", "stranger"))
    plan["self"] = (200, post("self", "own"))
    plan["self, another key"] = (401, post("self", "stranger"))
    plan["self, an authority's"] = (401, post("self", "member"))
    plan["self, none"] = (401, post("self"))
    plan["a secret beside it"] = (401, post("dn", "member", client_secret="x"))
    plan["a certificate for a client with a secret"] = (401, post("secret", "member"))
    plan["in the clear"] = (401, post("dn", url=plain))
    wanted = {200: None, 401: "invalid_client"}
    def judge(status, answer):
        good = answer.status_code == status and answer.json().get("error") == wanted[status]
        return "as expected" if good else f"{answer.status_code} {answer.text}"
    print(json.dumps({name: judge(*entry) for name, entry in plan.items()}))
    """
}
