// Certificates of clients: one that an authority signed, one that was merely presented, none; what openssl says of each.

import HTTPServer
import OpenSSL
import Reactor
import Testing

@Suite struct ClientCertificateTests {
  /// A server which answers with what it knows of the client's certificate.
  private func server(_ context: TLSContext) throws -> TestServer {
    var options = ListenerOptions()
    options.speaksTLS = true
    return try TestServer(loops: 1, options: options, tls: context) { _ in
      [
        Route(
          .get, "/", name: "root",
          .immediate { exchange in
            let verified = exchange.verifiedCertificate.map { hex($0.thumbprint) } ?? "none"
            let presented = exchange.presentedCertificate.map { hex($0.thumbprint) } ?? "none"
            exchange.respond(200, contentType: nil, body: "verified \(verified), presented \(presented)")
          })
      ]
    }
  }

  private func certificates() throws -> TestCertificates {
    let made = try TestCertificates()
    made.make("authority")
    made.make("member", by: "authority")
    made.make("stranger")
    return made
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"]) func whatAnAuthoritySignedIsVerified(_ version: String) throws {
    let certificates = try certificates()
    let server = try server(try certificates.context(.verified(authorities: certificates.path("authority"))))
    defer { server.stop() }
    let port = server.bound.port
    let thumbprint = certificates.thumbprint("member")
    #expect(thumbprint.count == 64)
    let member = certificates.ask(port, "\(version) -cert member.pem -key member.key")
    #expect(member.hasSuffix("verified \(thumbprint), presented \(thumbprint)"))
    #expect(certificates.ask(port, version).hasSuffix("verified none, presented none"))
    #expect(!certificates.ask(port, "\(version) -cert stranger.pem -key stranger.key").contains("HTTP/1.1"))
  }

  @Test(arguments: ["-tls1_2", "-tls1_3"]) func aStrangersIsPresentedAtMost(_ version: String) throws {
    let certificates = try certificates()
    let authorities = certificates.path("authority")
    for (wanted, isVerified) in [
      (TLSCredentials.ClientCertificates.any(authorities: authorities), true), (.any(authorities: nil), false),
    ] {
      let server = try server(try certificates.context(wanted))
      defer { server.stop() }
      let port = server.bound.port
      let member = certificates.thumbprint("member")
      #expect(
        certificates.ask(port, "\(version) -cert member.pem -key member.key")
          .hasSuffix("verified \(isVerified ? member : "none"), presented \(member)"))
      #expect(
        certificates.ask(port, "\(version) -cert stranger.pem -key stranger.key")
          .hasSuffix("verified none, presented \(certificates.thumbprint("stranger"))"))
    }
  }

  /// The session remembers who was verified, and that somebody wasn't.
  @Test(arguments: ["-tls1_2", "-tls1_3"]) func aResumedSessionKeepsItsCertificate(_ version: String) throws {
    let certificates = try certificates()
    let server = try server(try certificates.context(.any(authorities: certificates.path("authority"))))
    defer { server.stop() }
    let port = server.bound.port
    for (name, isVerified) in [("member", true), ("stranger", false)] {
      let thumbprint = certificates.thumbprint(name)
      let expected = "verified \(isVerified ? thumbprint : "none"), presented \(thumbprint)"
      let options = "\(version) -cert \(name).pem -key \(name).key"
      #expect(certificates.ask(port, "\(options) -sess_out \(name).session").hasSuffix(expected))
      #expect(certificates.ask(port, "\(options) -sess_in \(name).session").hasSuffix(expected))
    }
    let label = version == "-tls1_2" ? "TLSv1.2" : "TLSv1.3"
    #expect(server.metric(#"signet_tls_handshakes_total{kind="\#(label) resumed"} 2"#))
  }

  /// Whoever was verified by authorities that are no longer trusted must show a certificate again.
  @Test(arguments: ["-tls1_2", "-tls1_3"]) func aNewContextResumesNoSession(_ version: String) throws {
    let certificates = try certificates()
    let server = try server(try certificates.context(.verified(authorities: certificates.path("authority"))))
    defer { server.stop() }
    let options = "\(version) -cert member.pem -key member.key"
    #expect(certificates.ask(server.bound.port, "\(options) -sess_out session").contains("HTTP/1.1 200"))
    server.server.use(try certificates.context(.verified(authorities: certificates.path("stranger"))))
    #expect(!certificates.ask(server.bound.port, "\(options) -sess_in session").contains("HTTP/1.1"))
  }
}

private func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
