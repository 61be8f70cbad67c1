// TLS clients that cost much and ask for nothing: records that say nothing, one after the other or byte by byte.

import Testing

@Suite struct TLSFloodTests {
  @Test(.needsPython) func whoChangesItsKeysAgainAndAgainIsLetGo() async throws {
    try await withTLS([]) { server in
      let output = try await server.python(Self.keyUpdates, ["\(try server.securePort)"])
      #expect(output == "taken\nlet go\n")
      let metrics = try await server.metrics()
      #expect(metrics.contains(#"signet_http_bounds_reached_total{bound="key_updates"} 1"#))
    }
  }

  /// A few key updates with requests between them, then many more than there is reason to.
  private static let keyUpdates = """
    import socket, sys
    from tlslite.api import TLSConnection, HandshakeSettings
    raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    raw.settimeout(20)
    stream = TLSConnection(raw)
    settings = HandshakeSettings()
    settings.minVersion = (3, 4)
    stream.handshakeClientCert(settings=settings, serverName="localhost")
    for _ in range(20):
      for _ in stream.send_keyupdate_request(1): pass
      stream.send(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
      assert stream.recv(4096).startswith(b"HTTP/1.1 200")
    print("taken")
    try:
      for _ in range(1000):
        for _ in stream.send_keyupdate_request(0): pass
      while stream.recv(4096): pass
    except Exception: pass
    print("let go")
    """

  @Test(.needsPython) func aRecordThatComesByteByByteDoesNotPutOffTheDeadline() async throws {
    try await withTLS(["limits.idle_timeout=1s"]) { server in
      let output = try await server.python(Self.trickle, ["\(try server.securePort)"])
      #expect(output == "let go\n")
      let metrics = try await server.metrics()
      #expect(metrics.contains(#"signet_http_timeouts_total{kind="idle"} 1"#))
    }
  }

  /// A record's head, which promises 16 KiB, and then a byte every tenth of a second.
  private static let trickle = """
    import os, socket, ssl, sys, time
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
    raw = socket.socket(fileno=os.dup(stream.fileno()))
    raw.settimeout(0.1)
    raw.sendall(bytes([23, 3, 3, 64, 0]))
    end = time.monotonic() + 15
    while time.monotonic() < end:
      try:
        raw.sendall(b"x")
        if not raw.recv(4096): break
      except TimeoutError: continue
      except OSError: break
    else: sys.exit("held")
    print("let go")
    """

  private func withTLS(_ settings: [String], _ body: (LiveServer) async throws -> Void) async throws {
    let folder = try Folder()
    let pair = try await TestCertificate.make(folder)
    try await withServer(pair.settings + settings, body)
  }
}
