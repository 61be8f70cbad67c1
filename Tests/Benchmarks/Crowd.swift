// Thousands of connections held open by one Python process, beside which the server is measured.
//
// Python, because its standard library speaks TLS as a client and is in every setup; one process of one thread, because
// what these clients do is next to nothing. It says when all are open, and holds them until its input ends.

import Foundation

/// Clients that hold connections.
final class Crowd {
  enum Kind: String {
    /// One request each, answered; then nothing.
    case idle
    /// A head, one byte a second.
    case head
    /// A whole head, then a body, one byte a second.
    case body
    /// Answers larger than all buffers, read one byte a second.
    case reading
  }

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let folder: TemporaryFolder

  /// Opens the connections and waits until they are.
  init(_ kind: Kind, _ count: Int, port: UInt16, secure: Bool = false) throws {
    folder = try TemporaryFolder()
    let script = try folder.write(Self.script, to: "crowd.py")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script, kind.rawValue, String(count), String(port), secure ? "tls" : "plain"]
    process.environment = Command.clean
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    guard try readLine() == "open" else { throw Failure("\(count) connections can't be held; see the message above") }
  }

  deinit { _ = try? end() }

  /// Closes all.
  /// - Returns: how often one was opened anew, because the server had closed it.
  @discardableResult
  func end() throws -> Int {
    guard process.isRunning else { return 0 }
    try input.fileHandleForWriting.close()
    let reopened = try readLine()
    process.waitUntilExit()
    return Int(reopened) ?? 0
  }

  private func readLine() throws -> String {
    var line: [UInt8] = []
    while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != 10 { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  /// Each connection is opened and begun blocking, then moved once a second without. One that the server has closed is
  /// opened anew, so that there are always as many.
  private static let script = #"""
    import resource, select, socket, ssl, sys, time
    kind, count, port, secure = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "tls"
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most < count + 50: sys.exit(f"the limit of open files is {most}; {count} connections need more")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    get = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    large = b"GET /openapi.json HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    post = b"POST /v1/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
    first = {"idle": get, "head": get[:28], "body": post, "reading": large * 3}[kind]
    def open_one():
      raw = socket.socket()
      if kind == "reading": raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
      raw.settimeout(30)
      raw.connect(("127.0.0.1", port))
      stream = context.wrap_socket(raw, do_handshake_on_connect=True) if secure else raw
      if kind != "reading": stream.sendall(first)
      if kind == "idle" and not stream.recv(4096).startswith(b"HTTP/1.1 200"): sys.exit("an answer isn't 200")
      stream.setblocking(False)
      if kind == "reading":
        try: stream.send(first)
        except (BlockingIOError, ssl.SSLWantWriteError): pass
      return stream
    def step(stream):
      try:
        if kind == "reading": return stream.recv(1) != b""
        stream.send(b"a")
        return stream.recv(4096) != b""
      except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError): return True
      except OSError: return False
    streams = [open_one() for _ in range(count)]
    print("open", flush=True)
    reopened, at = 0, time.monotonic()
    while True:
      at += 1
      for index in range(count if kind != "idle" else 0):
        if not step(streams[index]):
          streams[index].close()
          try: streams[index] = open_one()
          except OSError: pass
          reopened += 1
        if index % 100 == 0: time.sleep(max(0, (at - 1 + index / count) - time.monotonic()))
      if select.select([sys.stdin], [], [], max(0, at - time.monotonic()))[0]: break
    print(reopened, flush=True)
    """#
}
