// The samples config/haproxy.cfg and config/nginx.conf, made to run in a test: other addresses, other paths.
//
// Each text that is replaced must stand in the sample exactly once, so a sample that changed fails a test instead of
// running half replaced.

import Foundation

/// What to write in a text's place.
struct Change: Sendable {
  let from: String, to: String

  init(_ from: String, _ to: String) {
    self.from = from
    self.to = to
  }
}

/// A proxy's command, its configuration written to a folder.
struct ProxySample {
  let program: String
  let arguments: [String]
  /// The file of its request log; nil when that is its standard output.
  let requests: String?

  init(_ kind: Proxy.Kind, port: Int, server: Int, _ changes: [Change], folder: Folder) throws {
    let name = UUID().uuidString
    let own = folder.path + "/" + name
    let log = Change("/var/log/nginx/signet.log", own + ".log")
    let listen = Change("listen 80;", "listen 127.0.0.1:\(port);")
    let filled = changes.map { Change($0.from, $0.to.replacing("{port}", with: "\(port)")) }
    switch kind {
    case .haproxy:
      let bind = Change("bind :80\n", "bind 127.0.0.1:\(port)\n")
      // Two of its threads that log to one descriptor at the same moment would lose a line.
      let thread = Change("format raw daemon\n", "format raw daemon\n    nbthread 1\n")
      let file = try folder.write(try Self.read("haproxy.cfg", filled + [bind, thread], server), to: name + ".cfg")
      program = Programs.haproxy ?? "haproxy"
      // Without -dR two of them could listen on one port.
      arguments = ["-db", "-dR", "-f", file]
      requests = nil
    case .nginx, .nginxUnbuffered:
      let unbuffered = Change("#proxy_request_buffering off;", "proxy_request_buffering off;")
      let more = kind == .nginx ? [] : [unbuffered]
      let site = try folder.write(
        try Self.read("nginx.conf", filled + [listen, log] + more, server), to: name + ".site")
      let file = try folder.write(Self.around(site, own), to: name + ".conf")
      program = Programs.nginx ?? "nginx"
      arguments = ["-p", folder.path, "-e", "stderr", "-c", file]
      requests = own + ".log"
    }
  }

  private static func read(_ name: String, _ changes: [Change], _ server: Int) throws -> String {
    var text = try String(contentsOfFile: Programs.packageRoot + "/config/" + name, encoding: .utf8)
    for change in changes {
      guard text.ranges(of: change.from).count == 1 else {
        throw HarnessError("config/\(name) must hold this once: \(change.from)")
      }
      text = text.replacing(change.from, with: change.to)
    }
    return text.replacing("127.0.0.1:8080", with: "127.0.0.1:\(server)")
  }

  /// What Debian's nginx.conf has around its conf.d, with every path in the test's folder.
  static func around(_ site: String, _ own: String) -> String {
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    return """
      daemon off;
      master_process off;
      pid \(own).pid;
      error_log stderr;
      events { worker_connections 1024; }
      http {
        \(kinds.map { "\($0)_temp_path \(own).\($0);" }.joined(separator: "\n  "))
        include \(site);
      }
      """
  }
}

extension Programs {
  static let haproxy = installed("haproxy")
  static let nginx = installed("nginx")

  /// Servers aren't on every user's PATH.
  private static func installed(_ name: String) -> String? {
    let folders = (environment("PATH") ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
