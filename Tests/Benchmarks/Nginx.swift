// nginx serving one static file, with as many processes as there are cores: what Signet is held against.

import Foundation

/// A running nginx, ended with its owner.
final class Nginx {
  /// The URL of its file.
  let url: String
  let port: UInt16
  private let folder: TemporaryFolder
  private let process = Process()

  /// Serves `bytes` bytes, under TLS when there is a certificate; nil when nginx isn't installed.
  init?(bytes: Int, certificate: Certificate? = nil, processes: Int) async throws {
    guard Command.exists("nginx") else { return nil }
    folder = try TemporaryFolder()
    // As root its workers are somebody else, who must be able to read the file.
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
    _ = try folder.write(String(repeating: "k", count: bytes), to: "jwks.json")
    port = try Self.freePort()
    url = "\(certificate == nil ? "http" : "https")://127.0.0.1:\(port)/jwks.json"
    let file = try folder.write(
      Self.configuration(folder.path, port, certificate, processes: processes), to: "nginx.conf")
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["nginx", "-p", folder.path, "-c", file, "-e", folder.path + "/error.log"]
    process.environment = Command.clean
    try process.run()
    for _ in 0..<500 where !Self.answers(port) { try await Task.sleep(for: .milliseconds(10)) }
  }

  deinit { stop() }

  func stop() {
    guard process.isRunning else { return }
    process.terminate()
    process.waitUntilExit()
  }

  private static func configuration(
    _ folder: String, _ port: UInt16, _ certificate: Certificate?, processes: Int
  ) -> String {
    // The suites that Signet offers, so that both do the same work; its other defaults are the same.
    let tls = certificate.map {
      """
      ssl_certificate \($0.certificate); ssl_certificate_key \($0.key); ssl_protocols TLSv1.2 TLSv1.3;
      ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384;
      ssl_prefer_server_ciphers on;
      """
    }
    // For so small a file a plain write is faster than sendfile. By reuseport connections are spread over its processes,
    // as Signet spreads them over its loops; else one of them may get all, and how many do is chance.
    return """
      worker_processes \(processes); daemon off; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
      events { worker_connections 1024; multi_accept on; }
      http {
        access_log off; sendfile off; tcp_nodelay on; open_file_cache max=100; keepalive_requests 100000000;
        client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
        uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e; \(tls ?? "")
        server { listen 127.0.0.1:\(port) reuseport\(tls == nil ? "" : " ssl"); root \(folder); }
      }
      """
  }

  /// Whether somebody listens on the port.
  private static func answers(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return withUnsafeBytes(of: &address) { raw in
      connect(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count)) == 0
    }
  }

  private static func freePort() throws -> UInt16 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) != 0 || getsockname(descriptor, $0, &size) != 0
      }
    }
    guard !failed else { throw Failure("no port is free") }
    return UInt16(bigEndian: address.sin_port)
  }
}
