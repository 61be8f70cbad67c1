// One GET over plain HTTP or a Unix socket, for `signet health` and `signet token verify --jwks`: a few lines rather than
// a library, since it talks to a Signet on this machine or network. An https:// URL is refused, never fetched without its
// checks.

import Glibc

/// Fetches one document.
enum HTTPClient {
  /// An answer.
  struct Answer {
    let status: Int
    let body: [UInt8]
  }

  /// Bytes of an answer, and seconds for each step, at most.
  private static let limit = 1 << 20
  private static let patience = 5

  /// Gets `http://host[:port]/path`.
  static func get(_ url: String) throws -> Answer {
    guard url.hasPrefix("http://") else {
      throw CommandFailure.usage("\(url) isn't an http:// URL; fetch it by another program and give the file")
    }
    let rest = url.dropFirst(7)
    let authority = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(authority.count)
    let (host, port) = split(String(authority))
    return try get(path.isEmpty ? "/" : String(path), host: String(authority), try connect(host, port, url), url)
  }

  /// Gets `path` of the server at `base`: `http://host[:port]` or `unix:/path`.
  static func get(_ path: String, at base: String) throws -> Answer {
    guard base.hasPrefix("unix:") else { return try get(base + path) }
    return try get(path, host: "localhost", try connect(unix: String(base.dropFirst(5))), base)
  }

  /// Asks over a connected socket, and closes it.
  private static func get(_ path: String, host: String, _ socket: Int32, _ url: String) throws -> Answer {
    defer { close(socket) }
    let request = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n".utf8)
    guard send(socket, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else { throw failure(url) }
    return try answer(read(from: socket), url)
  }

  private static func split(_ authority: String) -> (host: String, port: String) {
    guard let colon = authority.lastIndex(of: ":"), authority.last != "]" else { return (bare(authority), "80") }
    return (bare(String(authority[..<colon])), String(authority[authority.index(after: colon)...]))
  }

  private static func bare(_ host: String) -> String {
    host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
  }

  private static func connect(_ host: String, _ port: String, _ url: String) throws -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, port, &hints, &list) == 0, let first = list else {
      throw CommandFailure.failed("the host of \(url) isn't known")
    }
    defer { freeaddrinfo(list) }
    var next: UnsafeMutablePointer<addrinfo>? = first
    while let address = next?.pointee {
      let descriptor = makeSocket(address.ai_family, address.ai_protocol)
      if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return descriptor }
      close(descriptor)
      next = address.ai_next
    }
    throw failure(url)
  }

  private static func connect(unix path: String) throws -> Int32 {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let descriptor = makeSocket(AF_UNIX, 0)
    let result = withUnsafeBytes(of: name) { raw in
      raw.baseAddress.map {
        Glibc.connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
      }
    }
    if result == 0 { return descriptor }
    close(descriptor)
    throw failure("unix:\(path)")
  }

  private static func makeSocket(_ family: Int32, _ kind: Int32) -> Int32 {
    let descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), kind)
    var timeout = timeval(tv_sec: patience, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    return descriptor
  }

  private static func read(from socket: Int32) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 16_384)
    while bytes.count <= limit {
      let count = recv(socket, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// A response of which the connection's end is the end.
  private static func answer(_ bytes: [UInt8], _ url: String) throws -> Answer {
    let text = String(decoding: bytes.prefix(16), as: UTF8.self).split(separator: " ")
    guard text.count >= 2, text[0].hasPrefix("HTTP/1."), let status = Int(text[1]) else { throw failure(url) }
    let end: [UInt8] = [13, 10, 13, 10]
    guard let head = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { throw failure(url) }
    return Answer(status: status, body: Array(bytes[(head + 4)...]))
  }

  private static func failure(_ url: String) -> CommandFailure {
    .failed("\(url) doesn't answer; is the server running?")
  }
}
