// Networks, and the peers that are in them.

import Testing

@testable import Reactor

@Suite struct NetworkTests {
  @Test(arguments: [
    ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.0", false), ("10.0.0.0/8", "::ffff:10.1.2.3", true),
    ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.6", false), ("192.0.2.128/25", "192.0.2.127", false),
    ("192.0.2.128/25", "192.0.2.255", true), ("0.0.0.0/0", "203.0.113.9", true), ("0.0.0.0/0", "::1", false),
    ("::1", "::1", true), ("::1", "127.0.0.1", false), ("::/0", "2001:db8::1", true), ("::/0", "127.0.0.1", false),
    ("2001:db8::/32", "2001:db8:ffff::1", true), ("2001:db8::/32", "2001:db9::", false),
    ("2001:db8::/65", "2001:db8::7fff:0:0:0", true), ("2001:db8::/65", "2001:db8::8000:0:0:0", false),
    ("::ffff:10.0.0.0/104", "10.9.9.9", true), ("::ffff:10.0.0.0/104", "11.9.9.9", false),
    ("ff00::/8", "ff02::1", true),
  ])
  func contains(network: String, peer: String, expected: Bool) throws {
    let peer = try #require(PeerAddress(peer))
    #expect(Network(network)?.contains(peer) == expected)
  }

  @Test func unixSocketsAreANetworkOfTheirOwn() {
    #expect(Network("unix")?.contains(.local) == true)
    #expect(Network("unix")?.contains(PeerAddress(ipv6: .max, .max)) == false)
    for text in ["::/0", "0.0.0.0/0", "ff00::/8", "127.0.0.0/8"] { #expect(Network(text)?.contains(.local) == false) }
    #expect(PeerAddress.local.text == "unix" && PeerAddress.local.isLoopback && !PeerAddress.local.isIPv4)
    #expect(PeerAddress("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == nil)
    #expect(PeerAddress(ipv6: .max, .max).text == "::")
    #expect(PeerAddress("unix") == nil)
  }

  @Test(arguments: [
    "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.1/8", "::1/127",
    "::/129", "10.0.0.0/8/8", "::ffff:0:0/90", "localhost", "10.0.0.0/99999999999999999999", "[::1]",
  ])
  func textsThatAreNot(text: String) { #expect(Network(text) == nil) }

  @Test(arguments: ["10.0.0.0/8", "2001:db8::/32", "unix", "0.0.0.0/0", "::/0"])
  func writtenAsRead(text: String) { #expect(Network(text)?.description == text) }
}
