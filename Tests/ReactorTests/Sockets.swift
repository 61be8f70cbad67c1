// What these tests share: folders that go with the test, and blocking clients.

import Glibc

@testable import Reactor

/// Runs `body` with the path of a new folder, which is removed afterwards.
func withFolder(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/signet-reactor-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw TestFailure("no folder") }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    for name in ["socket", "other"] { unlink(path + "/" + name) }
    rmdir(path)
  }
  try body(path)
}

/// Why a test could not go on.
struct TestFailure: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

/// A socket which isn't connected yet.
func makeSocket(_ address: BoundAddress) -> Int32 {
  socket(address.family.domain, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
}

/// A connected, blocking client, whose reads end after ten seconds; nil when it is refused.
func connectedClient(_ address: BoundAddress) -> Int32? {
  let client = makeSocket(address)
  var patience = timeval(tv_sec: 10, tv_usec: 0)
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  if SocketName(address).with({ connect(client, $0, $1) }) == 0 { return client }
  close(client)
  return nil
}

/// The permission bits of a file; nil when there is none.
func mode(_ path: String) -> UInt32? {
  var status = stat()
  return lstat(path, &status) == 0 ? UInt32(status.st_mode) & 0o7777 : nil
}
