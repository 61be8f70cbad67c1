// The BIO between OpenSSL and a socket: reads within a budget, in small pieces, and never raises a signal.
//
// What is in OpenSSL's hands is worked off whatever it costs, and a key update costs a thousand times what its 27 bytes
// cost to send. So OpenSSL gets little at a time, and nothing more once a peer has changed its keys without need.

import COpenSSL
import Glibc

/// The socket's side of a TLS connection.
struct TLSWire {
  let descriptor: Int32
  /// Bytes which may still be read for the present event.
  var budget = TLSWire.budget

  private var received = 0
  private var keyUpdates = 0

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Two full records: enough that a large request isn't slowed, too little to keep a thread with.
  static let budget = 32 << 10
  /// Bytes read at once: most requests whole, and no more than 150 key updates.
  static let piece = 4 << 10
  /// Key updates taken without a question; beyond, one for each 64 KiB, where a key is good for 2^24 records (RFC 8446 5.5).
  static let freeKeyUpdates = 32

  /// Whether the peer has changed its keys more often than there is reason to.
  var isOverrun: Bool { keyUpdates > Self.freeKeyUpdates + received >> 16 }

  mutating func take(_ count: Int) {
    budget -= count
    received += count
  }

  mutating func takeKeyUpdate() { keyUpdates += 1 }

  /// The BIO's functions.
  static let method = TLSWireMethod()
}

/// The table of functions which makes a BIO ours.
///
/// `@unchecked Sendable`: filled before anybody else sees it, never changed, never freed.
struct TLSWireMethod: @unchecked Sendable {
  let pointer: OpaquePointer

  init() {
    guard let method = BIO_meth_new(BIO_get_new_index() | Int32(BIO_TYPE_SOURCE_SINK), "socket within a budget") else {
      preconditionFailure("no memory for a table of four functions")
    }
    BIO_meth_set_read_ex(method, receive)
    BIO_meth_set_write_ex(method, transmit)
    BIO_meth_set_ctrl(method, control)
    pointer = method
  }
}

private func wire(_ bio: OpaquePointer?) -> UnsafeMutablePointer<TLSWire>? {
  BIO_get_data(bio)?.assumingMemoryBound(to: TLSWire.self)
}

private func receive(
  _ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int, _ received: UnsafeMutablePointer<Int>?
) -> Int32 {
  BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
  guard let wire = wire(bio) else { return 0 }
  // Without a word of trying again, which ends the connection.
  guard !wire.pointee.isOverrun else { return 0 }
  while wire.pointee.budget > 0 {
    let count = recv(wire.pointee.descriptor, buffer, min(size, wire.pointee.budget, TLSWire.piece), 0)
    if count > 0 {
      wire.pointee.take(count)
      received?.pointee = count
      return 1
    }
    if count == 0 {
      // The end of the stream, of which OpenSSL asks by a control call.
      BIO_set_flags(bio, BIO_FLAGS_IN_EOF)
      return 0
    }
    if errno == EAGAIN { break }
    if errno != EINTR { return 0 }
  }
  BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY)
  return 0
}

private func transmit(
  _ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ size: Int, _ sent: UnsafeMutablePointer<Int>?
) -> Int32 {
  BIO_clear_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY)
  guard let wire = wire(bio) else { return 0 }
  while true {
    let count = send(wire.pointee.descriptor, bytes, size, Int32(MSG_NOSIGNAL))
    if count >= 0 {
      sent?.pointee = count
      return 1
    }
    if errno == EINTR { continue }
    if errno == EAGAIN { BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY) }
    return 0
  }
}

private func control(_ bio: OpaquePointer?, _ call: Int32, _: Int, _: UnsafeMutableRawPointer?) -> Int {
  switch call {
  case BIO_CTRL_EOF: BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0
  // Nothing is held back, so a flush has nothing to do.
  case BIO_CTRL_FLUSH: 1
  default: 0
  }
}

/// Sees every message of TLS, and counts the peer's key updates (RFC 8446 4.6.3).
func countKeyUpdate(
  _ isSent: Int32, _: Int32, _ contentType: Int32, _ message: UnsafeRawPointer?, _ size: Int, _ ssl: OpaquePointer?,
  _: UnsafeMutableRawPointer?
) {
  guard isSent == 0, contentType == SSL3_RT_HANDSHAKE, size > 0, let message,
    message.load(as: UInt8.self) == UInt8(SSL3_MT_KEY_UPDATE)
  else { return }
  wire(SSL_get_rbio(ssl))?.pointee.takeKeyUpdate()
}
