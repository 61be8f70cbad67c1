// One connection's TLS: bytes of a socket in, bytes of the application out.
//
// It reads from and writes to its non-blocking socket through a BIO of our own, for one reason: OpenSSL reads on for as
// long as there are records which carry no data for us, and a peer that sends nothing but key updates as fast as it
// can would keep a thread for itself. The BIO stops after a budget, and the event loop comes back to the socket in its
// turn. Confined to the loop of its connection.

import COpenSSL
import Glibc

/// What became of a step of TLS.
package enum TLSStep: Equatable, Sendable {
  case bytes(Int)
  /// Nothing more until the socket can be read, or written.
  case waitsToRead
  case waitsToWrite
  /// The peer has said that it will send nothing more.
  case ended
  /// The connection is of no more use; why, in OpenSSL's words, when the peer broke TLS's rules.
  case failed(reason: String?)
}

/// The server's end of a TLS connection over a socket, which somebody else closes.
package final class TLSStream {
  private let ssl: OpaquePointer
  private let hasAuthorities: Bool
  /// Read by the BIO through a pointer, so it has an address for its life.
  private let wire: UnsafeMutablePointer<TLSWire>
  private var hasFailed = false

  /// Begins as a server on a connected non-blocking socket; nil when memory has run out.
  package init?(_ context: TLSContext, descriptor: Int32) {
    guard let ssl = SSL_new(context.pointer) else { return nil }
    guard let bio = BIO_new(TLSWire.method.pointer) else {
      SSL_free(ssl)
      return nil
    }
    self.ssl = ssl
    hasAuthorities = context.hasAuthorities
    wire = .allocate(capacity: 1)
    wire.initialize(to: TLSWire(descriptor: descriptor))
    BIO_set_data(bio, wire)
    BIO_set_init(bio, 1)
    // Both directions share the one, which SSL_free frees.
    SSL_set_bio(ssl, bio, bio)
    SSL_set_accept_state(ssl)
  }

  deinit {
    SSL_free(ssl)
    wire.deallocate()
  }

  /// Goes on with the handshake; `.bytes(0)` when it is complete.
  package func handshake() -> TLSStep {
    refill()
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    return result == 1 ? .bytes(0) : step(result)
  }

  /// Allows the socket to be read once more for what comes next. Call it once for each event.
  package func refill() { wire.pointee.budget = TLSWire.budget }

  /// Reads what is there, at most what fits `buffer`.
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSStep {
    ERR_clear_error()
    let count = SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count))
    if count > 0 { return .bytes(Int(count)) }
    let step = step(count)
    return step == .waitsToRead ? answerKeyUpdate() : step
  }

  /// Answers a key update that asks for one (RFC 8446 4.6.3). OpenSSL would wait for the next data to be written, and the
  /// peer may wait for the answer.
  private func answerKeyUpdate() -> TLSStep {
    guard SSL_get_key_update_type(ssl) != SSL_KEY_UPDATE_NONE,
      SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED) == 1
    else {
      // Where a record waits to be written, the answer goes with the next one.
      ERR_clear_error()
      return .waitsToRead
    }
    let result = SSL_do_handshake(ssl)
    return result == 1 ? .waitsToRead : step(result)
  }

  /// Writes what the socket takes. After `.waitsToWrite`, the next call must begin with the same bytes.
  package func write(from bytes: UnsafeRawBufferPointer) -> TLSStep {
    ERR_clear_error()
    let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
    return count > 0 ? .bytes(Int(count)) : step(count)
  }

  /// Whether bytes are here already which the kernel won't report again.
  package var hasBuffered: Bool { SSL_has_pending(ssl) == 1 }

  /// Whether it failed since the peer had changed its keys again and again (RFC 8446 4.6.3), which costs it nothing.
  package var hasTooManyKeyUpdates: Bool { hasFailed && wire.pointee.isOverrun }

  /// Says that nothing more will be written (RFC 8446 6.1); what the socket doesn't take at once is left unsaid.
  package func endWriting() {
    // After a failure OpenSSL forbids it.
    guard !hasFailed, SSL_is_init_finished(ssl) == 1 else { return }
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// Whether the connection resumed an earlier session.
  package var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// `TLSv1.2` or `TLSv1.3`.
  package var version: String { String(cString: SSL_get_version(ssl)) }

  /// The client's certificate, when it showed one that an authority of ours has signed (RFC 8705 2.1).
  package var verifiedCertificate: VerifiedCertificate? {
    guard hasAuthorities, SSL_get_verify_result(ssl) == Int(X509_V_OK) else { return nil }
    return certificate().map { VerifiedCertificate(der: $0) }
  }

  /// The client's certificate, whoever signed it: it proves the possession of a key and nothing else (RFC 8705 2.2).
  package var presentedCertificate: PresentedCertificate? {
    certificate().map { PresentedCertificate(der: $0) }
  }

  private func certificate() -> [UInt8]? {
    guard let certificate = SSL_get0_peer_certificate(ssl) else { return nil }
    return try? encodeDER("i2d_X509") { i2d_X509(certificate, $0) }
  }

  private func step(_ result: Int32) -> TLSStep {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .waitsToRead
    case SSL_ERROR_WANT_WRITE: return .waitsToWrite
    case SSL_ERROR_ZERO_RETURN: return .ended
    case SSL_ERROR_SSL:
      hasFailed = true
      return .failed(reason: OpenSSLError("").reason)
    default:
      hasFailed = true
      ERR_clear_error()
      return .failed(reason: nil)
    }
  }
}
