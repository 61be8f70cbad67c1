// The files of config/examples, made to run in a test: other addresses, other paths, nothing else. What must be replaced must
// stand there, so an example that changed fails a test instead of running half replaced.

import Foundation

/// A gateway's command, its files written to a folder.
struct GatewayExample {
  private(set) var program = ""
  private(set) var arguments: [String] = []

  /// - Parameter changes: what to replace besides, where the example has it.
  init(
    _ kind: Gateway.Kind, port: Int, server: LiveServer, backend: Int, _ changes: [Change], folder: Folder
  ) async throws {
    func write(_ name: String, _ own: [Change]) throws -> String {
      let all = own + changes.filter { _ in name != "traefik.yaml" }
      return try folder.write(try Self.read(name, all, server, backend), to: name)
    }
    switch kind {
    case .nginx:
      let site = try write("nginx-verify.conf", [Change("listen 80;", "listen 127.0.0.1:\(port);")])
      let file = try folder.write(ProxySample.around(site, folder.path + "/nginx"), to: "nginx.conf")
      program = try Programs.needed("nginx")
      arguments = ["-p", folder.path, "-e", "stderr", "-c", file]
    case .haproxy:
      try await Self.renewKeys(server, folder)
      let paths = Change("/etc/haproxy/signet/", folder.path + "/keys/")
      let file = try write("haproxy-jwt.cfg", [Change("bind :80\n", "bind 127.0.0.1:\(port)\n"), paths])
      program = try Programs.needed("haproxy")
      // With a master process, which reloads. Without -dR two of them could listen on one port.
      arguments = ["-W", "-db", "-dR", "-f", file]
    case .envoy:
      let file = try write("envoy-jwt.yaml", Self.envoy(port, server.port, backend))
      program = try Programs.needed("envoy")
      arguments = ["--disable-hot-restart", "--concurrency", "1", "--log-level", "warn", "-c", file]
    case .apache:
      let site = try write("apache-oauth2.conf", [Change("<VirtualHost *:80>", "<VirtualHost *:\(port)>")])
      let file = try folder.write(Self.around(apache: site, port, folder), to: "apache.conf")
      program = try Programs.needed("apache2")
      // -X: one process.
      arguments = ["-X", "-d", folder.path, "-f", file]
    case .caddy:
      let site = Change("\n:80 {", "\n{\n\tadmin off\n}\n:\(port) {\n\tbind 127.0.0.1")
      program = try Programs.needed("caddy")
      arguments = ["run", "--adapter", "caddyfile", "--config", try write("Caddyfile", [site])]
    case .traefik:
      let dynamic = try write("traefik-signet.yaml", [])
      let own = Change("\":80\"\n", "\"127.0.0.1:\(port)\"\n")
      program = try Programs.needed("traefik")
      arguments = [
        "--configFile=" + (try write("traefik.yaml", [own, Change("/etc/traefik/traefik-signet.yaml", dynamic)]))
      ]
    }
  }

  /// Runs the script that writes HAProxy's keys.
  static func renewKeys(_ server: LiveServer, _ folder: Folder, _ command: [String] = []) async throws {
    let script = Programs.packageRoot + "/config/examples/haproxy-keys.py"
    let arguments = [script, server.issuer + "/.well-known/jwks.json", folder.path + "/keys"] + command
    let finished = try await Finished.run(try Programs.needed("python3"), arguments, folder: folder)
    guard finished.status == 0 else { throw HarnessError("haproxy-keys.py: \(finished)") }
  }

  /// An example with the addresses of a test.
  static func read(_ name: String, _ changes: [Change], _ server: LiveServer, _ backend: Int) throws -> String {
    var text = try String(contentsOfFile: Programs.packageRoot + "/config/examples/" + name, encoding: .utf8)
    for change in changes {
      guard text.contains(change.from) else { throw HarnessError("config/examples/\(name) must hold: \(change.from)") }
      text = text.replacing(change.from, with: change.to)
    }
    return text.replacing("127.0.0.1:8080", with: "127.0.0.1:\(server.port)")
      .replacing("127.0.0.1:3000", with: "127.0.0.1:\(backend)")
      .replacing("https://login.example.com", with: server.issuer)
  }

  private static func envoy(_ port: Int, _ server: Int, _ backend: Int) -> [Change] {
    [
      Change("address: 0.0.0.0, port_value: 80 ", "address: 127.0.0.1, port_value: \(port) "),
      Change("port_value: 8080 ", "port_value: \(server) "), Change("port_value: 3000 ", "port_value: \(backend) "),
    ]
  }

  /// What Debian's apache2.conf has around its sites-enabled, with the modules that the example names.
  private static func around(apache site: String, _ port: Int, _ folder: Folder) -> String {
    let modules = [
      "mpm_event", "authn_core", "authz_core", "headers", "proxy", "proxy_http", "rewrite", "setenvif", "oauth2",
    ]
    return """
      \(modules.map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }.joined(separator: "\n"))
      Listen 127.0.0.1:\(port)
      ServerName localhost
      PidFile \(folder.path)/apache.pid
      DefaultRuntimeDir \(folder.path)
      ErrorLog /dev/stderr
      User www-data
      Group www-data
      Include \(site)
      """
  }
}

extension Programs {
  /// A program which the tests can't do without: where it is missing they fail, not skip. Servers aren't on every user's
  /// PATH, PostgreSQL's on nobody's, and some came with the tests' Python.
  static func needed(_ name: String) throws -> String {
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
    let own = python.map { [URL(fileURLWithPath: $0).deletingLastPathComponent().path] } ?? []
    let folders =
      own + (environment("PATH") ?? "").split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"]
      + versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
    guard let path = folders.map({ "\($0)/\(name)" }).first(where: { FileManager.default.isExecutableFile(atPath: $0) })
    else { throw HarnessError("\(name) is missing: make setup, and SIGNET_PYTHON=.venv/bin/python") }
    return path
  }
}
