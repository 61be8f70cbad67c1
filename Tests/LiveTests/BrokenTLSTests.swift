// TLS over sockets that give and take little pieces: handshakes and records arrive in parts, are interrupted, or seem
// not to be there; what comes out is the same byte for byte.

import Foundation
import Testing

@Suite struct BrokenTLSTests {
  @Test(.needsPlainServer, .needsPython, .needsOpenSSL, arguments: BrokenSystem.seeds)
  func theSameInSmallPieces(_ seed: UInt64) async throws {
    let rates = "short=40 eintr=15 eagain=30"
    let system = try BrokenSystem("TLS in small pieces", seed: seed)
    let folder = try Folder()
    let certificate = try await TestCertificate.make(folder)
    try await withServer(certificate.settings, environment: system.environment) { server in
      let body = try folder.write(try await server.get("/openapi.json").text, to: "expected")
      try system.breaks(rates)
      let output = try await server.python(Self.client, ["\(try server.securePort)", body])
      #expect(output == "240\n")
      #expect(system.happened(rates))
      try system.mend()
      try await eventually("no connection is left") { try await server.metric("signet_http_connections") == 1 }
    }
  }

  /// Eight clients at once, each version of the protocol, keep-alive and pipelined; prints how many answers were right.
  private static let client = """
    import http.client, socket, ssl, sys
    from concurrent.futures import ThreadPoolExecutor
    port, expected = int(sys.argv[1]), open(sys.argv[2], "rb").read()
    request = b"GET /openapi.json HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"

    def run(index):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        version = ssl.TLSVersion.TLSv1_2 if index % 2 else ssl.TLSVersion.TLSv1_3
        context.minimum_version = context.maximum_version = version
        right = 0
        for _ in range(3):
            with context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
                connection.sendall(request * 10)
                stream = connection.makefile("rb")
                for _ in range(10):
                    status = stream.readline()
                    fields = http.client.parse_headers(stream)
                    body = stream.read(int(fields["Content-Length"]))
                    right += status.startswith(b"HTTP/1.1 200 ") and body == expected
        return right

    with ThreadPoolExecutor() as pool: print(sum(pool.map(run, range(8))))
    """
}
