// Certificates of the tests, made by openssl.

import Foundation

/// A certificate with its key, in PEM files.
struct TestCertificate: Sendable {
  let certificate: String
  let key: String

  /// The settings of a server with two listeners, plain first, then TLS.
  var settings: [String] {
    ["listen=http://127.0.0.1:0,https://127.0.0.1:0", "tls.certificate=\(certificate)", "tls.key=\(key)"]
  }

  /// A certificate for localhost, signed by itself or by an authority.
  static func make(
    _ folder: Folder, _ name: String = "server", authority: TestCertificate? = nil,
    options: [String] = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
  ) async throws -> TestCertificate {
    let made = TestCertificate(
      certificate: "\(folder.path)/\(name).pem", key: "\(folder.path)/\(name).key")
    var arguments = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    arguments += ["-days", "2", "-subj", "/CN=\(name)", "-keyout", made.key, "-out", made.certificate] + options
    if let authority { arguments += ["-CA", authority.certificate, "-CAkey", authority.key] }
    let finished = try await Finished.run("openssl", arguments, folder: folder)
    guard finished.status == 0 else { throw HarnessError("openssl req: \(finished)") }
    return made
  }
}

extension LiveServer {
  /// The port of the listener that speaks TLS.
  var securePort: Int {
    get throws {
      let line = child.standardOutput.split(separator: "\n").first { $0.hasPrefix("listening on https://") }
      guard let port = line?.split(separator: ":").last.flatMap({ Int($0) }) else {
        throw HarnessError("no listener speaks TLS")
      }
      return port
    }
  }
}
