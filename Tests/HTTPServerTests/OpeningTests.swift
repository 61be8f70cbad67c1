// What comes before a connection's first request: a PROXY header, a TLS handshake; whom to believe, and the bounds.

import Glibc
import HTTPServer
import OpenSSL
import Reactor
import Testing

private func server(
  _ limits: Limits = Limits(), _ options: ListenerOptions = ListenerOptions(), tls: TLSContext? = nil
) throws -> TestServer {
  try TestServer(limits: limits, options: options, tls: tls) { _ in
    [
      Route(
        .get, "/", name: "root",
        .immediate { exchange in
          exchange.respond(
            200, contentType: "text/plain", body: "\(exchange.address) \(exchange.isSecure ? "secure" : "plain")")
        })
    ]
  }
}

private let request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

private func trusting(_ networks: [String], proxyHeader: Bool = false) -> ListenerOptions {
  var options = ListenerOptions()
  options.proxies = TrustedProxies(networks: networks.compactMap { Network($0) })
  options.expectsProxyHeader = proxyHeader
  return options
}

/// A PROXY header of version 2 for a TCP connection over IPv4 from 203.0.113.7, port 4711.
private let proxyHeader: [UInt8] =
  Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x21, 0x11, 0, 12, 203, 0, 113, 7, 127, 0, 0, 1, 0x12, 0x67, 0x1f, 0x90]

@Suite(.serialized) struct OpeningTests {
  @Test func onlyATrustedProxyIsBelieved() throws {
    let fields = "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n"
    let forwarded = "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
    for (networks, expected) in [(["127.0.0.1"], "203.0.113.7 secure"), (["10.0.0.0/8"], "127.0.0.1 plain")] {
      let server = try server(Limits(), trusting(networks))
      defer { server.stop() }
      let client = server.client()
      client.send(forwarded + request)
      #expect(client.answer()?.body == expected)
      // The next request of the connection says nothing, so the proxy itself is meant.
      #expect(client.answer()?.body == "127.0.0.1 plain")
    }
  }

  @Test func fieldsThatContradictEachOtherAreNotBelieved() throws {
    let server = try server(Limits(), trusting(["127.0.0.1"]))
    defer { server.stop() }
    let client = server.client()
    client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\nForwarded: for=192.0.2.1\r\n\r\n")
    #expect(client.answer()?.body == "127.0.0.1 plain")
    #expect(server.metric(#"signet_http_bounds_reached_total{bound="forwarding_conflict"} 1"#))
  }

  @Test func aProxyHeaderNamesTheClient() throws {
    let server = try server(Limits(), trusting(["127.0.0.1"], proxyHeader: true))
    defer { server.stop() }
    let whole = server.client()
    whole.send(proxyHeader + Array(request.utf8))
    #expect(whole.answer()?.body == "203.0.113.7 plain")
    let cut = server.client()
    for byte in proxyHeader { cut.send([byte]) }
    cut.send(request + request)
    #expect(cut.answer()?.body == "203.0.113.7 plain")
    #expect(cut.answer()?.body == "203.0.113.7 plain")
    let local = server.client()
    local.send(Array("\r\n\r\n\0\r\nQUIT\n".utf8) + [0x20, 0, 0, 0] + Array(request.utf8))
    #expect(local.answer()?.body == "127.0.0.1 plain")
  }

  @Test func whoStaysUnnamedInAProxyHeaderIsNotBelieved() throws {
    let server = try server(Limits(), trusting(["127.0.0.1"], proxyHeader: true))
    defer { server.stop() }
    let fields = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-Proto: https\r\n\r\n"
    let signature = Array("\r\n\r\n\0\r\nQUIT\n".utf8)
    // PROXY for a client of no known family: it may have written the fields itself. LOCAL: the proxy speaks for itself.
    for (command, expected) in [(UInt8(0x21), "127.0.0.1 plain"), (0x20, "198.51.100.1 secure")] {
      let client = server.client()
      client.send(signature + [command, 0, 0, 0] + Array(fields.utf8))
      #expect(client.answer()?.body == expected)
    }
  }

  @Test func withoutItsProxyHeaderAConnectionIsClosed() throws {
    let server = try server(Limits(), trusting(["127.0.0.1"], proxyHeader: true))
    defer { server.stop() }
    let client = server.client()
    client.send(request)
    #expect(client.isEnded())
    #expect(server.metric(#"signet_http_connections_refused_total{bound="proxy_header"} 1"#))
  }

  @Test func aStrangersProxyHeaderIsNotRead() throws {
    let server = try server(Limits(), trusting(["10.0.0.0/8"], proxyHeader: true))
    defer { server.stop() }
    let client = server.client()
    client.send(proxyHeader + Array(request.utf8))
    #expect(client.isEnded())
    #expect(server.metric(#"signet_http_connections_refused_total{bound="untrusted_proxy"} 1"#))
  }

  @Test func theBoundOfAnAddressCountsClientsAndNotTheirProxy() throws {
    var limits = Limits()
    limits.connectionsPerAddress = 1
    let plain = try server(limits, trusting(["127.0.0.1"]))
    defer { plain.stop() }
    let clients = (0..<3).map { _ in plain.client() }
    for client in clients {
      client.send(request)
      #expect(client.answer()?.status == 200)
    }
    let named = try server(limits, trusting(["127.0.0.1"], proxyHeader: true))
    defer { named.stop() }
    let first = named.client()
    first.send(proxyHeader + Array(request.utf8))
    #expect(first.answer()?.status == 200)
    let second = named.client()
    second.send(proxyHeader + Array(request.utf8))
    #expect(second.answer()?.body == "too_many_connections")
    first.reset()
    #expect(named.metric("signet_http_connections 0"))
    let third = named.client()
    third.send(proxyHeader + Array(request.utf8))
    #expect(third.answer()?.status == 200)
  }

  @Test func whoNeverFinishesTheOpeningIsLetGo() throws {
    var limits = Limits()
    limits.handshakeTime = 100
    for (options, bytes) in [(tlsOptions, [UInt8]([0x16, 3, 1])), (trusting(["127.0.0.1"], proxyHeader: true), [13])] {
      let server = try server(limits, options, tls: try context())
      defer { server.stop() }
      let client = server.client()
      client.send(bytes)
      #expect(client.isEnded())
      #expect(server.metric(#"signet_http_timeouts_total{kind="handshake"} 1"#))
    }
  }

  @Test func theHandshakeThatWaitsLongestGivesWay() throws {
    var limits = Limits()
    limits.handshakes = 2
    limits.handshakePatience = 0
    let server = try TestServer(loops: 1, limits: limits, options: tlsOptions, tls: try context()) { _ in [] }
    defer { server.stop() }
    let clients = (0..<3).map { _ in server.client() }
    #expect(clients[0].isEnded())
    #expect(server.metric(#"signet_http_bounds_reached_total{bound="handshakes"} 1"#))
    #expect(server.metric("signet_http_connections 2"))
  }

  @Test func aYoungHandshakeDoesNotGiveWay() throws {
    var limits = Limits()
    limits.handshakes = 2
    limits.handshakePatience = 60_000
    let server = try TestServer(loops: 1, limits: limits, options: tlsOptions, tls: try context()) { _ in [] }
    defer { server.stop() }
    let clients = (0..<3).map { _ in server.client() }
    #expect(clients[2].isEnded())
    #expect(server.metric(#"signet_http_connections_refused_total{bound="handshakes"} 1"#))
    #expect(server.metric("signet_http_connections 2"))
  }

  @Test func plainBytesOnATLSListenerAreRefused() throws {
    let server = try server(Limits(), tlsOptions, tls: try context())
    defer { server.stop() }
    let client = server.client()
    client.send(request)
    // An alert and no word of HTTP: 0x15, protocol 3.x (RFC 8446 5.1).
    var alert = [UInt8](repeating: 0, count: 7)
    #expect(recv(client.descriptor, &alert, 7, Int32(MSG_WAITALL)) <= 7)
    #expect(client.isEnded())
    #expect(server.metric(#"signet_tls_handshake_failures_total{reason="http request"} 1"#))
  }

  private var tlsOptions: ListenerOptions {
    var options = ListenerOptions()
    options.speaksTLS = true
    return options
  }

  private func context() throws -> TLSContext { try TestCertificates().context() }
}
