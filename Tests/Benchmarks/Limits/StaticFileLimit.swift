// nginx serving a static file of the JWK Set's size, with as many processes as there are cores.

import Foundation

extension Machine {
  /// Nil when nginx isn't installed.
  func staticFile(bytes: Int) async throws -> Figure.Limit? {
    guard Command.exists("nginx") else { return nil }
    return try await once("nginx, a file of \(bytes) bytes/s") {
      let folder = try TemporaryFolder()
      // As root its workers are somebody else, who must be able to read the file.
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path)
      _ = try folder.write(String(repeating: "k", count: bytes), to: "jwks.json")
      let port = try Self.freePort()
      let file = try folder.write(configuration(folder.path, port), to: "nginx.conf")
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments = ["nginx", "-p", folder.path, "-c", file, "-e", folder.path + "/error.log"]
      process.environment = Command.clean
      try process.run()
      defer {
        process.terminate()
        process.waitUntilExit()
      }
      try await Task.sleep(for: .milliseconds(300))
      return try Wrk.run("http://127.0.0.1:\(port)/jwks.json", seconds: 5).rate
    }
  }

  private func configuration(_ folder: String, _ port: UInt16) -> String {
    // For so small a file a plain write is faster than sendfile.
    """
    worker_processes \(cores); daemon off; pid \(folder)/nginx.pid; error_log \(folder)/error.log;
    events { worker_connections 1024; multi_accept on; }
    http {
      access_log off; sendfile off; tcp_nodelay on; open_file_cache max=100; keepalive_requests 100000000;
      client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
      uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e;
      server { listen 127.0.0.1:\(port); root \(folder); }
    }
    """
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
