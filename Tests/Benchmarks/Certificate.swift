// The certificate of the cases under TLS, made by openssl: the same for Signet and for nginx beside it.

import Foundation

/// A P-256 certificate for localhost, signed by itself, in PEM files.
struct Certificate {
  let certificate: String
  let key: String

  /// Makes one in `folder`.
  init(in folder: TemporaryFolder) throws {
    certificate = folder.path + "/certificate.pem"
    key = folder.path + "/certificate.key"
    guard Command.exists("openssl") else { throw Failure("openssl is missing; run `make setup`") }
    _ = try Command.output([
      "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
      "-batch",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
    ])
  }

  /// A server's settings with a plain listener and one that speaks TLS.
  var settings: [String: String] {
    [
      "SIGNET_LISTEN": "http://127.0.0.1:0,https://127.0.0.1:0", "SIGNET_TLS_CERTIFICATE": certificate,
      "SIGNET_TLS_KEY": key,
    ]
  }
}
