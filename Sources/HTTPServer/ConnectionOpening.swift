// A connection's beginning: room for it, the PROXY header where its listener asks for one, the TLS handshake.
//
// All of it under one deadline, and handshakes in progress are bounded: each costs much memory and, once its client
// has sent its part, a signature. Where the bound is met, the one which has waited longest for its client gives way.

import OpenSSL
import Reactor

extension HTTPConnection {
  /// Begins with what comes before the first request, if anything does.
  func begin(hasRoom: Bool, on loop: isolated EventLoop) {
    let options = routes.options
    let isOpen = !options.expectsProxyHeader && !options.speaksTLS
    guard hasRoom else {
      worker.refused("connections", peer)
      // Before its handshake a client couldn't read why.
      return isOpen ? turnAway(on: loop) : close(on: loop)
    }
    if isOpen { return opened(on: loop) }
    if options.expectsProxyHeader, !options.proxies.contain(peer) {
      // Whoever isn't trusted could name any address.
      worker.refused("untrusted_proxy", peer)
      return close(on: loop)
    }
    armed = .handshake
    setDeadline(worker.limits.handshakeTime, on: loop)
    if options.expectsProxyHeader {
      exchange = worker.exchange(for: self)
    } else {
      secure(on: loop)
    }
  }

  /// Goes on with the opening, now that the socket is ready.
  func open(on loop: isolated EventLoop) {
    if let exchange { readProxyHeader(exchange, on: loop) } else { shakeHands(on: loop) }
  }

  /// Reads exactly the header's bytes: those behind it may be TLS's.
  private func readProxyHeader(_ exchange: Exchange, on loop: isolated EventLoop) {
    while phase == .opening {
      let header = UnsafeRawBufferPointer(exchange.input.bytes)
      switch ProxyHeader.parse(header) {
      case .complete(_, let source):
        isAnonymous = source == nil && !ProxyHeader.isProxysOwn(header)
        return takeProxyHeader(source, exchange, on: loop)
      case .invalid:
        worker.refused("proxy_header", peer)
        return close(on: loop)
      case .incomplete(let length):
        let wanted = length - header.count
        let room = UnsafeMutableRawBufferPointer(rebasing: exchange.input.free(wanted)[..<wanted])
        switch transport.readSocket(into: room) {
        case .bytes(let count): exchange.input.commit(count)
        case .waits: return
        case .ended, .failed: return close(on: loop)
        }
      }
    }
  }

  private func takeProxyHeader(_ source: PeerAddress?, _ exchange: Exchange, on loop: isolated EventLoop) {
    // Without a source it is the proxy's own connection, such as a health check.
    if let source { peer = source }
    worker.giveBack(exchange)
    self.exchange = nil
    if routes.options.speaksTLS { secure(on: loop) } else { opened(on: loop) }
  }

  private func secure(on loop: isolated EventLoop) {
    guard let context = worker.tls, worker.makeRoomForHandshake(on: loop), transport.secure(by: context) else {
      worker.refused("handshakes", peer)
      return close(on: loop)
    }
    worker.handshakes.add(self, at: loop.now)
    transport.beginEvent()
    shakeHands(on: loop)
  }

  private func shakeHands(on loop: isolated EventLoop) {
    guard let tls = transport.tls else { return }
    switch tls.handshake() {
    case .bytes:
      worker.handshakes.remove(self)
      worker.count(handshake: tls)
      opened(on: loop)
    case .waitsToRead: watch?.want(.read, on: loop)
    case .waitsToWrite: watch?.want(.write, on: loop)
    case .ended: close(on: loop)
    case .failed(let reason):
      worker.handshakes.remove(self)
      worker.count(failedHandshake: reason, peer)
      broken(on: loop)
    }
  }

  /// Ready for requests.
  private func opened(on loop: isolated EventLoop) {
    let isProxy = !routes.options.proxies.networks.isEmpty && routes.options.proxies.contain(peer)
    isFromProxy = isProxy && !isAnonymous
    // A proxy is one address for all its clients.
    guard isProxy || worker.server.admit(peer) else {
      worker.refused("connections_per_address", peer)
      return turnAway(on: loop)
    }
    isCounted = !isProxy
    phase = .reading
    watch?.want(.read, on: loop)
    becomeIdle(on: loop)
    if transport.hasBuffered { receive(on: loop) }
  }

  /// Tells a connection for which there is no room why, as far as its socket takes the answer at once, and closes.
  func turnAway(on loop: isolated EventLoop) {
    let exchange = worker.exchange(for: self)
    self.exchange = exchange
    refuse(.tooManyConnections, exchange, on: loop)
    // Read before closing: unread bytes would make the kernel take the answer back.
    _ = transport.readSocket(into: worker.scratch)
    _ = transport.write(from: UnsafeRawBufferPointer(exchange.output.bytes))
    close(on: loop)
  }
}
