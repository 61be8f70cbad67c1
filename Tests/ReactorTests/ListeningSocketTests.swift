// Sockets that are bound here: their addresses, and the file of a Unix socket.

import Glibc
import Testing

@testable import Reactor

@Suite struct ListeningSocketTests {
  @Test func addressesAreCanonical() throws {
    #expect(try ListenAddress("[0:0::1]:80").place == BoundAddress(family: .ipv6, host: "::1", port: 80))
    #expect(try ListenAddress("localhost:80").place == BoundAddress(family: .ipv4, host: "127.0.0.1", port: 80))
    #expect(try ListenAddress("unix:/run/x").place == BoundAddress(family: .unix, host: "/run/x", port: 0))
    #expect(try ListenAddress("unix:/run/x").mode == 0o660)
    #expect(try ListenAddress("unix:/run/x").description == "unix:/run/x")
    let long = "/" + String(repeating: "x", count: 107)
    for path in ["", "x", "/a\0b", long] {
      #expect(throws: ListenError.badPath(path)) { try ListenAddress(unix: path) }
    }
    #expect(try ListenAddress(unix: String(long.dropLast())).host.utf8.count == 107)
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0"]) func thePortIsWhatTheKernelGave(text: String) throws {
    let socket = try ListeningSocket(ListenAddress(text))
    defer { socket.shut() }
    #expect(socket.bound.port != 0 && !socket.isInherited)
    #expect(socket.bound.host == (try ListenAddress(text).host))
    #expect(throws: ListenError.inUse(socket.bound.description)) {
      try ListeningSocket(ListenAddress(socket.bound.description))
    }
  }

  @Test(arguments: [0o600, 0o660, 0o666, 0o777] as [UInt32]) func theFileHasItsMode(bits: UInt32) throws {
    try withFolder { folder in
      let socket = try ListeningSocket(ListenAddress(unix: folder + "/socket", mode: bits))
      defer { socket.shut() }
      #expect(mode(folder + "/socket") == bits)
      #expect(socket.bound.description == "unix:\(folder)/socket")
      let client = try #require(connectedClient(socket.bound))
      close(client)
      socket.turnAway()
      #expect(mode(folder + "/socket") == nil)
      #expect(connectedClient(socket.bound) == nil)
    }
  }

  @Test func aStaleFileIsReplacedAndALiveOneIsNot() throws {
    try withFolder { folder in
      let address = try ListenAddress(unix: folder + "/socket")
      try ListeningSocket(address).shut()
      #expect(mode(address.host) != nil)
      let second = try ListeningSocket(address)
      defer { second.shut() }
      #expect(throws: ListenError.inUse("unix:\(folder)/socket")) { try ListeningSocket(address) }
      let client = try #require(connectedClient(second.bound))
      close(client)
    }
  }

  @Test func whatIsNoSocketStays() throws {
    try withFolder { folder in
      let file = open(folder + "/other", O_CREAT | O_WRONLY, 0o600)
      close(file)
      #expect(throws: ListenError.notASocket("unix:\(folder)/other")) {
        try ListeningSocket(ListenAddress(unix: folder + "/other"))
      }
      #expect(mode(folder + "/other") == 0o600)
      // Not followed, whatever it points to.
      #expect(symlink(folder + "/other", folder + "/socket") == 0)
      #expect(throws: ListenError.notASocket("unix:\(folder)/socket")) {
        try ListeningSocket(ListenAddress(unix: folder + "/socket"))
      }
      #expect(throws: ListenError.noFolder("unix:\(folder)/none/socket")) {
        try ListeningSocket(ListenAddress(unix: folder + "/none/socket"))
      }
    }
  }

  @Test func aFileThatIsAnothersStaysAtTheEnd() throws {
    try withFolder { folder in
      let address = try ListenAddress(unix: folder + "/socket")
      let first = try ListeningSocket(address)
      unlink(address.host)
      let second = try ListeningSocket(address)
      defer { second.shut() }
      first.turnAway()
      first.shut()
      let client = try #require(connectedClient(second.bound))
      close(client)
    }
  }
}
