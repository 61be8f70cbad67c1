// TLS as its clients meet it: OpenSSL's by way of Python and curl, and tlslite-ng, which shares no line with it.

import Foundation
import Testing

@Suite struct TLSTests {
  @Test(.needsPython) func versionsSuitesAndProtocolsAreTheGoodOnes() async throws {
    try await withTLS { server in
      let output = try await server.python(Self.negotiation, ["\(try server.securePort)"])
      let result = try JSON(output)
      #expect(result["1.3"] == ["TLSv1.3", "http/1.1"])
      #expect(result["1.2"] == ["TLSv1.2", "http/1.1"])
      #expect(result["aead"] == true)
      #expect(result["hsts"]?.string == "max-age=31536000")
      #expect(result["refused"] == ["TLSv1.1", "CBC", "RSA", "h2"])
    }
  }

  private static let negotiation = """
    import json, socket, ssl, sys, warnings
    warnings.simplefilter("ignore")
    port = int(sys.argv[1])
    def connect(**options):
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
      context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
      context.minimum_version = options.get("min", ssl.TLSVersion.TLSv1_2)
      context.maximum_version = options.get("max", ssl.TLSVersion.TLSv1_3)
      context.set_ciphers(options.get("ciphers", "DEFAULT"))
      context.set_alpn_protocols(options.get("alpn", ["h2", "http/1.1"]))
      return context.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost")
    def get(stream):
      stream.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
      return b"".join(iter(lambda: stream.recv(4096), b"")).decode()
    result = {"aead": True, "refused": []}
    for name, version in [("1.2", ssl.TLSVersion.TLSv1_2), ("1.3", ssl.TLSVersion.TLSv1_3)]:
      with connect(min=version, max=version) as stream:
        result["aead"] &= "GCM" in stream.cipher()[0] or "POLY1305" in stream.cipher()[0]
        result[name] = [stream.version(), stream.selected_alpn_protocol()]
        head = get(stream)
        assert head.startswith("HTTP/1.1 200"), head
        fields = dict(line.split(": ", 1) for line in head.split("\\r\\n\\r\\n")[0].split("\\r\\n")[1:])
        result["hsts"] = fields["Strict-Transport-Security"]
    old = ssl.TLSVersion.TLSv1_1
    for name, options in [
      ("TLSv1.1", dict(min=old, max=old, ciphers="ALL:@SECLEVEL=0")),
      ("CBC", dict(max=ssl.TLSVersion.TLSv1_2, ciphers="ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA")),
      ("RSA", dict(max=ssl.TLSVersion.TLSv1_2, ciphers="AES128-GCM-SHA256:DHE-RSA-AES128-GCM-SHA256")),
      ("h2", dict(alpn=["h2"]))]:
      try:
        connect(**options)
      except ssl.SSLError:
        result["refused"].append(name)
    print(json.dumps(result))
    """

  @Test(.needsPython) func sessionsAreResumed() async throws {
    try await withTLS { server in
      _ = try await server.python(Self.resumption, ["\(try server.securePort)"])
      let metrics = try await server.metrics()
      for version in ["TLSv1.2", "TLSv1.3"] {
        #expect(metrics.contains(#"signet_tls_handshakes_total{kind="\#(version) full"} 1"#))
        #expect(metrics.contains(#"signet_tls_handshakes_total{kind="\#(version) resumed"} 3"#))
      }
    }
  }

  private static let resumption = """
    import socket, ssl, sys
    for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
      context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
      context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
      context.minimum_version = context.maximum_version = version
      session = None
      for round in range(4):
        raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        with context.wrap_socket(raw, server_hostname="localhost", session=session) as stream:
          stream.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
          assert stream.recv(4096).startswith(b"HTTP/1.1 200")
          assert stream.session_reused == (round > 0), round
          session = stream.session
    """

  @Test(.needsPython) func anIndependentImplementationAgrees() async throws {
    try await withTLS { server in
      try await server.addUser()
      let output = try await server.python(Self.independent, ["\(try server.securePort)"])
      #expect(output == "TLS 1.2 done\nTLS 1.3 done\n")
    }
  }

  /// Records of one byte, a key update, requests that span records and records that hold several requests, a large
  /// chunked body, an end of the client's side before the answer.
  private static let independent = """
    import json, select, socket, sys
    from tlslite.api import TLSConnection, HandshakeSettings
    port = int(sys.argv[1])
    def connect(version):
      settings = HandshakeSettings()
      settings.minVersion = settings.maxVersion = version
      raw = socket.create_connection(("127.0.0.1", port))
      raw.settimeout(20)
      stream = TLSConnection(raw)
      stream.handshakeClientCert(settings=settings, serverName="localhost", alpn=[b"http/1.1"])
      stream.raw = raw
      return stream
    def answer(stream, data=b""):
      while b"\\r\\n\\r\\n" not in data: data += stream.recv(4096)
      head, data = data.split(b"\\r\\n\\r\\n", 1)
      length = next(int(l.split(b":")[1]) for l in head.split(b"\\r\\n") if l.startswith(b"Content-Length"))
      while len(data) < length: data += stream.recv(4096)
      return head.split()[1].decode(), data[:length], data[length:]
    get = b"GET /.well-known/jwks.json HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"
    login = {"username": "ada", "password": "wrong", "device": "x" * 30000}
    for version, name in [((3, 3), "TLS 1.2"), ((3, 4), "TLS 1.3")]:
      stream = connect(version)
      for byte in get: stream.send(bytes([byte]))
      status, keys, rest = answer(stream)
      assert status == "200" and json.loads(keys)["keys"] and not rest
      if version == (3, 4):
        for _ in stream.send_keyupdate_request(1): pass
        assert select.select([stream.raw], [], [], 20)[0], "the key update isn't answered"
      stream.send(get * 50)
      for _ in range(50):
        status, body, rest = answer(stream, rest)
        assert status == "200" and body == keys
      body = json.dumps(login).encode()
      chunks = b"".join(b"%x\\r\\n%s\\r\\n" % (len(body[i:i+997]), body[i:i+997]) for i in range(0, len(body), 997))
      stream.send(b"POST /v1/login HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
        b"Transfer-Encoding: chunked\\r\\n\\r\\n" + chunks + b"0\\r\\n\\r\\n")
      status, _, rest = answer(stream, rest)
      assert status in ("400", "401"), status
      stream.send(get)
      stream.closeSocket = False
      for _ in stream._sendMsg(__import__("tlslite.messages").messages.Alert().create(0, 1)): pass
      status, body, rest = answer(stream, rest)
      assert status == "200" and body == keys
      print(name, "done")
    """

  @Test(.needsOpenSSL) func aRenewedCertificateIsTakenUp() async throws {
    let folder = try Folder()
    let first = try await TestCertificate.make(folder, "first")
    let second = try await TestCertificate.make(folder, "second")
    let inUse = TestCertificate(certificate: folder.path + "/use.pem", key: folder.path + "/use.key")
    try copy(first, to: inUse)
    try await withServer(inUse.settings) { server in
      let port = try server.securePort
      #expect(try await shownName(port, folder) == "first")
      // A key that doesn't fit changes nothing; nor does what is no certificate.
      try copy(TestCertificate(certificate: first.certificate, key: second.key), to: inUse)
      try await eventually("the log tells") { server.log.contains("isn't the key of") }
      try Data("nonsense".utf8).write(to: URL(fileURLWithPath: inUse.certificate))
      try await eventually("the log tells") { server.log.contains("is no usable certificate") }
      #expect(try await shownName(port, folder) == "first")
      // A pipe, whose opening waits for a writer, stops nothing.
      unlink(inUse.certificate)
      #expect(mkfifo(inUse.certificate, 0o600) == 0)
      try await eventually("the log tells") { server.log.contains("is no regular file") }
      try copy(second, to: inUse)
      try await eventually("the new one is shown") { try await shownName(port, folder) == "second" }
      try copy(first, to: inUse)
      await server.child.signal(SIGHUP)
      try await eventually("the first one is shown again") { try await shownName(port, folder) == "first" }
    }
  }

  @Test(.needsOpenSSL) func aCertificateOutOfItsTimeDoesNotReplaceAGoodOne() async throws {
    let folder = try Folder()
    let good = try await TestCertificate.make(folder, "good")
    let old = TestCertificate(certificate: folder.path + "/old.pem", key: good.key)
    let expired = try await Finished.run(
      "openssl", ["x509", "-in", good.certificate, "-signkey", good.key, "-days", "-1", "-out", old.certificate],
      folder: folder)
    #expect(expired.status == 0)
    let inUse = TestCertificate(certificate: folder.path + "/use.pem", key: folder.path + "/use.key")
    try copy(good, to: inUse)
    try await withServer(inUse.settings) { server in
      try copy(old, to: inUse)
      try await eventually("the log tells") { server.log.contains("the old one stays in force") }
      #expect(server.log.contains("expired on"))
      #expect(try await shownName(try server.securePort, folder) == "good")
    }
  }

  @Test(.needsPython) func reloadingDropsNoConnection() async throws {
    let folder = try Folder()
    let pair = try await TestCertificate.make(folder)
    try await withServer(pair.settings) { server in
      let output = try await server.python(Self.keeping, ["\(try server.securePort)", "\(server.child.pid)"])
      #expect(output == "kept\n")
    }
  }

  private static let keeping = """
    import os, signal, socket, ssl, sys, time
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    streams = [context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1])))) for _ in range(20)]
    for round in range(20):
      os.kill(int(sys.argv[2]), signal.SIGHUP)
      for stream in streams:
        stream.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
        assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    print("kept")
    """

  @Test(.needsOpenSSL) func filesThatMakeNoServerAreNamed() async throws {
    let folder = try Folder()
    let (one, other) = (try await TestCertificate.make(folder, "one"), try await TestCertificate.make(folder, "other"))
    let locked = folder.path + "/locked.key"
    let encrypted = try await Finished.run(
      "openssl", ["pkey", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", locked], folder: folder)
    #expect(encrypted.status == 0)
    let pipe = folder.path + "/pipe.pem"
    #expect(mkfifo(pipe, 0o600) == 0)
    let cases = [
      (folder.path + "/missing.pem", one.key, "can't be read"), (one.key, one.key, "is no usable certificate"),
      (one.certificate, one.certificate, "is no usable private key"), (one.certificate, other.key, "isn't the key of"),
      (one.certificate, locked, "is encrypted by a passphrase"), (pipe, one.key, "is no regular file"),
      (one.certificate, "/dev/zero", "is no regular file"),
    ]
    for (certificate, key, complaint) in cases {
      let settings = TestCertificate(certificate: certificate, key: key).settings + ["admin.listen=off"]
      let ended = try await Finished.run(
        Programs.signet,
        ["serve", "--data", folder.path + "/data"] + settings.flatMap { ["--set", $0] }, folder: folder)
      #expect(ended.status == 1 && ended.errors.contains(complaint), "\(ended)")
      let checked = try await Finished.run(
        Programs.signet, ["config", "check"] + settings.flatMap { ["--set", $0] }, folder: folder)
      #expect(checked.status == 1 && checked.errors == ended.errors, "\(checked)")
      #expect(ended.errors.split(separator: "\n").count == 1)
    }
  }

  private func withTLS(_ body: (LiveServer) async throws -> Void) async throws {
    let folder = try Folder()
    let pair = try await TestCertificate.make(folder)
    try await withServer(pair.settings, body)
  }

  private func copy(_ from: TestCertificate, to: TestCertificate) throws {
    for (source, target) in [(from.certificate, to.certificate), (from.key, to.key)] {
      try Data(contentsOf: URL(fileURLWithPath: source)).write(to: URL(fileURLWithPath: target), options: .atomic)
    }
  }

  /// The common name of the certificate that a new connection is shown.
  private func shownName(_ port: Int, _ folder: Folder) async throws -> String? {
    let shown = try await Finished.run(
      "openssl", ["s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost"], folder: folder)
    let line = shown.output.split(separator: "\n").first { $0.hasPrefix("subject=") }
    return line?.split(separator: "=").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
