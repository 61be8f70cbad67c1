// A TLS server's immutable side: versions, suites, certificate and key, read once from their files.
//
// TLS 1.2 and 1.3 with AEAD suites and ephemeral keys alone, so there is nothing left to downgrade to (RFC 9325).
// Sessions are resumed by tickets, which cost the server no memory; their keys are random and as old as the context,
// so whoever replaces it now and then (a new certificate, half a day) bounds what a stolen key opens. OpenSSL's own
// locks protect a finished SSL_CTX, so loops on many threads share one.

import COpenSSL
import Glibc

/// What all connections of a TLS server have in common.
///
/// `@unchecked Sendable`: never changed after init, and OpenSSL counts references to an SSL_CTX atomically.
package final class TLSContext: @unchecked Sendable {
  let pointer: OpaquePointer
  /// What it was made from.
  package let credentials: TLSCredentials
  /// When the certificate begins and ends to hold, in seconds since 1970.
  package let validity: ClosedRange<Int>

  /// A few certificates of 4096-bit RSA; OpenSSL would take 100 KiB from any stranger.
  private static let chainLimit = 32 << 10
  /// Bytes of a file: all authorities that a browser knows fit in a tenth of it.
  private static let fileLimit = 4 << 20
  /// Seconds for which a session may be resumed.
  private static let sessionLife = 7200
  /// TLS 1.2's: ECDHE for forward secrecy, AEAD for the record layer (RFC 9325 4.2).
  private static let ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    + "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
  /// The order of TLS 1.2's; all of them AEAD.
  private static let suites = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"
  /// The hybrid first where OpenSSL has it (3.5 and later), since what is recorded today may be broken later.
  private static let groups = ["X25519MLKEM768:X25519:P-256:P-384", "X25519:P-256:P-384"]

  /// Reads the files.
  package init(_ credentials: TLSCredentials) throws(TLSError) {
    guard let context = SSL_CTX_new(TLS_server_method()) else { throw .failed(OpenSSLError("SSL_CTX_new")) }
    self.credentials = credentials
    do {
      try Self.prepare(context)
      try Self.loadCertificate(credentials, into: context)
      try Self.ask(credentials.clientCertificates, context)
    } catch {
      SSL_CTX_free(context)
      throw error
    }
    pointer = context
    validity = Self.validity(SSL_CTX_get0_certificate(context))
  }

  deinit { SSL_CTX_free(pointer) }

  private static func prepare(_ context: OpaquePointer) throws(TLSError) {
    guard signet_tls_prepare(context, ciphers, chainLimit) == 1, SSL_CTX_set_ciphersuites(context, suites) == 1,
      groups.contains(where: { signet_tls_groups(context, $0) == 1 })
    else { throw .failed(OpenSSLError("SSL_CTX_set_cipher_list")) }
    ERR_clear_error()
    SSL_CTX_set_timeout(context, sessionLife)
    SSL_CTX_set_alpn_select_cb(context, selectProtocol, nil)
    SSL_CTX_set_msg_callback(context, countKeyUpdate)
    // Without a context of its own, OpenSSL resumes no session in which a client certificate was asked for.
    let name: StaticString = "signet"
    guard SSL_CTX_set_session_id_context(context, name.utf8Start, UInt32(name.utf8CodeUnitCount)) == 1 else {
      throw .failed(OpenSSLError("SSL_CTX_set_session_id_context"))
    }
  }

  private static func loadCertificate(
    _ credentials: TLSCredentials, into context: OpaquePointer
  ) throws(TLSError) {
    let (certificate, key) = (credentials.certificate, credentials.key)
    try checkReadable(certificate)
    try checkReadable(key)
    ERR_clear_error()
    // Without an answer of ours OpenSSL would ask the terminal for a passphrase, also a certificate's.
    SSL_CTX_set_default_passwd_cb(context) { _, _, _, _ in -1 }
    guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1 else {
      throw .badCertificate(path: certificate, reason: OpenSSLError("").reason)
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 else { throw keyError(certificate, key) }
    guard SSL_CTX_check_private_key(context) == 1 else { throw .mismatch(certificate: certificate, key: key) }
  }

  /// Why a key was refused; empties OpenSSL's queue of errors.
  private static func keyError(_ certificate: String, _ key: String) -> TLSError {
    var reason: String?
    var wantsPassphrase = false
    var isMismatch = false
    while case let code = ERR_get_error(), code != 0 {
      reason = ERR_reason_error_string(code).map { String(cString: $0) } ?? reason
      let number = signet_error_reason(code)
      wantsPassphrase = wantsPassphrase || number == PEM_R_BAD_PASSWORD_READ || number == PEM_R_BAD_DECRYPT
      isMismatch = isMismatch || number == X509_R_KEY_VALUES_MISMATCH || number == X509_R_KEY_TYPE_MISMATCH
    }
    if wantsPassphrase { return .encryptedKey(path: key) }
    if isMismatch { return .mismatch(certificate: certificate, key: key) }
    return .badKey(path: key, reason: reason ?? "no reason given")
  }

  private static func checkReadable(_ path: String) throws(TLSError) {
    // Opening a pipe waits for a writer, and reading a device may never end: whoever reloads would hang.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path: path, reason: "it is no regular file")
    }
    guard status.st_size <= fileLimit else {
      throw .unreadable(path: path, reason: "it has more than \(fileLimit >> 20) MiB")
    }
  }

  private static func validity(_ certificate: OpaquePointer?) -> ClosedRange<Int> {
    let last = seconds(X509_get0_notAfter(certificate))
    // One that ends before it begins holds at no time; what counts is when it ended.
    return min(seconds(X509_get0_notBefore(certificate)), last)...last
  }

  private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int {
    var parts = tm()
    guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return 0 }
    return timegm(&parts)
  }
}

// What clients are asked for.
extension TLSContext {
  private static func ask(
    _ wanted: TLSCredentials.ClientCertificates, _ context: OpaquePointer
  ) throws(TLSError) {
    switch wanted {
    case .none: break
    case .verified(let authorities):
      try trust(authorities, context)
      // Told which authorities count, a browser offers only certificates that can succeed.
      SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(authorities))
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
    case .any(let authorities):
      if let authorities { try trust(authorities, context) }
      // Going on after a failure: the result of the verification is asked for later.
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER) { _, _ in 1 }
    }
    ERR_clear_error()
  }

  private static func trust(_ path: String, _ context: OpaquePointer) throws(TLSError) {
    try checkReadable(path)
    ERR_clear_error()
    guard SSL_CTX_load_verify_file(context, path) == 1 else {
      throw .badAuthorities(path: path, reason: OpenSSLError("").reason)
    }
  }

  /// Whether a verification by this context can mean anything.
  var hasAuthorities: Bool {
    switch credentials.clientCertificates {
    case .none, .any(nil): false
    case .verified, .any: true
    }
  }
}

/// RFC 7301 3.2: the client's protocols are offered, one of ours is chosen; none in common ends the handshake, so that no
/// client speaks HTTP/2 to a server which doesn't.
private func selectProtocol(
  _: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ chosenLength: UnsafeMutablePointer<UInt8>?,
  _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
  let known: [StaticString] = ["http/1.1", "http/1.0"]
  guard let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
  for name in known {
    var position = 0
    while position < Int(offeredLength) {
      let length = Int(offered[position])
      guard position + 1 + length <= Int(offeredLength) else { break }
      if length == name.utf8CodeUnitCount, memcmp(offered + position + 1, name.utf8Start, length) == 0 {
        chosen?.pointee = offered + position + 1
        chosenLength?.pointee = UInt8(truncatingIfNeeded: length)
        return SSL_TLSEXT_ERR_OK
      }
      position += 1 + length
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}
