// What a TLS server shows of itself and asks of its clients, as the operator names it: paths of PEM files.

/// The files of a TLS server, and what it asks of clients.
package struct TLSCredentials: Sendable, Equatable {
  /// Whether clients are asked for a certificate; none of them has to show one.
  package enum ClientCertificates: Sendable, Equatable {
    /// They aren't asked.
    case none
    /// One that an authority in the file of that path has signed; any other ends the handshake.
    case verified(authorities: String)
    /// Any: those of an authority in that file are verified, others merely presented, such as self-signed ones
    /// (RFC 8705 2.2).
    case any(authorities: String?)
  }

  /// The certificate, followed by those between it and the root.
  package let certificate: String
  /// Its private key, not encrypted.
  package let key: String
  /// What clients are asked for.
  package let clientCertificates: ClientCertificates

  /// Names the files; nothing is read.
  package init(certificate: String, key: String, clientCertificates: ClientCertificates = .none) {
    self.certificate = certificate
    self.key = key
    self.clientCertificates = clientCertificates
  }

  /// Every file it names.
  package var files: [String] {
    switch clientCertificates {
    case .none, .any(nil): [certificate, key]
    case .verified(let authorities), .any(let authorities?): [certificate, key, authorities]
    }
  }
}

/// Why the files make no TLS server.
package enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
  case unreadable(path: String, reason: String)
  case badCertificate(path: String, reason: String)
  case badKey(path: String, reason: String)
  case encryptedKey(path: String)
  case mismatch(certificate: String, key: String)
  case badAuthorities(path: String, reason: String)
  case failed(OpenSSLError)

  /// What, why and the mend, in one line.
  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) can't be read: \(reason)"
    case .badCertificate(let path, let reason):
      "\(path) is no usable certificate (\(reason)); give the PEM file of the certificate, followed by its chain"
    case .badKey(let path, let reason): "\(path) is no usable private key (\(reason)); give it in PEM form"
    case .encryptedKey(let path):
      "\(path) is encrypted by a passphrase; store it decrypted (openssl pkey -in … -out …) with mode 0600"
    case .mismatch(let certificate, let key):
      "\(key) isn't the key of \(certificate); give the pair that was made together"
    case .badAuthorities(let path, let reason):
      "\(path) holds no usable certificate authority (\(reason)); give their certificates in one PEM file"
    case .failed(let error): "TLS can't be set up: \(error)"
    }
  }
}
