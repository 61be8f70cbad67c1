// What the server tells the program that started it: systemd's protocol (sd_notify(3)), datagrams to the socket which
// NOTIFY_SOCKET names. Without that variable nothing is told, and nothing fails: it is news, not a request.

import Glibc
import Reactor

/// The supervisor, if there is one.
struct Supervisor: Sendable {
  private let name: sockaddr_un?
  private let length: socklen_t

  /// Reads NOTIFY_SOCKET and unsets it.
  init() {
    let path = getenv("NOTIFY_SOCKET").map { String(cString: $0) } ?? ""
    unsetenv("NOTIFY_SOCKET")
    var name = sockaddr_un()
    let size = MemoryLayout.size(ofValue: name.sun_path)
    guard path.hasPrefix("/") || path.hasPrefix("@"), path.utf8.count > 1, path.utf8.count < size else {
      (self.name, length) = (nil, 0)
      return
    }
    name.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &name.sun_path) { bytes in
      bytes.copyBytes(from: path.utf8)
      // A name without a file (unix(7), "abstract"), whose length ends it.
      if path.hasPrefix("@") { bytes[0] = 0 }
    }
    self.name = name
    length = socklen_t((MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2) + path.utf8.count)
  }

  /// The server serves, or does so by its new configuration.
  func ready() { tell("READY=1") }

  /// It reads its configuration again; `ready` follows.
  func reloading() { tell("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds())") }

  /// It ends, once what is under way is answered.
  func stopping() { tell("STOPPING=1") }

  private func tell(_ text: String) {
    guard let name else { return }
    let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // A supervisor that has stopped reading must not stop the server.
    var patience = timeval(tv_sec: 5, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let bytes = Array(text.utf8)
    withUnsafeBytes(of: name) { raw in
      guard let address = raw.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return }
      _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
    }
  }
}
