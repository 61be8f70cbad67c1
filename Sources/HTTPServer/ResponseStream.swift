// An answer without a length, written piece by piece for as long as its client stays.
//
// A deferred endpoint begins it, writes while there is room, pauses, and returns at its end; so what it serves needs no
// callback. It is its connection's last answer: what the client sends after the request is ignored, and an end of its
// side is taken for its leaving, since otherwise only the next writes would show that. Confined to its loop.

import Glibc
import Reactor

/// An answer that goes on.
package final class ResponseStream {
  /// Whether it is chunked (RFC 9112 7.1); else the connection's end is its own (HTTP/1.0).
  private let isChunked: Bool
  private let exchange: Exchange
  /// Nil once it is over.
  private var connection: HTTPConnection?
  private var waiter: CheckedContinuation<Void, Never>?
  private var isWoken = false
  /// Whether somebody still wants it: false when the client has left or reads too slowly, or the server stops.
  package private(set) var isOpen = true

  init(_ exchange: Exchange, _ connection: HTTPConnection?, isChunked: Bool) {
    self.exchange = exchange
    self.connection = connection
    self.isChunked = isChunked
    if connection?.hasEnded != false || exchange.worker.isDraining { isOpen = false }
    connection?.expectAcknowledgements()
  }

  /// Whether more may be written now. Whoever writes without asking is cut off at `Limits.streamOutput`.
  package var hasRoom: Bool { isOpen && exchange.output.count < exchange.worker.limits.streamRoom }

  /// Whether nothing has been written for `Limits.streamQuiet`: the endpoint should.
  package private(set) var isQuiet = false

  /// Writes a piece, which leaves at the end of the loop's tick.
  package func write(_ piece: UnsafeRawBufferPointer) {
    guard isOpen, !piece.isEmpty, let connection else { return }
    isQuiet = false
    let output = exchange.output
    guard output.count + piece.count <= exchange.worker.limits.streamOutput else {
      exchange.worker.reached("stream_output")
      return close()
    }
    if isChunked {
      output.append(String(piece.count, radix: 16))
      output.append("\r\n")
    }
    output.append(piece)
    if isChunked { output.append("\r\n") }
    exchange.sent(exchange.bodySent + piece.count)
    connection.queueOutput()
  }

  /// Writes a piece.
  package func write(_ piece: [UInt8]) { piece.withUnsafeBytes { write($0) } }

  /// Waits until what was written has left, nothing has been written for long, the stream is no longer open, or `wake` was
  /// called; it may also return without a reason.
  package func pause() async {
    if isWoken || !isOpen {
      isWoken = false
      return
    }
    await withCheckedContinuation { waiter = $0 }
  }

  /// Ends the endpoint's pause, or its next one.
  package func wake() {
    guard let waiter else {
      isWoken = true
      return
    }
    self.waiter = nil
    waiter.resume()
  }

  /// Asks the endpoint for a piece.
  func ask() {
    isQuiet = true
    wake()
  }

  /// Nobody wants more of it; the endpoint is to return.
  func close() {
    isOpen = false
    wake()
  }

  /// The endpoint has returned.
  func finish() {
    isOpen = false
    if isChunked, connection != nil { exchange.output.append("0\r\n\r\n") }
    connection = nil
  }
}

extension Exchange {
  /// Begins an answer without a length, for a deferred endpoint, which returns when it ends; nil when there is nothing to
  /// write: the request's method is HEAD, or it has been answered.
  package func stream(_ status: Int, contentType: StaticString) -> ResponseStream? {
    guard begin(answer: status) else { return nil }
    mustClose = true
    output.append(statusLine(status))
    output.append("Content-Type: ")
    output.append(contentType)
    output.append("\r\nX-Content-Type-Options: nosniff\r\n")
    let isChunked = parser.minor > 0
    if isChunked { output.append("Transfer-Encoding: chunked\r\n") }
    endHead()
    guard method != .head else { return nil }
    let connection = worker.connection(of: self)
    connection?.queueOutput()
    let stream = ResponseStream(self, connection, isChunked: isChunked)
    self.stream = stream
    return stream
  }

  /// Ends the answer if it was begun without a length.
  func endStream() {
    stream?.finish()
    stream = nil
  }
}

extension HTTPConnection {
  /// Has the kernel give the connection up when what was written isn't acknowledged in the time that a write may take: a
  /// machine that lost its power says nothing, and a socket's buffer takes hours of heartbeats.
  func expectAcknowledgements() {
    var milliseconds = UInt32(clamping: worker.limits.writeTime)
    // A Unix socket knows no such option, and needs none.
    setsockopt(
      transport.descriptor, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<UInt32>.size))
  }

  /// Throws away what comes while a stream goes on, up to a bound, and notices when its client leaves; whether there was
  /// something.
  func ignore(on loop: isolated EventLoop) -> Bool {
    switch transport.read(into: worker.scratch) {
    case .bytes(let count):
      lingered += count
      if lingered <= worker.limits.lingerBytes { return true }
      close(on: loop)
    // TLS must say something before it can read on.
    case .waits(.write): watch?.want(.write, on: loop)
    case .waits: break
    case .ended, .failed: close(on: loop)
    }
    return false
  }
}
