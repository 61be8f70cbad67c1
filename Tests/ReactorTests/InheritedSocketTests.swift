// Sockets that a supervisor hands over.

import Glibc
import Testing

@testable import Reactor

@Suite struct InheritedSocketTests {
  @Test func theNumberIsForOneProcess() throws {
    #expect(try InheritedSockets.number(pid: "7", count: "2", own: 7) == 2)
    #expect(try InheritedSockets.number(pid: "7", count: "0", own: 7) == 0)
    #expect(try InheritedSockets.number(pid: "8", count: "2", own: 7) == 0)
    #expect(try InheritedSockets.number(pid: nil, count: "2", own: 7) == 0)
    #expect(try InheritedSockets.number(pid: "7", count: nil, own: 7) == 0)
  }

  @Test(arguments: [
    ("x", "1", "LISTEN_PID"), ("", "1", "LISTEN_PID"), ("0", "1", "LISTEN_PID"), ("-7", "1", "LISTEN_PID"),
    ("7", "x", "LISTEN_FDS"), ("7", "", "LISTEN_FDS"), ("7", "-1", "LISTEN_FDS"), ("7", "1025", "LISTEN_FDS"),
    ("7", "99999999999", "LISTEN_FDS"),
  ])
  func badNumbers(pid: String, count: String, name: String) {
    #expect(throws: ListenError.badVariable(name, name == "LISTEN_PID" ? pid : count)) {
      try InheritedSockets.number(pid: pid, count: count, own: 7)
    }
  }

  /// The variables are this process's own, so one test alone may set them.
  @Test func variablesAreUnsetOnceTaken() throws {
    setenv("LISTEN_PID", "1", 1)
    setenv("LISTEN_FDS", "2", 1)
    setenv("LISTEN_FDNAMES", "a:b", 1)
    #expect(try InheritedSockets.take().isEmpty)
    for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { #expect(getenv(name) == nil) }
  }

  @Test(arguments: ["127.0.0.1:0", "[::1]:0", "unix"]) func aListeningSocketIsKnownByItsAddress(text: String) throws {
    try withFolder { folder in
      let own = try ListeningSocket(text == "unix" ? ListenAddress(unix: folder + "/socket") : ListenAddress(text))
      defer { own.shut() }
      let copy = dup(own.descriptor)
      _ = fcntl(copy, F_SETFL, 0)
      let taken = try #require(try InheritedSockets.sockets(copy, 1).first)
      #expect(taken.bound == own.bound && taken.isInherited)
      #expect(fcntl(copy, F_GETFD) & FD_CLOEXEC != 0)
      #expect(fcntl(copy, F_GETFL) & O_NONBLOCK != 0)
      taken.shut()
      // The supervisor's own still listens, its file still stands.
      let client = try #require(connectedClient(own.bound))
      close(client)
    }
  }

  @Test func aNameWithoutAFile() throws {
    var name = sockaddr_un()
    name.sun_family = sa_family_t(AF_UNIX)
    let text = "signet-\(getpid())"
    withUnsafeMutableBytes(of: &name.sun_path) { $0[1...].copyBytes(from: text.utf8) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let length = socklen_t(3 + text.utf8.count)
    let bound = withUnsafeBytes(of: name) { raw in
      raw.baseAddress.map { bind(descriptor, $0.assumingMemoryBound(to: sockaddr.self), length) }
    }
    #expect(bound == 0 && listen(descriptor, 1) == 0)
    let taken = try ListeningSocket(inherited: descriptor)
    #expect(taken.bound.description == "unix:@" + text)
    taken.shut()
  }

  @Test func whatIsNoListeningStreamSocket() throws {
    let connectionless = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    let idle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let file = open("/dev/null", O_RDONLY)
    for descriptor in [connectionless, idle, file] {
      #expect(throws: ListenError.badDescriptor(descriptor, "is no listening stream socket")) {
        try ListeningSocket(inherited: descriptor)
      }
      close(descriptor)
    }
    // Far above what this process opens, so that no other test gets the number meanwhile.
    #expect(throws: ListenError.badDescriptor(9999, "isn't open")) { try ListeningSocket(inherited: 9999) }
  }
}
