// Certificates of the tests, made by openssl, and its client.

import Glibc
import OpenSSL
import Testing

/// A folder of certificates and keys, removed with its last user.
final class TestCertificates: Sendable {
  let folder: String

  init() throws {
    var template = Array("/tmp/signet-tls-XXXXXX".utf8CString)
    folder = String(cString: try #require(mkdtemp(&template)))
  }

  deinit { system("rm -r '\(folder)'") }

  /// Makes `name.pem` and `name.key`, signed by itself or by the pair of another name.
  func make(_ name: String, by authority: String? = nil) {
    let signer = authority.map { "-CA \($0).pem -CAkey \($0).key" } ?? ""
    let (_, succeeded) = run(
      "cd '\(folder)' && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        + "-subj /CN=\(name) \(signer) -keyout \(name).key -out \(name).pem")
    #expect(succeeded)
  }

  /// The path of a certificate.
  func path(_ name: String) -> String { "\(folder)/\(name).pem" }

  /// A TLS server's context by the pair `server`, which is made if it is missing.
  func context(_ clients: TLSCredentials.ClientCertificates = .none) throws -> TLSContext {
    if access(path("server"), F_OK) != 0 { make("server") }
    return try TLSContext(
      TLSCredentials(certificate: path("server"), key: "\(folder)/server.key", clientCertificates: clients))
  }

  /// SHA-256 over a certificate's DER form, in lower case, as openssl computes it.
  func thumbprint(_ name: String) -> String {
    let (output, _) = run("openssl x509 -in '\(path(name))' -noout -fingerprint -sha256")
    return (output.split(separator: "=").last ?? "").filter(\.isHexDigit).lowercased()
  }

  /// What openssl's client reads when it sends one request with these options.
  func ask(_ port: UInt16, _ options: String, path: String = "/", version: String = "1.1") -> String {
    run(
      "cd '\(folder)' && printf 'GET \(path) HTTP/\(version)\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n' | "
        + "openssl s_client -quiet -ign_eof -connect 127.0.0.1:\(port) \(options)"
    ).output
  }

  private func run(_ command: String) -> (output: String, succeeded: Bool) {
    guard let pipe = popen(command + " 2>/dev/null", "r") else { return ("", false) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
    return (String(decoding: bytes, as: UTF8.self), pclose(pipe) == 0)
  }
}
