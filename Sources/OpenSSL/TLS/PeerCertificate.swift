// A client's certificate in two types, so that what nobody has vouched for is never taken for what somebody has.

import COpenSSL

/// A client's certificate that an authority of ours has signed.
package struct VerifiedCertificate: Sendable, Equatable {
  /// Its DER form.
  package let der: [UInt8]

  init(der: [UInt8]) { self.der = der }

  /// SHA-256 over its DER form, 32 bytes: `x5t#S256` (RFC 8705 3.1).
  package var thumbprint: [UInt8] { Digest.sha256(der) }
}

/// A client's certificate of which nothing is known but that the client holds its key.
package struct PresentedCertificate: Sendable, Equatable {
  /// Its DER form.
  package let der: [UInt8]

  /// For a certificate that a trusted proxy has seen; the bytes need not be one.
  package init(der: [UInt8]) { self.der = der }

  /// SHA-256 over its DER form, 32 bytes: `x5t#S256` (RFC 8705 3.1).
  package var thumbprint: [UInt8] { Digest.sha256(der) }
}

/// What a certificate says, as far as clients are known by it; for one thread.
package final class CertificateContent {
  /// The kinds of names in `subjectAltName` that a client may be known by (RFC 8705 2.1.2).
  package enum Name: Sendable {
    case dns, uri, ip, email

    var type: Int32 {
      switch self {
      case .dns: GEN_DNS
      case .uri: GEN_URI
      case .ip: GEN_IPADD
      case .email: GEN_EMAIL
      }
    }
  }

  private let pointer: OpaquePointer

  /// Nil when the bytes aren't one certificate.
  package init?(der: [UInt8]) {
    let read = try? decodeDER(der, "d2i_X509", free: X509_free) { d2i_X509(nil, $0, $1) }
    ERR_clear_error()
    guard let read else { return nil }
    pointer = read
  }

  deinit { X509_free(pointer) }

  /// The subject's distinguished name as RFC 4514 writes it, in UTF-8; nil when it can't be written.
  package var subject: String? {
    guard let memory = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(memory) }
    guard X509_NAME_print_ex(memory, X509_get_subject_name(pointer), 0, signetNameForm) >= 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(BIO_ctrl_pending(memory)))
    let count = BIO_read(memory, &bytes, Int32(bytes.count))
    guard bytes.isEmpty || Int(count) == bytes.count else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Whether `subjectAltName` has that very name: the bytes, for DNS in either case; no wildcard stands for anything.
  package func has(_ name: Name, _ value: [UInt8]) -> Bool {
    let found = value.withUnsafeBufferPointer {
      signet_certificate_has_name(pointer, name.type, $0.baseAddress, $0.count)
    }
    ERR_clear_error()
    return found == 1
  }

  /// An IP address's bytes, as a certificate has them; nil when the text is none.
  package static func address(_ text: String) -> [UInt8]? {
    guard let address = a2i_IPADDRESS(text) else {
      ERR_clear_error()
      return nil
    }
    defer { ASN1_OCTET_STRING_free(address) }
    return Array(UnsafeBufferPointer(start: ASN1_STRING_get0_data(address), count: Int(ASN1_STRING_length(address))))
  }

  /// Whether it is for that key.
  package func has(_ key: PublicKey) -> Bool {
    guard let own = X509_get0_pubkey(pointer) else {
      ERR_clear_error()
      return false
    }
    let isSame = EVP_PKEY_eq(own, key.pointer) == 1
    ERR_clear_error()
    return isSame
  }
}
