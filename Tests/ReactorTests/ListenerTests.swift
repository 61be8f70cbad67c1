// A listener's peers, and who gets what waits in its backlog when it stops.

import Glibc
import Synchronization
import Testing

@testable import Reactor

@Suite struct ListenerTests {
  /// Connections that the kernel has accepted before the loop looks at them: the loop is busy meanwhile.
  @Test(arguments: ["127.0.0.1:0", "unix"]) func whatWaitsIsAcceptedAtTheEnd(text: String) throws {
    try withFolder { folder in
      let socket = try ListeningSocket(text == "unix" ? ListenAddress(unix: folder + "/socket") : ListenAddress(text))
      let run = Run(socket)
      let clients = try run.whileBusy { try (0..<20).map { _ in try #require(connectedClient(socket.bound)) } }
      run.stop()
      #expect(run.accepted.load(ordering: .relaxed) == 20)
      for client in clients {
        var byte: UInt8 = 0
        #expect(recv(client, &byte, 1, 0) == 1)
        close(client)
      }
      #expect(connectedClient(socket.bound) == nil)
      run.end()
    }
  }

  @Test func whatWaitsInAnInheritedSocketIsLeft() throws {
    let supervisor = try ListeningSocket(ListenAddress("127.0.0.1:0"))
    defer { supervisor.shut() }
    let first = Run(try ListeningSocket(inherited: dup(supervisor.descriptor)))
    let clients = try first.whileBusy { try (0..<20).map { _ in try #require(connectedClient(supervisor.bound)) } }
    first.stop()
    first.end()
    #expect(first.accepted.load(ordering: .relaxed) == 0)
    let second = Run(try ListeningSocket(inherited: dup(supervisor.descriptor)))
    for client in clients {
      var byte: UInt8 = 0
      #expect(recv(client, &byte, 1, 0) == 1)
      close(client)
    }
    second.stop()
    second.end()
    #expect(second.accepted.load(ordering: .relaxed) == 20)
  }

  @Test func aUnixPeerIsLocal() throws {
    try withFolder { folder in
      let run = Run(try ListeningSocket(ListenAddress(unix: folder + "/socket")))
      let client = try #require(
        connectedClient(BoundAddress(family: .unix, host: folder + "/socket", port: 0)))
      var byte: UInt8 = 0
      #expect(recv(client, &byte, 1, 0) == 1)
      #expect(byte == UInt8(ascii: "u"))
      close(client)
      run.stop()
      run.end()
    }
  }
}

/// A listener on a loop, which sends each client the first byte of its address's text and closes.
private final class Run: Sendable {
  let accepted = Atomic<Int>(0)
  private let group = EventLoopGroup(count: 1)
  private static let key = ObjectIdentifier(Run.self)

  init(_ socket: ListeningSocket) {
    let run = self
    group.loops[0].submit { loop in
      loop.attachments[Run.key] = Listener(socket, on: loop, accepted: { run.serve($0) }, paused: {})
    }
    settle()
  }

  private func serve(_ connection: AcceptedSocket) {
    accepted.add(1, ordering: .relaxed)
    var byte = connection.peer.text.utf8.first ?? 0
    _ = send(connection.descriptor, &byte, 1, Int32(MSG_NOSIGNAL))
    close(connection.descriptor)
  }

  /// Runs `body` while the loop does nothing; `stop` is what it does first thereafter.
  func whileBusy<Result>(_ body: () throws -> Result) rethrows -> Result {
    let (busy, gate) = (Gate(), Gate())
    group.loops[0].submit { loop in
      busy.open()
      gate.wait()
      (loop.attachments[Run.key] as? Listener)?.stop(on: loop)
    }
    busy.wait()
    defer { gate.open() }
    return try body()
  }

  /// Stops the listener; returns when that is done.
  func stop() {
    group.loops[0].submit { loop in (loop.attachments[Run.key] as? Listener)?.stop(on: loop) }
    settle()
  }

  func end() {
    group.stop()
    group.join()
  }

  private func settle() {
    let gate = Gate()
    group.loops[0].submit { _ in gate.open() }
    gate.wait()
  }
}

/// A pipe as a gate that opens once.
private struct Gate: Sendable {
  private let ends: (read: Int32, write: Int32)

  init() {
    var pair: [Int32] = [0, 0]
    pipe(&pair)
    ends = (pair[0], pair[1])
  }

  func open() { close(ends.write) }

  func wait() {
    var byte: UInt8 = 0
    while read(ends.read, &byte, 1) < 0, errno == EINTR {}
    close(ends.read)
  }
}
