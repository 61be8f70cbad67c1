// Certificates, as those meet them who fetch keys or ask for health over TLS.

import Foundation
import Testing

@Suite struct TrustTests {
  @Test(.needsOpenSSL) func keysAreFetchedFromWhoIsTrusted() async throws {
    let folder = try Folder()
    let authority = try await TestCertificate.make(folder, "authority", options: Self.isAuthority)
    let good = try await TestCertificate.make(
      folder, authority: authority, options: ["-addext", "subjectAltName=DNS:localhost"])
    try await withServer(good.settings, folder: folder) { server in
      try await server.addUser()
      let tokens = try await server.login()
      func verify(_ host: String, _ options: [String]) async throws -> Finished {
        let url = "https://\(host):\(try server.securePort)/.well-known/jwks.json"
        return try await server.command(["token", "verify", tokens.access, "--jwks", url] + options)
      }
      let taken = try await verify("localhost", ["--ca", authority.certificate])
      #expect(taken.status == 0, "\(taken)")
      // Signed by nobody whom this system knows; for another name; by another authority; a file that isn't there.
      expectUntrusted(try await verify("localhost", []))
      expectUntrusted(try await verify("127.0.0.1", ["--ca", authority.certificate]))
      let other = try await TestCertificate.make(folder, "other", options: Self.isAuthority)
      expectUntrusted(try await verify("localhost", ["--ca", other.certificate]))
      let none = try await verify("localhost", ["--ca", folder.path + "/missing.pem"])
      #expect(none.status == 1 && none.errors.contains("TLS failed"), "\(none)")
    }
  }

  private static let isAuthority = ["-addext", "basicConstraints=critical,CA:TRUE"]

  private func expectUntrusted(_ finished: Finished) {
    #expect(finished.status == 1)
    #expect(finished.output.isEmpty)
    #expect(finished.errors.contains("the server's certificate isn't trusted"), "\(finished)")
    #expect(finished.errors.split(separator: "\n").count == 1)
  }

  @Test(.needsPython) func anExpiredCertificateIsRefused() async throws {
    let folder = try Folder()
    let python = try #require(Programs.python)
    let child = try Child(python, ["-c", Self.expired, folder.path], folder: folder)
    let port = try await eventually("it listens") {
      child.standardOutput.split(separator: "\n").first.flatMap { Int($0) }
    }
    let finished = try await Finished.run(
      Programs.signet,
      [
        "token", "verify", "x.y.z", "--issuer", "i", "--data", folder.path, "--ca", folder.path + "/expired.pem",
        "--jwks",
        "https://localhost:\(port)/",
      ], folder: folder)
    expectUntrusted(finished)
    #expect(finished.errors.contains("expired"))
    await child.destroy()
  }

  /// A server whose own certificate, which is its own authority, ended yesterday.
  private static let expired = """
    import datetime, socket, ssl, sys
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    path = sys.argv[1] + "/expired.pem"
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
      .serial_number(1).not_valid_before(now - 3 * day).not_valid_after(now - day)
      .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
      .add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256()))
    with open(path, "wb") as file:
      file.write(certificate.public_bytes(serialization.Encoding.PEM))
      file.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                   serialization.NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    while True:
      connection, _ = listener.accept()
      try:
        context.wrap_socket(connection, server_side=True).recv(1)
      except OSError:
        pass
    """

  @Test(.needsOpenSSL) func healthIsAskedOverTLSWhereThereIsNothingElse() async throws {
    let folder = try Folder()
    let certificate = try await TestCertificate.make(
      folder, options: ["-addext", "subjectAltName=DNS:login.example.com"])
    let settings =
      LiveServer.fast + [
        "listen=https://0.0.0.0:0", "admin.listen=off", "issuer=https://login.example.com",
        "tls.certificate=\(certificate.certificate)", "tls.key=\(certificate.key)",
      ]
    let flags = ["--data", folder.path + "/data"] + settings.flatMap { ["--set", $0] }
    let server = try Child(Programs.signet, ["serve"] + flags, folder: folder)
    try await eventually("it listens") { server.standardOutput.contains("listening on https://0.0.0.0:") }
    func health(_ more: [String] = []) async throws -> Finished {
      try await Finished.run(Programs.signet, ["health"] + flags + more, folder: folder)
    }
    let good = try await health()
    #expect(good.status == 0 && good.output == "ready\n", "\(good)")
    #expect(try await health(["--json"]).json == ["status": "ready"])
    // One that is stopped, as far as its clients can see, holds its lock and its port.
    await server.signal(SIGSTOP)
    let stopped = try await health()
    #expect(stopped.status == 1 && stopped.errors.contains("no answer in time"), "\(stopped)")
    await server.destroy()
    let gone = try await health()
    #expect(gone.status == 1 && gone.errors.contains("no server runs on"), "\(gone)")
  }
}
