// Tokens bound to a client's certificate (RFC 8705), with openssl's certificates and curl; directly and behind a proxy that
// hands the certificate on (RFC 9440).

import Foundation
import Testing

@Suite struct CertificateBoundTests {
  @Test(.needsOpenSSL) func tokensAreBoundToTheCertificate() async throws {
    let folder = try Folder()
    let own = try await TestCertificate.make(folder)
    let (one, two) = (try await TestCertificate.make(folder, "one"), try await TestCertificate.make(folder, "two"))
    try await withServer(own.settings + ["tls.client_certificate=any"], folder: folder) { server in
      try await server.addUser()
      try await server.sql("UPDATE client SET require_mtls = 1")
      let again = try await server.restart()
      func curl(_ path: String, _ certificate: TestCertificate?, _ more: [String]) async throws -> JSON {
        let shown = certificate.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
        let url = "https://127.0.0.1:\(try again.securePort)\(path)"
        let done = try await Finished.run(
          "curl", ["-sS", "--cacert", own.certificate] + shown + more + [url], folder: folder)
        return try JSON(done.output)
      }
      func post(_ path: String, _ certificate: TestCertificate?, _ body: JSON) async throws -> JSON {
        try await curl(path, certificate, ["--json", body.text])
      }
      let login: JSON = ["username": "ada", "password": .string(goodPassword)]
      #expect(try await post("/v1/login", nil, login)["error"] == "invalid_request")
      let tokens = try await post("/v1/login", one, login)
      #expect(tokens["token_type"] == "Bearer")
      let access = try #require(tokens["access_token"]?.string)
      let payload = try #require(base64URLBytes(access.split(separator: ".")[1]))
      let thumbprint = try await Self.thumbprint(one, folder)
      #expect(try JSON(String(decoding: payload, as: UTF8.self))["cnf"] == ["x5t#S256": .string(thumbprint)])
      let bearer = ["-H", "Authorization: Bearer \(access)"]
      #expect(try await curl("/v1/me", one, bearer)["username"] == "ada")
      for other in [two, nil] { #expect(try await curl("/v1/me", other, bearer)["error"] == "invalid_token") }
      let refresh = JSON.object(["refresh_token": tokens["refresh_token"] ?? .null])
      for other in [two, nil] { #expect(try await post("/v1/refresh", other, refresh)["error"] == "invalid_grant") }
      #expect(try await post("/v1/refresh", one, refresh)["token_type"] == "Bearer")
      // Its refresh token is good as often as it takes, for who has the key.
      #expect(try await post("/v1/refresh", one, refresh)["token_type"] == "Bearer")
      let metadata = try await curl("/.well-known/oauth-authorization-server", nil, [])
      #expect(metadata["tls_client_certificate_bound_access_tokens"] == true)
      await again.child.destroy()
    }
  }

  /// Believed only when the operator says both who the proxy is and that the field is its own.
  @Test(
    .needsOpenSSL,
    arguments: [
      (["proxy.trusted=127.0.0.1", "proxy.client_certificate=true"], true), (["proxy.trusted=127.0.0.1"], false),
      (["proxy.trusted=192.0.2.1", "proxy.client_certificate=true"], false), (["proxy.client_certificate=true"], false),
      ([], false),
    ])
  func behindAProxy(trust: [String], isTrusted: Bool) async throws {
    let folder = try Folder()
    let (one, two) = (try await TestCertificate.make(folder, "one"), try await TestCertificate.make(folder, "two"))
    let takesCertificates = trust.count == 2
    try await withServer(trust, folder: folder) { server in
      try await server.addUser()
      try await server.sql("UPDATE client SET require_mtls = 1")
      let again = try await server.restart()
      let metadata = try await again.get("/.well-known/oauth-authorization-server").json
      #expect(metadata["tls_client_certificate_bound_access_tokens"] == (takesCertificates ? true : nil))
      let methods = metadata["token_endpoint_auth_methods_supported"]?.array ?? []
      #expect(methods.contains("self_signed_tls_client_auth") == takesCertificates)
      #expect(!methods.contains("tls_client_auth"))
      let body: JSON = ["username": "ada", "password": .string(goodPassword)]
      func login(_ field: String?) async throws -> Answer {
        var request = Request.json("/v1/login", body)
        if let field { request.fields.append(("Client-Cert", field)) }
        return try await again.send(request)
      }
      let (first, second) = (try await Self.base64(one, folder), try await Self.base64(two, folder))
      let answer = try await login(":\(first):")
      #expect(answer.status == (isTrusted ? 200 : 400))
      for bad in [
        nil, "", ":", "::", first, ":\(first)", "\(first):", ":\(first):;a", ":\(first):, :\(second):", ":\(first)=:",
        ":\(first.dropLast(4)):", ":!\(first.dropFirst()):", ":AAAA:", "\"\(first)\"",
      ] {
        let answer = try await login(bad)
        #expect(answer.status == 400 && answer.error == "invalid_request", "\(bad ?? "none")")
      }
      guard isTrusted else { return await again.child.destroy() }
      let access = try Tokens(answer).access
      func me(_ field: String?) async throws -> Int {
        var request = Request.bearer("GET", "/v1/me", access)
        if let field { request.fields.append(("Client-Cert", field)) }
        return try await again.send(request).status
      }
      #expect(try await me(":\(first):") == 200)
      #expect(try await me(":\(second):") == 401)
      #expect(try await me(nil) == 401)
      var twice = Request.bearer("GET", "/v1/me", access)
      twice.fields += [("Client-Cert", ":\(first):"), ("Client-Cert", ":\(first):")]
      #expect(try await again.send(twice).status == 400)
      await again.child.destroy()
    }
  }

  /// By openssl: SHA-256 over the DER form, in base64url.
  private static func thumbprint(_ certificate: TestCertificate, _ folder: Folder) async throws -> String {
    let done = try await Finished.run(
      "openssl", ["x509", "-in", certificate.certificate, "-noout", "-fingerprint", "-sha256"], folder: folder)
    let hex = done.output.split(separator: "=").last?.filter(\.isHexDigit) ?? ""
    var bytes: [UInt8] = []
    var rest = Substring(hex)
    while rest.count >= 2 {
      bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    let text = Data(bytes).base64EncodedString()
    return text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// The DER form in base64: what stands between the lines of PEM.
  private static func base64(_ certificate: TestCertificate, _ folder: Folder) async throws -> String {
    text(ofFile: certificate.certificate).split(separator: "\n").filter { !$0.hasPrefix("-----") }.joined()
  }
}
