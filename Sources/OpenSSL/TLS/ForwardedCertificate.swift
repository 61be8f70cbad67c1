// A client's certificate that a proxy has seen, as the proxy hands it on.

import COpenSSL

extension PresentedCertificate {
  /// A certificate's DER form; nil when it is none, or more follows.
  package init?(forwarded der: [UInt8]) {
    guard let certificate = try? decodeDER(der, "d2i_X509", free: X509_free, { d2i_X509(nil, $0, $1) }) else {
      return nil
    }
    X509_free(certificate)
    self.init(der: der)
  }
}
