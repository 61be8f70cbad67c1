// Who the client is, by the fields that proxies set: RFC 7239's examples, what clients forge, and the bounds.

import Reactor
import Testing

@testable import HTTPServer

/// The proxy that the connection comes from.
private let peer = PeerAddress(ipv4: 0x0a00_0001)

/// The client's address by text, `-` for the peer and `!` for a conflict; with `s` or `p` where TLS was said or denied.
private func client(
  _ forwarded: String? = nil, xff: String? = nil, proto: String? = nil,
  header: ForwardedFields.Choice = .auto, trusted: Set<String> = []
) -> String {
  func with<R>(_ text: String?, _ body: (UnsafeRawBufferPointer?) -> R) -> R {
    guard let text else { return body(nil) }
    return Array(text.utf8).withUnsafeBytes { body($0) }
  }
  let origin = with(forwarded) { forwarded in
    with(xff) { xff in
      with(proto) { proto in
        ForwardedFields.client(
          peer: peer, forwarded: forwarded, xForwardedFor: xff, xForwardedProto: proto, header: header,
          isTrusted: { trusted.contains($0.text) })
      }
    }
  }
  let name = origin.conflict ? "!" : origin.address == peer ? "-" : origin.address.text
  return name + (origin.isSecure.map { $0 ? " s" : " p" } ?? "")
}

@Suite struct ForwardedFieldsTests {
  /// RFC 7239 4, 6, 7.1, 7.4 and 7.5.
  @Test(arguments: [
    ("for=\"_gazonk\"", "-"), ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
    ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60 p"),
    ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
    ("for=_hidden, for=_SEVKISEK", "-"), ("for=192.0.2.43,for=\"[2001:db8:cafe::17]\",for=unknown", "-"),
    ("for=192.0.2.43, for=\"[2001:db8:cafe::17]\"", "2001:db8:cafe::17"), ("for=\"192.0.2.43:47011\"", "192.0.2.43"),
    ("for=\"192.0.2.43:_port\"", "192.0.2.43"), ("proto=https;for=\"[2001:db8::1]\"", "2001:db8::1 s"),
    ("for=192.0.2.1;proto=https;host=\"a\\\", for=6.6.6.6;x=\\\"\"", "192.0.2.1 s"),
    ("for=\"19\\2.0.2.1\"", "192.0.2.1"), ("for=192.0.2.1 ; proto=HTTPS", "192.0.2.1 s"),
    (";;for=192.0.2.1;", "192.0.2.1"), ("for=192.0.2.1, ,", "192.0.2.1"), ("for=192.0.2.1;proto=ftp", "192.0.2.1"),
  ])
  func readsForwarded(_ text: String, _ expected: String) { #expect(client(text) == expected) }

  @Test(arguments: [
    "", ",", "for", "for=", "=1.2.3.4", "for=1.2.3.4;for=1.2.3.4", "for=2001:db8::1", "for=[2001:db8::1]",
    "for=1.2.3.4:80", "for=\"1.2.3.4", "for=\"1.2.3.4\\", "for=1.2.3.4 by", "for=\"1.2.3.4:\"x", "for=\"2001:db8::1\"",
    "for=\"[1.2.3.4]\"", "for=\"[::1]x\"", "for=\"[::1]:_\"", "for=\"1.2.3.4:123456\"", "for=1.2.3", "for=01.2.3.4",
    "for=\"1.2.3.4\u{0}\"", "proto=https", "for=1.2.3.4;proto=http;proto=https", "for =1.2.3.4", "for= 1.2.3.4",
  ])
  func believesNothingElse(_ text: String) { #expect(client(text) == "-") }

  @Test(arguments: [
    ("192.0.2.1", "192.0.2.1"), ("6.6.6.6, 192.0.2.1", "192.0.2.1"), ("192.0.2.1:567", "192.0.2.1"),
    ("2001:db8::1", "2001:db8::1"), ("[2001:db8::1]", "2001:db8::1"), ("[2001:db8::1]:567", "2001:db8::1"),
    ("::ffff:192.0.2.1", "192.0.2.1"), (" 192.0.2.1 ,", "192.0.2.1"), ("6.6.6.6 192.0.2.1", "-"), ("unknown", "-"),
    ("6.6.6.6, unknown", "-"), ("192.0.2.1:", "-"), ("192.0.2.1:_a", "-"), ("fe80::1%eth0", "-"), ("\"", "-"),
    ("\", 192.0.2.1", "192.0.2.1"),
  ])
  func readsForwardedFor(_ text: String, _ expected: String) { #expect(client(xff: text) == expected) }

  @Test func walksOverTrustedProxies() {
    let trusted: Set = ["10.0.0.2", "10.0.0.3"]
    #expect(client(xff: "6.6.6.6, 192.0.2.1, 10.0.0.3, 10.0.0.2", trusted: trusted) == "192.0.2.1")
    #expect(client(xff: "10.0.0.3, 192.0.2.1, 10.0.0.2", trusted: trusted) == "192.0.2.1")
    #expect(client(xff: "6.6.6.6, x, 10.0.0.2", trusted: trusted) == "10.0.0.2")
    #expect(client(xff: "10.0.0.3, 10.0.0.2", trusted: trusted) == "10.0.0.3")
    #expect(client("for=192.0.2.1;proto=https, for=10.0.0.2;proto=http", trusted: trusted) == "192.0.2.1 s")
    #expect(client("for=unknown;proto=https, for=10.0.0.2;proto=http", trusted: trusted) == "10.0.0.2 p")
  }

  @Test func looksAtABoundedNumber() {
    let far = "192.0.2.1" + String(repeating: ", 10.0.0.2", count: ForwardedFields.elements)
    #expect(client(xff: far, trusted: ["10.0.0.2"]) == "10.0.0.2")
    #expect(client(xff: String(far.dropLast(10)), trusted: ["10.0.0.2"]) == "192.0.2.1")
    #expect(client(xff: "192.0.2.1" + String(repeating: ",", count: 100)) == "192.0.2.1")
  }

  @Test func whatStandsLeftChangesNothing() {
    for left in ["\"", "for=\"", "for=\"\\", "\\", "for=6.6.6.6", "\"\"\"", "for=\"6.6.6.6, ", ";", ",,,", "\\\""] {
      #expect(client("\(left), for=192.0.2.1;by=\"a,b\";proto=https") == "192.0.2.1 s", "\(left)")
      #expect(client(xff: "\(left), 192.0.2.1") == "192.0.2.1", "\(left)")
    }
  }

  @Test func believesNeitherOfTwoThatDiffer() {
    #expect(client("for=6.6.6.6", xff: "192.0.2.1", proto: "https") == "!")
    #expect(client("for=unknown", xff: "192.0.2.1") == "!")
    #expect(client("for=192.0.2.1", xff: "192.0.2.1", proto: "https") == "192.0.2.1 s")
    #expect(client("for=192.0.2.1;proto=http", xff: "192.0.2.1", proto: "https") == "192.0.2.1")
    #expect(client("", xff: "192.0.2.1") == "192.0.2.1")
    #expect(client("for=6.6.6.6", xff: "192.0.2.1", header: .xForwardedFor) == "192.0.2.1")
    #expect(client("for=6.6.6.6", xff: "192.0.2.1", proto: "https", header: .forwarded) == "6.6.6.6")
  }

  @Test func readsTheLastProto() {
    #expect(client(proto: "https") == "- s")
    #expect(client(xff: "192.0.2.1", proto: "https, HTTP,") == "192.0.2.1 p")
    #expect(client(xff: "192.0.2.1", proto: "https, wss") == "192.0.2.1")
    #expect(client(xff: "192.0.2.1", proto: "") == "192.0.2.1")
  }

  /// RFC 7239's longest element, cut off anywhere, never traps and never names anybody else.
  @Test func cutAnywhere() {
    let text = "for=\"[2001:db8:cafe::17]:4711\";proto=https;by=\"\\_\\\"x\";host=a"
    for length in 0...text.count {
      let found = client(String(text.prefix(length)))
      #expect(["-", "2001:db8:cafe::17", "2001:db8:cafe::17 p", "2001:db8:cafe::17 s"].contains(found))
    }
  }
}
