// The BIO between OpenSSL and a socket: reads within a budget, and never raises a signal.

import COpenSSL
import Glibc

/// The socket's side of a TLS connection.
struct TLSWire {
  let descriptor: Int32
  /// Bytes which may still be read for the present event.
  var budget = TLSWire.budget

  /// Two full records: enough that a large request isn't slowed, too little to keep a thread with.
  static let budget = 32 << 10

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
  while wire.pointee.budget > 0 {
    let count = recv(wire.pointee.descriptor, buffer, min(size, wire.pointee.budget), 0)
    if count > 0 {
      wire.pointee.budget -= count
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
