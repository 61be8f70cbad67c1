// A client's certificate through HAProxy, as config/haproxy.cfg hands it on (RFC 9440).

import Foundation
import Testing

@Suite(.needsProxies) struct ProxyCertificateTests {
  @Test(.needsOpenSSL) func haproxyHandsItOn() async throws {
    let folder = try Folder()
    let (own, one) = (try await TestCertificate.make(folder), try await TestCertificate.make(folder, "one"))
    let pair = try folder.write(text(ofFile: own.certificate) + text(ofFile: own.key), to: "pair.pem")
    let socket = folder.path + "/https.sock"
    let changes = [
      Change("@system-ca", own.certificate),
      Change(
        "#bind :443 ssl crt /etc/haproxy/login.example.com.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2",
        "bind unix@\(socket) ssl crt \(pair) verify optional ca-file \(own.certificate) ca-ignore-err all crt-ignore-err all"
      ),
      Change("#http-request set-header Client-Cert", "http-request set-header Client-Cert"),
    ]
    let settings = ["proxy.trusted=127.0.0.1", "proxy.client_certificate=true"]
    try await withServer(settings, folder: folder) { server in
      try await server.addUser()
      try await server.sql("UPDATE client SET require_mtls = 1")
      let again = try await server.restart()
      try await withProxy(.haproxy, again, changes) { proxy in
        func login(_ shown: TestCertificate?, _ more: [String] = []) async throws -> JSON {
          let body: JSON = ["username": "ada", "password": .string(goodPassword)]
          let certificate = shown.map { ["--cert", $0.certificate, "--key", $0.key] } ?? []
          let fields = ["-sSk", "--unix-socket", socket, "--json", body.text]
          let done = try await Finished.run(
            "curl", fields + certificate + more + ["https://localhost/v1/login"], folder: folder)
          return try JSON(done.output)
        }
        let shown = try await login(one)
        #expect(shown["token_type"] == "Bearer", "\(shown.text)")
        #expect(try await login(nil)["error"] == "invalid_request")
        // What a client sends under that name is removed, whether it shows a certificate or none.
        let lines = text(ofFile: one.certificate).split(separator: "\n").dropFirst().dropLast().joined()
        #expect(try await login(nil, ["-H", "Client-Cert: :\(lines):"])["error"] == "invalid_request")
        #expect(try await login(own, ["-H", "Client-Cert: :\(lines):"])["token_type"] == "Bearer")
      }
      await again.child.destroy()
    }
  }
}
